import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Approval } from '../engine/authorise.ts'
import type { Step } from '../model/runbook.ts'
import { bareTarget } from '../testing/memory-tools.ts'
import { approverFor } from './approve.ts'

const step = (title: string) => ({ title }) as Step
const asked = { of: 'ada', other: false, deadlineAt: '2026-01-02T03:04:05.678Z' }
const { signal } = new AbortController()
const ask = { verdict: 'ask', rule: 'default.write' } as const

describe('a person who is asked', () => {
  const target = bareTarget({ real: true })

  test('has one question at a time, and is told of which target', async () => {
    const open: ((answer: Approval) => void)[] = []
    const questions: string[] = []
    const approve = approverFor({
      target,
      flags: {},
      terminal: true,
      person: ({ what }) => {
        questions.push(what)
        return new Promise(resolve => open.push(resolve))
      },
    })
    const answers = [approve(step('One'), ask, asked, signal), approve(step('Two'), ask, asked, signal)]
    await new Promise(resolve => setImmediate(resolve))
    assert.deepEqual(questions, [`One (on ${target.id})`])
    open[0]!({ granted: false, reason: 'answered no' })
    assert.deepEqual(await answers[0], { granted: false, reason: 'answered no' })
    await new Promise(resolve => setImmediate(resolve))
    assert.deepEqual(questions, [`One (on ${target.id})`, `Two (on ${target.id})`])
    open[1]!({ granted: true, by: 'ada', how: 'answered yes' })
    assert.equal((await answers[1])!.granted, true)
  })

  test('is told by which rule of a file, and why, in words that cannot act on the terminal', async () => {
    const questions: unknown[] = []
    const approve = approverFor({
      target,
      flags: {},
      terminal: true,
      person: async question => {
        questions.push(question)
        return { granted: false, reason: 'answered no' }
      },
    })
    await approve(
      step('One'),
      {
        verdict: 'ask',
        rule: 'policy.slowly',
        confirm: 'sesame',
        reason: 'look\u001b[2J first',
      },
      asked,
      signal,
    )
    assert.deepEqual(questions, [
      { what: `One (on ${target.id}; policy.slowly: look\\u{1b}[2J first)`, word: 'sesame' },
    ])
  })

  test('is asked again when an earlier question broke down', async () => {
    let times = 0
    const approve = approverFor({
      target,
      flags: {},
      terminal: true,
      person: async () => {
        times += 1
        if (times === 1) throw new Error('the terminal is gone')
        return { granted: true, by: 'ada', how: 'answered yes' }
      },
    })
    await assert.rejects(approve(step('One'), ask, asked, signal), /terminal is gone/)
    assert.equal((await approve(step('Two'), ask, asked, signal)).granted, true)
  })

  test('interrupts everything with the key that does so, and has approved of nothing', async () => {
    let interrupts = 0
    const approve = approverFor({
      target,
      flags: {},
      terminal: true,
      person: async () => 'cancelled',
      interrupt: () => {
        interrupts += 1
      },
    })
    assert.deepEqual(await approve(step('One'), ask, asked, signal), {
      granted: false,
      reason: 'interrupted instead of answered',
    })
    assert.equal(interrupts, 1)
  })
})
