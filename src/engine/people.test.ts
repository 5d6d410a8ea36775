import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { JournalRecord } from '../evidence/schema.ts'
import { People, peopleIn } from './people.ts'

const at = '2026-01-02T03:04:05.678Z'

describe('who holds what', () => {
  test('is what was named, else the operator', () => {
    const people = new People({ operator: 'ada', roles: { comms: 'eve' } })
    assert.deepEqual(people.askedFor('comms'), { of: 'eve', role: 'comms', other: true })
    assert.deepEqual(people.askedFor('security-owner'), { of: 'ada', role: 'security-owner', other: false })
    assert.deepEqual(people.askedFor(undefined), { of: 'ada', other: false })
    assert.deepEqual(people.acting('comms'), { by: 'ada' })
    assert.deepEqual(people.acting('security-owner'), { by: 'ada', role: 'security-owner' })
  })

  test('goes over with the keyboard, and a role that was named only by its name', () => {
    const people = new People({ operator: 'ada', roles: { comms: 'eve' } })
    people.handOver(at, 'mia', undefined)
    assert.deepEqual([people.operator, people.holderOf('comms'), people.holderOf('operator')], ['mia', 'eve', 'mia'])
    people.handOver(at, 'bob', 'comms')
    people.handOver(at, 'kim', 'operator')
    assert.deepEqual([people.operator, people.roles], ['kim', { comms: 'bob' }])
    assert.deepEqual(
      people.handovers.map(({ from, to }) => [from, to]),
      [
        ['ada', 'mia'],
        ['eve', 'bob'],
        ['mia', 'kim'],
      ],
    )
  })

  test('is kept from before a break, but for the keyboard; what is named anew counts', () => {
    const data: readonly [string, JournalRecord['data']][] = [
      ['run-started', { roles: { comms: 'eve', 'security-owner': 'bob' } }],
      ['note', { by: 'ada', text: 'it rang' }],
      ['handover', { from: 'ada', to: 'mia', role: 'operator', by: 'ada' }],
      ['handover', { from: 'eve', to: 'kim', role: 'comms', by: 'mia' }],
      ['snapshot', { by: 'mia', path: 'artifacts/snapshot-1' }],
      ['snapshot-ended', { path: 'artifacts/snapshot-1', outcome: 'done' }],
      ['snapshot', { by: 'mia', path: 'artifacts/snapshot-2' }],
    ]
    const records = data.map(([type, one], seq) => ({
      type,
      data: one,
      seq,
      at,
      monotonicMs: seq,
      prev: '0'.repeat(64),
    }))
    const people = new People({ operator: 'ann', roles: { 'security-owner': 'joe' } }, peopleIn(records))
    assert.equal(people.holderOf('operator'), 'ann')
    assert.deepEqual(people.known(), {
      roles: { comms: 'kim', 'security-owner': 'joe' },
      notes: [{ by: 'ada', at, text: 'it rang' }],
      handovers: [
        { at, from: 'ada', to: 'mia', role: 'operator' },
        { at, from: 'eve', to: 'kim', role: 'comms' },
      ],
      snapshots: [
        { by: 'mia', at, path: 'artifacts/snapshot-1', outcome: 'done' },
        // It had begun, and nobody knows how far it came.
        { by: 'mia', at, path: 'artifacts/snapshot-2', outcome: 'errored' },
      ],
    })
  })
})
