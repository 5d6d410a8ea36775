import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Effect } from '../model/runbook.ts'
import { decide } from './decide.ts'

const cases = [
  ['read', true, { verdict: 'allow', rule: 'default.read' }],
  ['read', false, { verdict: 'allow', rule: 'default.read' }],
  ['write', false, { verdict: 'allow', rule: 'default.stand-in' }],
  ['destroy', false, { verdict: 'allow', rule: 'default.stand-in' }],
  ['write', true, { verdict: 'ask', rule: 'default.write' }],
  ['destroy', true, { verdict: 'ask', rule: 'default.destroy', confirm: 'prod' }],
  ['annihilate', true, { verdict: 'deny', rule: 'default.none' }],
  ['annihilate', false, { verdict: 'deny', rule: 'default.none' }],
] as const

describe('the default policy', () => {
  for (const [effect, real, decision] of cases) {
    test(`says ${decision.verdict} to ${effect} on ${real ? 'a real target' : 'the stand-in'}`, () => {
      assert.deepEqual(decide({ effect: effect as Effect }, { id: 'prod', real, inUse: false }), decision)
    })
  }

  for (const effect of ['read', 'write', 'destroy'] as const) {
    test(`treats ${effect} on what is in use as on a real target, whatever it is called`, () => {
      const real = decide({ effect }, { id: 'prod', real: true, inUse: false })
      assert.deepEqual(decide({ effect }, { id: 'prod', real: false, inUse: true }), real)
    })
  }
})
