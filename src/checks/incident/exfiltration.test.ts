import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { everySlotNewer } from './exfiltration.ts'

const SINCE = 1_000
const restored = (more: { restoredAtMs: number; why?: string }, nowMs: number) =>
  everySlotNewer.judge({
    rotated: { sinceMs: SINCE, slots: [{ id: 'a.slot', provider: 'p', ...more }] },
    now: [{ id: 'a.slot', provider: 'p', updatedAtMs: nowMs }],
  })

describe('a slot that a backup brought back', () => {
  test('counts as replaced where it was set, after the incident began', () => {
    assert.equal(restored({ restoredAtMs: 1 }, SINCE + 1).outcome, 'passed')
    assert.equal(restored({ restoredAtMs: 1 }, SINCE).outcome, 'failed')
  })

  test('that was set by somebody during the incident, and not by this run, is what was stolen', () => {
    const late = SINCE + 500
    assert.deepEqual(
      [
        restored({ restoredAtMs: late, why: 'no new value was given for it' }, late),
        restored({ restoredAtMs: late }, late),
      ],
      ['slot a.slot is as it was restored: no new value was given for it', 'slot a.slot is as it was restored'].map(
        reason => ({
          outcome: 'failed',
          reason,
          expected: `all since ${new Date(SINCE).toISOString()}`,
          actual: ['a.slot'],
        }),
      ),
    )
  })
})
