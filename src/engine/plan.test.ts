import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { capture } from '../model/capture.ts'
import { defineCheck, passed } from '../model/check.ts'
import type { Runbook, Step } from '../model/runbook.ts'
import { bareTarget } from '../testing/memory-tools.ts'
import { plan } from './plan.ts'

const check = defineCheck<number>({
  id: 'one',
  title: 'one is one',
  probe: async () => 1,
  judge: () => passed(),
  counterproofs: [{ id: 'two', breaks: 'a two', because: /never/, observation: () => 2 }],
})

function step(given: Partial<Step> = {}): Step {
  const run = { describe: 'nothing', execute: async () => {} }
  return { id: 'a', title: 'A', effect: 'read', timeoutMs: 1, run, verify: [check], ...given } as Step
}

function planned(given: Partial<Runbook> = {}, params: Record<string, string> = {}) {
  const runbook = {
    id: 'book',
    title: 'Book',
    purpose: 'drill',
    params: {},
    steps: () => [step()],
    ...given,
  } as Runbook
  return plan(runbook, bareTarget(), params)
}

const refusals: readonly [string, readonly Step[], RegExp][] = [
  ['without steps', [], /has no steps/],
  ['with a step twice', [step(), step()], /step a twice/],
  ['with a step without checks', [step({ verify: [] as never })], /checks nothing/],
  ['with a check twice in a step', [step({ verify: [check, check] })], /check a\/one twice/],
  [
    'with a check without counterproofs',
    [step({ verify: [{ ...check, counterproofs: [] as never }] })],
    /could not fail/,
  ],
  [
    'with a counterproof twice',
    [step({ verify: [{ ...check, counterproofs: [check.counterproofs[0], check.counterproofs[0]] }] })],
    /counterproof a\/one\/two twice/,
  ],
  [
    'with two setters of a capture',
    [step({ yields: [capture('x', 'x')] }), step({ id: 'b', yields: [capture('x', 'x')] })],
    /setter of <x> twice/,
  ],
  [
    'with a person who is told nothing',
    [step({ run: { instruction: '', confirm: 'Done' }, verify: [] as never })],
    /instruction of step a is empty/,
  ],
  [
    'with a person who confirms nothing',
    [step({ run: { instruction: 'Call', confirm: '' }, verify: [] as never })],
    /confirmed in step a is empty/,
  ],
  ['with a step without a title', [step({ title: '' })], /title of step a is empty/],
  ['with a step without time', [step({ timeoutMs: 0 })], /0 ms/],
  ['with a step of unknown time', [step({ timeoutMs: Number.NaN })], /NaN ms/],
]

describe('a plan', () => {
  for (const [title, steps, message] of refusals) {
    test(`refuses a runbook ${title}`, () => {
      assert.throws(() => planned({ steps: () => steps as [Step] }), { code: 'INTERNAL', message })
    })
  }

  test('lets a person act without a check: it will be attested', () => {
    const steps = [step({ run: { instruction: 'Call', confirm: 'Done' }, verify: [] as never })] as const
    assert.equal(planned({ steps: () => steps }).steps.length, 1)
  })

  for (const id of ['', '../up', 'a/b', '.hidden', 'two words']) {
    test(`refuses ${JSON.stringify(id)} as an id, since it names a directory`, () => {
      assert.throws(() => planned({ id }), { code: 'INTERNAL' })
    })
  }

  test('refuses a target that lacks what the runbook requires', () => {
    assert.throws(() => planned({ requires: ['restore'] }), { code: 'UNKNOWN_TARGET', message: /restore/ })
  })
})

describe('parameters', () => {
  const params = {
    size: {
      describe: 'how big',
      example: '3',
      refuse: (text: string) => (/^\d+$/.test(text) ? undefined : 'not a number'),
    },
    kind: { describe: 'which kind', default: 'small' },
  }

  test('take their defaults and given values', () => {
    assert.deepEqual(planned({ params }, { size: '4' }).params, { size: '4', kind: 'small' })
  })

  test('that are unknown are refused with the nearest known one', () => {
    assert.throws(() => planned({ params }, { siez: '4' }), { code: 'UNKNOWN_PARAM', hint: 'did you mean size=?' })
  })

  for (const name of ['constructor', 'toString', '__proto__', 'hasOwnProperty']) {
    test(`called ${name} are unknown, not inherited`, () => {
      const given: Record<string, string> = Object.create(null)
      given[name] = 'x'
      assert.throws(() => planned({ params }, given), { code: 'UNKNOWN_PARAM' })
    })
  }

  test('that are wrong are refused with an example', () => {
    assert.throws(() => planned({ params }, { size: 'big' }), { code: 'PARAM_INVALID', hint: 'for example size=3' })
  })

  test('that are required and missing are refused', () => {
    const required = { size: { ...params.size, required: true } }
    assert.throws(() => planned({ params: required }), { code: 'PARAM_INVALID', hint: '--param size=3' })
  })
})
