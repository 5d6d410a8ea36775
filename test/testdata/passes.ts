import { describe, test } from 'node:test'

describe('suite', () => {
  test('one', () => {})
  test('two', { skip: process.env.RUNPROOF_TESTDATA_SKIP === '1' && 'asked to' }, () => {})
})
