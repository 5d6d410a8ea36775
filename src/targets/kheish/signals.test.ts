import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Json } from '../../model/check.ts'
import { RunproofError } from '../../model/error.ts'
import { signals } from './signals.ts'

type Holder = Record<string, Json>

/** The parts of a status that signals are read from, of a daemon with something of everything. */
const status = (): Holder => ({
  runtime: { debug_level: 'off' },
  health: { ok: false, scheduler_lag_ms: 9, warnings: [{ severity: 'warning', code: 'failed_runs', message: 'x' }] },
  storage: { ok: true, probes: [{ name: 'state_root', state: 'ok', code: 'write_probe_ok', latency_ms: 2 }] },
  provider_readiness: {
    active_route_ready: true,
    routes: [{ route_id: 'main', active: true, state: 'ok', code: 'route_auth_ready' }],
  },
  runs: {
    queued: 1,
    running: 2,
    waiting_for_approval: 3,
    waiting_for_user_question: 4,
    oldest_queued_run_age_ms: 5,
    oldest_non_terminal_run_idle_ms: 6,
  },
  schedules: { due_count: 7, dispatch_worker_enabled: true, oldest_due_schedule_lag_ms: 8 },
  delivery: { unresolved_dead_lettered: 10, worker_started_at_ms: 11, worker_lag_ms: 12 },
  events: { stream_lagged_event_count: 13, replay_gap_count: 14 },
  control_plane: { auth_enabled: true, bind_is_loopback: false, externally_exposed_without_auth: false },
})

/** Left out by the daemon where there is nothing to tell. */
const OMITTED = [
  ['health', 'scheduler_lag_ms'],
  ['health', 'warnings'],
  ['runs', 'oldest_queued_run_age_ms'],
  ['runs', 'oldest_non_terminal_run_idle_ms'],
  ['schedules', 'oldest_due_schedule_lag_ms'],
  ['delivery', 'worker_started_at_ms'],
  ['delivery', 'worker_lag_ms'],
] as const
/** Not read, or only to be there. */
const UNREAD = ['latency_ms', 'message', 'worker_started_at_ms']

function members(value: Json, path: readonly string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, item]) => [
    ...(Array.isArray(value) ? [] : [[...path, name]]),
    ...members(item as Json, [...path, name]),
  ])
}

function changed(place: readonly string[], change: (holder: Holder, name: string) => unknown): Holder {
  const copy = status()
  change(
    place.slice(0, -1).reduce((value, name) => value[name] as Holder, copy),
    place.at(-1)!,
  )
  return copy
}

const refused = (document: Json, name: string) =>
  assert.throws(
    () => signals.read.status(document),
    error =>
      error instanceof RunproofError &&
      error.code === 'ANSWER_MALFORMED' &&
      new RegExp(`\\.${name} `).test(error.message),
    name,
  )

describe('the signals of a status', () => {
  test('are read member by member', () => {
    const { runs, schedules, delivery, events } = signals.read.status(status())
    assert.deepEqual(Object.values(runs), [1, 2, 3, 4, 5, 6])
    assert.deepEqual(Object.values(schedules), [7, true, 8, 9])
    assert.deepEqual(Object.values(delivery), [10, true, 12])
    assert.deepEqual(Object.values(events), [13, 14])
  })

  test('may lack what a daemon leaves out, and nothing else', () => {
    const all = members(status()).filter(place => !UNREAD.includes(place.at(-1)!))
    assert.ok(all.length > 30)
    for (const place of all) {
      const without = changed(place, (holder, name) => delete holder[name])
      if (OMITTED.some(one => one.join() === place.join())) assert.ok(signals.read.status(without))
      else refused(without, place.at(-1)!)
    }
  })

  test('tell of what is left out as of nothing', () => {
    const bare = OMITTED.reduce((document, [part, name]) => {
      delete (document[part] as Holder)[name]
      return document
    }, status())
    const { health, runs, schedules, delivery } = signals.read.status(bare)
    assert.deepEqual(
      [health.warnings, runs.oldestQueuedMs, runs.oldestIdleMs, schedules.oldestDueMs, schedules.lagMs],
      [[], null, null, null, null],
    )
    assert.deepEqual([delivery.workerStarted, delivery.workerLagMs], [false, null])
  })

  test('are not of another type, not negative and not in words nobody knows', () => {
    for (const place of members(status()).filter(one => !UNREAD.includes(one.at(-1)!))) {
      const wrong = typeof place.reduce<Json>((value, name) => (value as Holder)[name]!, status()) === 'number' ? -1 : 7
      refused(
        changed(place, (holder, name) => Object.assign(holder, { [name]: wrong })),
        ['warnings', 'probes', 'routes'].includes(place.at(-1)!) ? place.at(-1)! : '\\w+',
      )
    }
    for (const place of [
      ['runtime', 'debug_level'],
      ['storage', 'probes', '0', 'state'],
    ])
      refused(
        changed(place, (holder, name) => Object.assign(holder, { [name]: 'melted' })),
        place.at(-1)!,
      )
  })
})

describe('a row of the audit log', () => {
  const row: Holder = {
    timestamp_ms: 1,
    event: 'auth_failure',
    method: 'GET',
    path: '/v1/status',
    reason: 'missing_token',
  }
  test('is read member by member', () => {
    assert.deepEqual(signals.read.auditRow(row), {
      atMs: 1,
      event: 'auth_failure',
      method: 'GET',
      path: '/v1/status',
      reason: 'missing_token',
    })
  })
  test('lacks none of them', () => {
    for (const name of Object.keys(row)) {
      const { [name]: _left, ...rest } = row
      assert.throws(() => signals.read.auditRow(rest), new RegExp(`audit row\\.${name} .* missing`))
    }
  })
})
