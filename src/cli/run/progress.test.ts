import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { describe, test } from 'node:test'
import type { Progress } from '../../engine/progress.ts'
import { displayFor } from './progress.ts'

test('what a counterproof said is cut only once no secret stands in it: no beginning of one is shown', () => {
  const output = new PassThrough()
  const secret = 'k'.repeat(60)
  const redact = (text: string) => text.replaceAll(secret, '[secret x]')
  const said = `${'a'.repeat(120)} ${secret} ${'b'.repeat(60)}`
  const run = displayFor(output, { color: false }).whole({ redact, shorten: {} })
  run.show({
    type: 'check',
    step: 's',
    check: 'c',
    title: 'C',
    outcome: 'passed',
    reason: undefined,
    durationMs: 1,
    counterproofs: 1,
  })
  run.show({
    type: 'counterproof',
    step: 's',
    check: 'c',
    counterproof: 'p',
    breaks: 'it breaks',
    outcome: 'red',
    said,
    durationMs: 1,
  })
  const shown = String(output.read())
  assert.doesNotMatch(shown, /kkkk/)
  assert.match(shown, /a \[secret x\] b+…\n$/)
})

describe('what is shown while a run goes on', () => {
  const run = { redact: (text: string) => text, shorten: {} }
  const step = { step: 's', title: 'S', index: 0, durationMs: 1, counterproofsMs: 0 }
  const check = { ...step, type: 'check', check: 'c', title: 'C', outcome: 'passed' } as const
  const proof = { ...check, type: 'counterproof', breaks: 'it breaks' } as const
  const shown = (events: readonly Progress[], terminal: { readonly columns: number } | undefined) => {
    const output = Object.assign(new PassThrough(), terminal && { isTTY: true, ...terminal })
    const follower = displayFor(output, { color: false }).whole(run)
    for (const event of events) follower.show(event)
    return String(output.read())
  }

  test('is one line for counterproofs that were not run for the same reason, and nothing for what was not reached', () => {
    const notRun = { ...proof, outcome: 'not-run', said: 'the daemon is in use' }
    const events: Progress[] = [
      { ...check, counterproofs: 4 },
      { ...notRun, counterproof: 'a' },
      { ...notRun, counterproof: 'b' },
      { ...proof, counterproof: 'd', outcome: 'red', said: 'it is red' },
      { ...notRun, counterproof: 'e', said: 'there is no nginx' },
      { ...step, type: 'step-ended', outcome: 'passed' },
      { ...step, type: 'step-ended', outcome: 'skipped', reason: 'not reached: s is failed' },
    ]
    assert.deepEqual(shown(events, undefined).split('\n'), [
      '      green  C',
      '        red    when it breaks: it is red',
      '    not-run  2 counterproofs: the daemon is in use',
      '    not-run    when it breaks: there is no nginx',
      '',
    ])
  })

  test('fits a terminal, except commands, which can be copied whole', () => {
    const title = 'the daemon says so, in its own words'
    const command = `kheish-daemon ${'word '.repeat(12)}end`
    const events: Progress[] = [
      { ...step, type: 'command', command },
      { ...check, title, counterproofs: 0, outcome: 'failed', reason: 'it did not' },
      { ...check, counterproofs: 1 },
      { ...proof, counterproof: 'a', outcome: 'red', said: 'what it said' },
    ]
    assert.deepEqual(shown(events, { columns: 40 }).split('\n'), [
      `             $ ${command}`,
      '     failed  the daemon says so, in its',
      '             own words: it did not',
      '      green  C',
      '        red    when it breaks: what it',
      '               said',
      '',
    ])
  })

  test('says of a step that ended before a break how it ended, and that it is not run again', () => {
    const carried: Progress = { ...step, type: 'carried-over', outcome: 'passed' }
    const began: Progress = { type: 'run-started', runId: 'r', title: 'T', steps: 3 }
    assert.match(shown([began, carried], undefined), /\n1\/3 S: passed before the break, not run again\n$/)
  })
})
