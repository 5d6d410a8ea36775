import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Role } from '../model/runbook.ts'
import { memoryTools } from '../testing/memory-tools.ts'
import type { Approver } from './authorise.ts'
import { type Given, run, write } from './testdata/small-run.ts'

const SECURITY: Role = 'security-owner'
const people = { operator: 'ada', roles: { 'security-owner': 'bob' } } as const
const yes =
  (by: string): Approver =>
  async () => ({ granted: true, by, how: 'answered yes', reason: 'it is on fire' })

describe('an approval', () => {
  const approvedBy = (approve: Approver, given: Given = {}) =>
    run([write('a', { role: SECURITY })], { real: true, people, approve, ...given })

  test('of whoever holds the role of the step has name, role, reason and deadline, in record and journal', async () => {
    const asked: unknown[] = []
    const result = await approvedBy(async (_step, _decision, { deadlineAt: _, ...who }) => {
      asked.push(who)
      return { granted: true, by: 'bob', how: 'answered yes', reason: 'it is on fire' }
    })
    assert.deepEqual(asked, [{ of: 'bob', role: SECURITY, other: true }])
    const { askedAt, deadlineAt, answeredAt, ...decision } = result.steps[0]!.decision!
    assert.deepEqual(decision, {
      verdict: 'allow',
      rule: 'default.write',
      approvedBy: 'bob',
      how: 'answered yes',
      role: SECURITY,
      reason: 'it is on fire',
    })
    assert.ok(askedAt !== undefined && deadlineAt !== undefined && answeredAt !== undefined)
    const [before, after] = result.journal.entries.filter(one => one.type.startsWith('approval-'))
    assert.deepEqual(before!.data, { step: 'a', rule: 'default.write', of: 'bob', role: SECURITY, deadlineAt })
    assert.deepEqual(after!.data, {
      step: 'a',
      granted: true,
      role: SECURITY,
      by: 'bob',
      how: 'answered yes',
      reason: 'it is on fire',
    })
    assert.deepEqual(result.roles, { 'security-owner': 'bob' })
  })

  for (const by of ['ada', 'flag', 'Bob', '']) {
    test(`of ${JSON.stringify(by)} is none where bob holds the role`, async () => {
      const result = await approvedBy(yes(by))
      assert.deepEqual(
        [result.outcome, result.steps[0]!.reason],
        ['denied', `default.write: ${by} answered, and bob holds the role ${SECURITY}`],
      )
    })
  }

  test('is the operator’s where nobody else holds the role', async () => {
    const result = await approvedBy(yes('flag'), { people: { operator: 'ada', roles: { comms: 'eve' } } })
    assert.deepEqual([result.outcome, result.steps[0]!.decision!.role], ['passed', SECURITY])
  })

  test('that was not put on record was not asked for', async () => {
    let questions = 0
    const result = await run([write('a')], {
      real: true,
      full: entry => entry.type === 'approval-asked',
      approve: async () => {
        questions += 1
        return { granted: true, by: 'ada', how: 'answered yes' }
      },
    })
    assert.deepEqual([result.outcome, questions], ['errored', 0])
  })
})

describe('the time for an approval', () => {
  /** An answer during which both clocks move. */
  async function answered(moves: { readonly wallMs: number; readonly monotonicMs: number }) {
    let [wall, monotonic] = [Date.parse('2026-01-02T03:04:05.000Z'), 0]
    const clock = { now: () => new Date(wall), monotonicMs: () => monotonic }
    const approve: Approver = async () => {
      wall += moves.wallMs
      monotonic += moves.monotonicMs
      return { granted: true, by: 'ada', how: 'answered yes' }
    }
    const result = await run([write('a')], { real: true, approve, tools: memoryTools({ clock }) })
    return result.steps[0]!
  }
  const HOUR = 3_600_000

  test('is not over because a wall clock is set forward', async () => {
    const { outcome, decision } = await answered({ wallMs: 5 * HOUR, monotonicMs: 1_000 })
    assert.deepEqual([outcome, decision!.deadlineAt], ['passed', '2026-01-02T03:19:05.000Z'])
  })

  test('is over although a wall clock is set back', async () => {
    const { outcome, reason, decision } = await answered({ wallMs: -5 * HOUR, monotonicMs: 15 * 60_000 + 1 })
    assert.deepEqual([outcome, reason], ['denied', 'default.write: expired: no answer within 900000 ms'])
    assert.equal(decision!.answeredAt, undefined)
  })

  test('is not over while it lasts, although a wall clock is set back', async () => {
    assert.equal((await answered({ wallMs: -5 * HOUR, monotonicMs: 15 * 60_000 })).outcome, 'passed')
  })
})
