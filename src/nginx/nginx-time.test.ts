import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toMs } from './nginx-time.ts'

for (const [text, ms] of [
  ['60', 60_000],
  ['500ms', 500],
  ['1h30m', 5_400_000],
  ['1d 12h', 129_600_000],
  ['1M', 2_592_000_000],
  ['1m', 60_000],
  ['0', 0],
  ['', undefined],
  ['1x', undefined],
  ['h', undefined],
] as const)
  test(`a time of "${text}" is ${ms ?? 'none'}${ms === undefined ? '' : ' ms'}`, () => assert.equal(toMs(text), ms))
