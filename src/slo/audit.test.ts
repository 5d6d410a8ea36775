import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Json } from '../model/check.ts'
import type { AuditRow } from '../model/signals.ts'
import standIn from '../targets/stand-in.ts'
import { auditRows, countAudit, type Refusal, withoutOurs } from './audit.ts'

const NOW = Date.parse('2026-11-22T07:00:00.000Z')
const MIN = 60_000
const { auditRow } = standIn.signals.read

const row = (beforeMs: number, event: AuditRow['event'] = 'auth_failure', reason = 'invalid_token') => ({
  timestamp_ms: NOW - beforeMs,
  event,
  method: 'GET',
  path: '/v1/status',
  reason,
  remote_addr: '127.0.0.1:51234',
})
const log = (...rows: readonly Json[]) => rows.map(one => `${JSON.stringify(one)}\n`).join('')
const counted = (text: string, refusals: readonly Refusal[] = [], whole = true) =>
  countAudit({ text, whole }, auditRow, NOW, refusals)
const refusal = (beforeMs: number, status = 401): Refusal => ({
  method: 'GET',
  path: '/v1/status',
  status,
  sentAtMs: NOW - beforeMs,
  answeredAtMs: NOW - beforeMs + 5,
})

describe('an audit log', () => {
  test('that is empty counts nothing', () => {
    assert.deepEqual(counted(''), {
      authRateLimited: [0, 0, 0],
      corsRateLimited: [0, 0, 0],
      refusals: 0,
      ours: 0,
      whole: true,
    })
  })

  test('is counted by code and by period of ten minutes', () => {
    const limited = [31, 30, 29, 20, 19, 11, 10, 9, 0, -1].map(minutes => row(minutes * MIN, 'auth_rate_limited'))
    const cors = row(1, 'cors_origin_rate_limited', 'origin_not_allowed')
    const { authRateLimited, corsRateLimited, refusals } = counted(log(...limited, cors, row(1), row(31 * MIN)))
    assert.deepEqual([authRateLimited, corsRateLimited, refusals], [[3, 3, 2], [1, 0, 0], 1])
  })

  test('may end in a line that is still being written', () => {
    assert.equal(counted(`${log(row(1))}{"timestamp_ms":17`).refusals, 1)
  })

  test('of which only the end was read begins with a line that was cut', () => {
    const cut = `stamp_ms":1}\n${log(row(1))}`
    assert.deepEqual([counted(cut, [], false).refusals, counted(cut, [], false).whole], [1, false])
  })

  test('of which the end goes back far enough is whole', () => {
    assert.equal(counted(`x\n${log(row(31 * MIN), row(1))}`, [], false).whole, true)
  })

  const broken: readonly (readonly [string, string, RegExp])[] = [
    ['a line that is not JSON', 'garbage\n', /line 1 of what was read, is not JSON/],
    ['an event nobody knows', log({ ...row(1), event: 'auth_melted' }), /audit row\.event .*auth_melted/],
    ['a row without its instant', log({ ...row(1), timestamp_ms: null }), /audit row\.timestamp_ms/],
    ['a row without its reason', log({ ...row(1), reason: undefined as unknown as Json }), /audit row\.reason/],
  ]
  for (const [title, text, message] of broken)
    test(`with ${title} is an error`, () => assert.throws(() => counted(text), message))
})

describe('rows of our own', () => {
  const rows = auditRows({ text: log(row(100), row(99), row(50, 'auth_rate_limited')), whole: true }, auditRow)

  test('are those that a refused request explains, one each', () => {
    const { ours, others } = withoutOurs(rows, [refusal(100)])
    assert.deepEqual([ours.length, others.length], [1, 2])
  })
  test('may be a notice of the limiter', () => {
    const { ours } = withoutOurs(rows, [refusal(50, 429)])
    assert.deepEqual(
      ours.map(one => one.event),
      ['auth_rate_limited'],
    )
  })
  const others: readonly (readonly [string, Refusal])[] = [
    ['another time', refusal(5_000)],
    ['another path', { ...refusal(100), path: '/v1/runs' }],
    ['another method', { ...refusal(100), method: 'POST' }],
    ['another kind of refusal', refusal(100, 429)],
  ]
  for (const [title, given] of others)
    test(`are not those of ${title}`, () => {
      const far = rows.filter(one => one.event === 'auth_failure')
      assert.equal(withoutOurs(far, [given]).ours.length, 0)
    })
  test('are in no other count', () => {
    const text = log(...Array.from({ length: 4 }, () => row(100)), row(99, 'auth_rate_limited'))
    const { refusals, ours, authRateLimited } = counted(text, [refusal(100), refusal(100), refusal(99, 429)])
    assert.deepEqual([refusals, ours, authRateLimited], [2, 3, [0, 0, 0]])
  })
})
