import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { keyIdOfAuditKey } from './audit-key.ts'
import type { LedgerRecord } from './record.ts'
import { hashInput } from './record.ts'
import { type Bucket, bucketFaults, headOf } from './verify.ts'

// Vectors of the format: seed bytes 00..1f.
const KEY_ID = '03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8'
const first: LedgerRecord = {
  action_id: 'a2001093c26d0e52582124cc2fabf1c4f580495269309aad4e1d2b21517768c6',
  timestamp_ms: 1700000000000,
  session_id: 'demo',
  agent_id: 'agent-1',
  run_id: 'run-1',
  principal_id: 'agent:agent-1',
  grant_id: 'g1',
  phase: 'request',
  kind: 'model_provider',
  target: 'openai:https://api.example.test',
  request_digest: 'aa',
  record_hash: 'a2001093c26d0e52582124cc2fabf1c4f580495269309aad4e1d2b21517768c6',
  signature_alg: 'ed25519',
  key_id: KEY_ID,
  signature:
    '6cd6b58834a58c0ae57a80641433abbb10383f925041cc95aeadaf8bcb7910a1808bb05bf96863d1445e9c7e3a6f78adf7bae225c5a41cb73ac6b6d9e765230f',
}
const { grant_id: _, request_digest: __, ...shared } = first
const second: LedgerRecord = {
  ...shared,
  action_id: '0570c3ea33bb4325b4f2a3660723e00b4eae018fc41d84be8f5136df31e63bc5',
  timestamp_ms: 1700000000500,
  phase: 'response',
  outcome: '200',
  prev_hash: first.record_hash,
  record_hash: '0570c3ea33bb4325b4f2a3660723e00b4eae018fc41d84be8f5136df31e63bc5',
  signature:
    '8cf10abc3378eef5b5085e7d0e6656e2e5d364f663ec4cb3444098f8164a3cd54ef41e660c9734218986ba34b502c63ed3e5edfed483b5025159dfbb9a949d0f',
}
const whole: Bucket = {
  name: 'run-1',
  records: [first, second],
  checkpoint: {
    bucket: 'run-1',
    record_count: 2,
    last_record_hash: second.record_hash,
    signature_alg: 'ed25519',
    key_id: KEY_ID,
    signature:
      '4582ed6dd7f232d54ee84f9b2067b5e6d24b2404994462d90cb42fd04ee90f2d87bb280d611062a4b3130b7c5f654d48ca5a00f0847ec249c3f8cbde69654705',
  },
}

describe('ledger', () => {
  test('hashes a record in the exact order of the format', () => {
    assert.equal(
      hashInput(first),
      '{"timestamp_ms":1700000000000,"session_id":"demo","agent_id":"agent-1","run_id":"run-1","tool_call_id":null,"principal_id":"agent:agent-1","parent_principal_id":null,"grant_id":"g1","phase":"request","kind":"model_provider","target":"openai:https://api.example.test","request_digest":"aa","response_digest":null,"outcome":null,"prev_hash":null}',
    )
  })

  test('derives the key id from the seed', () => {
    const seed = Buffer.from(Array.from({ length: 32 }, (_, index) => index)).toString('hex')
    assert.equal(keyIdOfAuditKey(JSON.stringify({ algorithm: 'ed25519', secret_key_hex: seed }), 'key'), KEY_ID)
    assert.throws(() => keyIdOfAuditKey('{"algorithm":"ed25519"}', 'key'), { code: 'STATE_MALFORMED' })
  })

  test('accepts the vectors', () => {
    assert.deepEqual(bucketFaults(whole, KEY_ID), [])
    assert.deepEqual(headOf(whole), { bucket: 'run-1', recordCount: 2, lastHash: second.record_hash })
  })

  const broken: readonly [string, Bucket, RegExp][] = [
    [
      'a changed member',
      { ...whole, records: [{ ...first, target: 'openai:https://api.example.tesu' }, second] },
      /content does not match/,
    ],
    ['a swapped order', { ...whole, records: [second, first] }, /does not follow/],
    ['a lost first record', { ...whole, records: [second] }, /does not follow/],
    ['a lost last record', { ...whole, records: [first] }, /1 records, its checkpoint seals 2/],
    ['a lost ledger', { ...whole, records: [] }, /0 records/],
    ['a lost checkpoint', { ...whole, checkpoint: undefined }, /no checkpoint/],
    [
      'a forged signature',
      { ...whole, records: [{ ...first, signature: '00'.repeat(64) }, second] },
      /signature does not hold/,
    ],
    ['another bucket’s checkpoint', { ...whole, name: 'run-2' }, /checkpoint is for run-1/],
    ['an invented member', { ...whole, records: [{ ...first, tool_call_id: 'x' }, second] }, /content does not match/],
  ]
  for (const [what, bucket, said] of broken) {
    test(`finds ${what}`, () => assert.match(bucketFaults(bucket, KEY_ID).join('\n'), said))
  }

  test('finds a ledger that another key signed throughout', () => {
    assert.match(bucketFaults(whole, 'ff'.repeat(32)).join('\n'), /signed by key/)
  })
})
