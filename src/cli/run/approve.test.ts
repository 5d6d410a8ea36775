import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Approval } from '../../engine/authorise.ts'
import type { Step } from '../../model/runbook.ts'
import { bareTarget } from '../../testing/memory-tools.ts'
import { approverFor, refuseUnnamed } from './approve.ts'

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
      { what: `One (on ${target.id}; policy.slowly: look\\u{1b}[2J first)`, word: 'sesame', asked },
    ])
  })

  test('is asked again when an earlier question broke down', async () => {
    let times = 0
    const approve = approverFor({
      target,
      flags: {},
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

  test('interrupts nothing when the time was up before there was an answer', async () => {
    const controller = new AbortController()
    const approve = approverFor({
      target,
      flags: {},
      person: async () => {
        controller.abort()
        return 'cancelled'
      },
      interrupt: () => assert.fail('nobody interrupted'),
    })
    assert.equal((await approve(step('One'), ask, asked, controller.signal)).granted, false)
  })
})

describe('a flag that approves', () => {
  const target = bareTarget({ id: 'prod', real: true })
  const bobs = { ...asked, of: 'bob', role: 'security-owner', other: true } as const
  const word = { verdict: 'ask', rule: 'default.destroy', confirm: 'prod' } as const
  const byFlags = (flags: { yes?: string | true; confirm?: string }, given: Partial<typeof target> = {}) =>
    approverFor({ target: { ...target, ...given }, flags, person: undefined })

  test('answers for the operator, and for nobody else who holds a role', async () => {
    const approve = byFlags({ yes: 'prod', confirm: 'prod' })
    assert.deepEqual(await approve(step('One'), ask, asked, signal), { granted: true, by: 'flag', how: '--yes prod' })
    assert.deepEqual(await approve(step('One'), word, asked, signal), { granted: true, by: 'flag', how: '--confirm' })
    const reason = 'nobody to ask: no terminal, and only bob answers for the role security-owner'
    for (const decision of [ask, word])
      assert.deepEqual(await approve(step('One'), decision, bobs, signal), { granted: false, reason })
  })

  test('has to name a real target, and the right one', () => {
    assert.throws(() => byFlags({ yes: true }), { code: 'USAGE', hint: '--yes=prod', message: /target prod is real/ })
    assert.throws(() => byFlags({ yes: 'test' }), { code: 'USAGE', hint: '--yes=prod' })
  })

  test('needs no name in a rehearsal, unless the target turns out to be in use', async () => {
    const approve = byFlags({ yes: true }, { real: false })
    assert.deepEqual(await approve(step('One'), ask, asked, signal), { granted: true, by: 'flag', how: '--yes' })
    assert.throws(() => refuseUnnamed(target, true, 'it runs'), { code: 'USAGE', message: /it runs/ })
    refuseUnnamed(target, true, undefined)
    refuseUnnamed(target, 'prod', 'it runs')
  })

  test('is none for a word that has to be typed', async () => {
    const approve = byFlags({ yes: 'prod' })
    assert.equal((await approve(step('One'), word, asked, signal)).granted, false)
  })
})
