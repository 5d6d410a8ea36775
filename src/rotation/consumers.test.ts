import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { clock } from '../adapters/clock.ts'
import { consumersAsked, consumersWork } from '../checks/slots/consumers.ts'
import { type Capture, CapturedValues } from '../model/capture.ts'
import type { Command } from '../model/command.ts'
import { isManual, type PlanInput, type Step, type StepContext } from '../model/runbook.ts'
import { Secret } from '../model/secret.ts'
import standIn from '../targets/stand-in.ts'
import {
  type ConsumerAnswer,
  consumersAfter,
  consumersBefore,
  consumersBeforeStep,
  consumersStep,
} from './consumers.ts'
import { newSecret } from './new-secret.ts'

const value = new Secret('new', 'the-new-value-of-a-secret')

describe('the consumers of a secret', () => {
  /** Runs one of the steps; each probe gives its exit codes one after the other, the last one again and again. */
  async function asked(
    step: Step,
    codes: Readonly<Record<string, readonly (number | null)[]>>,
    before?: number[],
    known = new CapturedValues().with(newSecret, value),
  ) {
    const left = Object.fromEntries(Object.entries(codes).map(([name, list]) => [name, [...list]]))
    const seen: { commands: Command[]; notTested: string[] } = { commands: [], notTested: [] }
    let values = known
    const was = before?.map((exitCode, at): ConsumerAnswer => ({ probe: `probe-${at}`, exitCode, waitedMs: 1 }))
    if (was !== undefined) values = values.with(consumersBefore, was)
    const context = {
      get values() {
        return values
      },
      tools: { clock, commands: undefined },
      signal: new AbortController().signal,
      runIn: async (_: unknown, command: Command) => {
        seen.commands.push(command)
        const list = left[command.argv[0]]!
        return { exitCode: list.length > 1 ? list.shift()! : list[0]!, durationMs: 1 }
      },
      set: (capture: Capture<unknown>, made: unknown) => {
        values = values.with(capture, made)
      },
      run: { fact: () => {}, notTested: (text: string) => void seen.notTested.push(text) },
    } as unknown as StepContext
    assert.ok(!isManual(step.run))
    await step.run.execute(context)
    return { ...seen, values }
  }
  const input = (probe: string, within = '0ms') =>
    ({ params: { 'consumer-probe': probe, 'consumer-within': within }, target: standIn }) as unknown as PlanInput
  const two = '[["probe-0"],["probe-1"]]'
  const after = (given: PlanInput) => consumersStep(given, { consumersWork })[0]!

  test('are not asked where none was named', () => {
    const none = { params: { 'consumer-within': '1s' }, target: standIn } as unknown as PlanInput
    assert.deepEqual([consumersStep(none, { consumersWork }), consumersBeforeStep(none, { consumersAsked })], [[], []])
  })

  test('get the new value on standard input only', async () => {
    const { commands } = await asked(after(input('probe-0 --now')), { 'probe-0': [0] }, [1])
    assert.deepEqual(commands, [{ argv: ['probe-0', '--now'], stdin: value }])
  })

  test('get nothing on standard input where nobody is given a value, and are told apart by another moment', async () => {
    const first = { title: 'Ask the consumers while nobody is logged in', when: 'while nobody was logged in' }
    const look = { ...first, withValue: false }
    const [before] = consumersBeforeStep(input('probe-0'), { consumersAsked }, look)
    const [then] = consumersStep(input('probe-0'), { consumersWork }, look)
    assert.equal(before!.title, first.title)
    const none = new CapturedValues()
    const asking = await asked(before!, { 'probe-0': [0] }, undefined, none)
    assert.deepEqual(asking.commands, [{ argv: ['probe-0'] }])
    const { notTested } = await asked(then!, { 'probe-0': [0] }, [0], none)
    assert.match(notTested.join(), /probe-0 can fail: it exited 0 also while nobody was logged in/)
  })

  test('are waited for as long as allowed, each by itself', async () => {
    const { values } = await asked(after(input(two, '5s')), { 'probe-0': [1, 0], 'probe-1': [0] }, [1, 1])
    const [late, atOnce] = values.get(consumersAfter)
    assert.deepEqual([late!.exitCode, atOnce!.exitCode], [0, 0])
    assert.ok(late!.waitedMs >= 900 && atOnce!.waitedMs < late!.waitedMs, `${late!.waitedMs}, ${atOnce!.waitedMs}`)
  })

  test('that do not work are named, with how long was waited', async () => {
    const { values } = await asked(after(input(two)), { 'probe-0': [0], 'probe-1': [7] }, [1, 1])
    const judged = consumersWork.judge(values.get(consumersAfter))
    assert.equal(judged.outcome, 'failed')
    assert.match(
      judged.outcome === 'failed' ? judged.reason : '',
      /^probe-1 exited 7, after \d+ ms still; the new value is in use: see to them, or rotate again$/,
    )
  })

  test('whose probe hangs before anything is replaced keep it from being replaced', async () => {
    const [step] = consumersBeforeStep(input(two), { consumersAsked })
    const { values } = await asked(step!, { 'probe-0': [1], 'probe-1': [null] })
    const judged = consumersAsked.judge(values.get(consumersBefore))
    assert.match(judged.outcome === 'failed' ? judged.reason : '', /^probe-1 did not end by itself.*run it by hand/)
  })

  test('whose probe was never red are named as not tested', async () => {
    const { notTested } = await asked(after(input(two)), { 'probe-0': [0], 'probe-1': [0] }, [0, 1])
    assert.deepEqual(
      notTested.map(text => text.split(':')[0]),
      ['that probe-0 can fail'],
    )
  })
})
