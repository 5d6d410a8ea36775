import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Step } from '../model/runbook.ts'
import type { Attester } from './attest.ts'
import { type Given, red, run, step } from './testdata/small-run.ts'

const manual = (given: Partial<Step> = {}) =>
  step('call', {
    run: { instruction: 'Revoke the key at the provider', confirm: 'The key is revoked', attachment: 'the ticket' },
    verify: [],
    role: 'security-owner',
    ...given,
  } as Partial<Step>)
const people = { operator: 'ada', roles: { 'security-owner': 'bob' } } as const
const attachment = { path: 'artifacts/attached-call.txt', sha256: 'a'.repeat(64) }
const says =
  (by: string): Attester =>
  async () => ({ confirmed: true, by, attachment })

describe('a step that only a person can do', () => {
  const confirmed = (attest: Attester, given: Given = {}) => run([manual(), step('b')], { people, attest, ...given })

  test('is attested by name and role, and the run with it: not passed', async () => {
    const result = await confirmed(says('bob'))
    assert.deepEqual([result.outcome, result.outcomes], ['attested', ['attested', 'passed']])
    const { attestation, reason } = result.steps[0]!
    const { at, ...said } = attestation!
    assert.deepEqual(said, { by: 'bob', role: 'security-owner', statement: 'The key is revoked', attachment })
    assert.match(at, /Z$/)
    assert.equal(reason, 'attested by bob (security-owner): The key is revoked')
    assert.deepEqual(
      result.journal.entries.filter(({ type }) => /attested|manual/.test(type)),
      [
        {
          type: 'manual-asked',
          data: {
            step: 'call',
            instruction: 'Revoke the key at the provider',
            confirm: 'The key is revoked',
            role: 'security-owner',
            of: 'bob',
          },
        },
        { type: 'attested', data: { step: 'call', ...said } },
      ],
    )
  })

  test('is not attested by somebody else than the one who holds the role', async () => {
    const result = await confirmed(says('ada'), { real: true })
    assert.deepEqual([result.outcome, result.outcomes], ['skipped', ['skipped', 'passed']])
    assert.match(result.steps[0]!.reason!, /ada confirmed, and bob holds the role security-owner/)
  })

  test('needs no approval before: the person acts or does not', async () => {
    const write = { effect: 'write', resume: 'once', irreversible: 'a key is gone' } as Partial<Step>
    const result = await run([manual(write)], { real: true, people, attest: says('bob') })
    assert.deepEqual([result.outcome, result.steps[0]!.decision!.rule], ['attested', 'default.write'])
  })

  test('is denied by a rule that denies it, before anybody is asked', async () => {
    const rules = [{ id: 'no', verdict: 'deny', steps: ['call'], reason: 'not today', mayLoosen: false } as const]
    let questions = 0
    const attest: Attester = async () => {
      questions += 1
      return { confirmed: false, reason: 'no' }
    }
    const result = await confirmed(attest, { rules })
    assert.deepEqual([result.outcome, questions], ['denied', 0])
  })

  test('says what was not attached', async () => {
    const result = await confirmed(async () => ({ confirmed: true, by: 'bob' }))
    assert.deepEqual(result.notTested, ['step call: nothing was attached (the ticket)'])
  })

  test('with a check that is red is failed, whatever is said', async () => {
    const result = await run([manual({ verify: [red()] })], { people, attest: says('bob') })
    assert.deepEqual([result.outcome, result.steps[0]!.attestation!.by], ['failed', 'bob'])
  })

  test('that is not confirmed on record is not attested', async () => {
    const result = await confirmed(says('bob'), { full: entry => entry.type === 'attested' })
    assert.deepEqual([result.outcomes[0], result.steps[0]!.attestation], ['errored', undefined])
  })
})

describe('without a person, such a step', () => {
  test('is skipped by itself in a rehearsal, and the run passes', async () => {
    const result = await run([manual(), step('b')])
    assert.deepEqual([result.outcome, result.outcomes], ['passed', ['skipped', 'passed']])
    assert.deepEqual(result.allowedSkips, [{ id: 'call', reason: 'rehearsed without a person' }])
    assert.deepEqual(result.notTested, ['step call: rehearsed without a person: there is no person to ask'])
  })

  test('is skipped against the verdict on a real target and on what is in use, and the run goes on', async () => {
    for (const given of [{ real: true }, { runbook: { inUse: () => 'it runs' } }]) {
      const result = await run([manual(), step('b')], given)
      assert.deepEqual([result.outcome, result.outcomes, result.allowedSkips], ['skipped', ['skipped', 'passed'], []])
    }
  })

  test('may be left out with leave', async () => {
    const allowedSkips = [{ id: 'call', reason: 'comms has done it' }]
    const result = await run([manual(), step('b')], { real: true, allowedSkips })
    assert.deepEqual(
      [result.outcome, result.outcomes, result.allowedSkips],
      ['passed', ['skipped', 'passed'], allowedSkips],
    )
  })

  test('does not make a run pass that has nothing else', async () => {
    assert.equal((await run([manual()])).outcome, 'skipped')
  })
})
