import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { daemon } from '../../daemon/subjects.ts'
import { CapturedValues } from '../../model/capture.ts'
import { RunproofError } from '../../model/error.ts'
import type { StepContext } from '../../model/runbook.ts'
import { Secret } from '../../model/secret.ts'
import standIn from '../../targets/stand-in.ts'
import { setGuarded } from './set-guarded.ts'
import type { SlotSet } from './slot.ts'

const LOOKED_MS = 1_000
const looked = { slot: 'openai.prod', changedAtMs: LOOKED_MS, what: 'key' }
const made = (exitCode: number): SlotSet => ({
  slot: 'openai.prod',
  changedBeforeMs: LOOKED_MS,
  leases: [],
  goodUntilMs: 0,
  set: { exitCode, stderr: '', view: undefined },
})

/** A slot that says when it was changed, and a run that tells what it is told. */
function site(before?: { readonly begun?: boolean }) {
  const told: string[] = []
  const facts: string[] = []
  const slot = { changedAtMs: LOOKED_MS, reachable: true }
  const request = async () => {
    if (!slot.reachable) throw new RunproofError('TARGET_UNREACHABLE', 'nobody listens')
    const text = JSON.stringify({ slot_id: 'openai.prod', provider: 'open_ai', updated_at_ms: slot.changedAtMs })
    return { status: 200, text, headers: {} }
  }
  const reached = { reached: 'running', instance: { request }, adminToken: new Secret('admin', 'an-admin-token') }
  const context = {
    values: new CapturedValues().with(daemon, reached as never),
    target: standIn,
    tools: { clock: { now: () => new Date(9_000) } },
    deadlineMs: 1_000,
    run: {
      known: () => (before?.begun ? 'then' : undefined),
      fact: (name: string) => facts.push(name),
      assume: (text: string) => told.push(text),
    },
  } as unknown as StepContext
  return { context, slot, told, facts }
}

describe('a slot that is set', () => {
  test('is said to hold the new value once the command has ended well', async () => {
    const { context, told, facts } = site()
    assert.equal((await setGuarded(context, looked, async () => made(0))).set.exitCode, 0)
    assert.match(
      told.join(),
      /^since .* the slot openai.prod holds the new key, and the old one is stored nowhere here$/,
    )
    assert.deepEqual(facts, ['rotation.setBegunAt', 'rotation.setAt'])
  })

  test('is said to hold the new value from when it was set, though what comes after that breaks off', async () => {
    const { context, slot, told, facts } = site()
    const setting = setGuarded(context, looked, async onSet => {
      onSet()
      assert.deepEqual(facts, ['rotation.setBegunAt', 'rotation.setAt'])
      slot.reachable = false
      throw new RunproofError('INTERRUPTED', 'the process of the connector was waited for')
    })
    await assert.rejects(setting, { code: 'INTERRUPTED' })
    assert.match(told.join(), /^since 1970\S+ the slot openai.prod holds the new key, and the old one/)
    assert.equal(facts.length, 2)
  })

  test('is left alone where somebody else has set it since it was looked at', async () => {
    const { context, slot, told, facts } = site()
    slot.changedAtMs += 1
    const setting = setGuarded(context, looked, () => assert.fail('it was set'))
    await assert.rejects(setting, { code: 'NOT_EMPTY', message: /somebody else rotates it, and it was left as it is/ })
    assert.deepEqual([told, facts], [[], []])
  })

  test('is set once more by a run that broke off while it did so, whoever changed it', async () => {
    const { context, slot } = site({ begun: true })
    slot.changedAtMs += 1
    assert.equal((await setGuarded(context, looked, async () => made(0))).set.exitCode, 0)
  })

  const dies = () => Promise.reject(new RunproofError('TARGET_UNREACHABLE', 'it died'))
  for (const [title, work, change, expected] of [
    ['holds the old one where the command failed before', dies, {}, /was not set: it holds the old key of 1970/],
    [
      'holds the new one where it failed after',
      dies,
      { changedAtMs: 2_000 },
      /holds the new key, although the command/,
    ],
    ['is not known where the daemon is gone', dies, { reachable: false }, /is not known \(TARGET_UNREACHABLE\)/],
    // By contract a refusal may come after the value was stored.
    ['holds the new one after a refusal', async () => made(1), { changedAtMs: 2_000 }, /holds the new key, although/],
  ] as const) {
    test(`${title}, and that is said`, async () => {
      const { context, slot, told } = site()
      const setting = setGuarded(context, looked, () => {
        Object.assign(slot, change)
        return work()
      })
      await setting.catch(thrown => assert.equal((thrown as RunproofError).message, 'it died'))
      assert.match(told.join(), expected)
      assert.equal(told.length, 1)
    })
  }
})
