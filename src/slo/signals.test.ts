import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { StatusSignals } from '../model/signals.ts'
import type { Periods, Sample } from './sample.ts'
import { judgeSignal, SIGNALS } from './signals.ts'
import { healthyStatus, sampleAt } from './testdata/healthy.ts'
import type { Level } from './window.ts'

const MIN = 60_000
const HOUR = 60 * MIN
const production = { environment: 'production' } as const
const staging = { environment: 'staging' } as const

const judged = (id: string, samples: readonly Sample[], settings: Parameters<typeof judgeSignal>[2] = production) =>
  judgeSignal(SIGNALS.find(signal => signal.id === id)!, samples, settings)

const runs = (changed: Partial<StatusSignals['runs']>) => ({ runs: { ...healthyStatus.runs, ...changed } })
const warned = (code: string, severity: 'warning' | 'error' = 'warning') => ({
  health: { ok: false, warnings: [{ severity, code }] },
})
const route = (state: 'ok' | 'warning' | 'error', activeReady = state !== 'error') => ({
  routes: { activeReady, list: [{ id: 'main', active: true, state, code: `route_${state}` }] },
})
const delivery = (changed: Partial<StatusSignals['delivery']>) => ({
  delivery: { ...healthyStatus.delivery, ...changed },
})
const schedules = (changed: Partial<StatusSignals['schedules']>) => ({
  schedules: { ...healthyStatus.schedules, ...changed },
})
const audit = (authRateLimited: Periods, corsRateLimited: Periods = [0, 0, 0]) => ({
  audit: { facts: { authRateLimited, corsRateLimited, refusals: 3, ours: 1, whole: true } },
})
const disk = (usedPercent: number, inodes = 100, freeInodes = 50) => ({
  disk: {
    facts: {
      totalBytes: 1e6,
      freeBytes: 1e6 - usedPercent * 1e4,
      availableBytes: 1e6 - usedPercent * 1e4,
      inodes,
      freeInodes,
    },
  },
})

test('all signals of an idle daemon are ok', () => {
  for (const { id } of SIGNALS) assert.equal(judged(id, [sampleAt(0)]).level, 'ok', id)
})

test('a signal whose source said nothing is unknown, with the reason', () => {
  const silent = sampleAt(
    0,
    {},
    { status: { error: 'TIMEOUT: late' }, audit: null, disk: { error: 'FILE_UNREADABLE: x' } },
  )
  for (const { id, source } of SIGNALS) {
    const verdict = judged(id, [sampleAt(-1), silent])
    assert.equal(verdict.level, source === 'readiness' ? 'ok' : 'unknown', id)
    if (source === 'status') assert.match(verdict.reason, /TIMEOUT/)
    if (source === 'audit') assert.match(verdict.reason, /not given/)
    if (source === 'disk') assert.match(verdict.reason, /FILE_UNREADABLE/)
  }
})

test('a sample without an answer in between does not end what two others say', () => {
  const bad = warned('failed_runs')
  const samples = [sampleAt(0, bad), sampleAt(1, {}, { status: { error: 'TIMEOUT: late' } }), sampleAt(2, bad)]
  assert.equal(judged('health', samples).level, 'page')
})

describe('one sample', () => {
  const answered = (status: number | null, ownWords = true, error: string | null = null): Partial<Sample> => ({
    readiness: { status, ownWords, error },
  })
  const cases: readonly (readonly [string, string, Partial<StatusSignals>, Level, RegExp, Partial<Sample>?])[] = [
    ['readiness', 'answers 503', {}, 'warn', /503.*seen one/, answered(503)],
    ['readiness', 'answers 204', {}, 'ok', /204/, answered(204)],
    ['readiness', 'answers 301', {}, 'warn', /301/, answered(301)],
    ['readiness', 'answers another page', {}, 'warn', /other words/, answered(200, false)],
    ['readiness', 'does not answer', {}, 'warn', /TIMEOUT/, answered(null, false, 'TIMEOUT')],
    ['health', 'is unhealthy', warned('failed_runs'), 'warn', /failed_runs.*seen one/],
    [
      'health',
      'is unhealthy without a warning',
      { health: { ok: false, warnings: [] } },
      'warn',
      /no warning says why/,
    ],
    [
      'health',
      'calls itself healthy beside a warning',
      { health: { ...warned('failed_runs').health, ok: true } },
      'warn',
      /healthy beside failed_runs/,
    ],
    ['storage', 'cannot write', { storage: { ...healthyStatus.storage, ok: false } }, 'page', /no probe says why/],
    [
      'storage',
      'has a failed probe beside an ok',
      { storage: { ok: true, probes: [{ name: 'state_root', state: 'error', code: 'write_probe_failed' }] } },
      'page',
      /write_probe_failed/,
    ],
    [
      'storage',
      'has a probe that warns',
      { storage: { ok: true, probes: [{ name: 'workspace_root', state: 'warning', code: 'slow' }] } },
      'warn',
      /workspace_root: slow/,
    ],
    ['storage', 'has no probe', { storage: { ok: true, probes: [] } }, 'unknown', /no probe of it was made/],
    ['route-readiness', 'has a route in error', route('error'), 'warn', /needs a window of 5 min, seen one sample/],
    [
      'route-readiness',
      'has a route that warns',
      route('warning'),
      'warn',
      /warn: needs a window of 5 min, seen one sample/,
    ],
    ['route-readiness', 'is not ready on a good route', route('ok', false), 'warn', /not ready although/],
    ['route-readiness', 'has no active route', { routes: { activeReady: true, list: [] } }, 'warn', /no active route/],
    [
      'run-queue-lag',
      'has waited 30 min',
      runs({ queued: 1, oldestQueuedMs: 30 * MIN, oldestIdleMs: 0 }),
      'ok',
      /30 min/,
    ],
    [
      'run-queue-lag',
      'has waited longer',
      runs({ queued: 1, oldestQueuedMs: 30 * MIN + 1, oldestIdleMs: 0 }),
      'warn',
      /1 queued/,
    ],
    ['run-queue-lag', 'has waited 2 h', runs({ queued: 1, oldestQueuedMs: 2 * HOUR, oldestIdleMs: 0 }), 'warn', /2 h/],
    [
      'run-queue-lag',
      'has waited longer still',
      runs({ queued: 1, oldestQueuedMs: 2 * HOUR + 1, oldestIdleMs: 0 }),
      'page',
      /2 h/,
    ],
    [
      'run-queue-lag',
      'is warned of',
      { ...warned('queued_run_lag'), ...runs({ queued: 1, oldestQueuedMs: 1, oldestIdleMs: 0 }) },
      'warn',
      /itself warns/,
    ],
    [
      'run-queue-lag',
      'has no age',
      runs({ queued: 1, oldestIdleMs: 0 }),
      'unknown',
      /contradiction: 1 runs are queued/,
    ],
    [
      'run-queue-lag',
      'has an age of nothing',
      runs({ oldestQueuedMs: 5 }),
      'unknown',
      /contradiction: no runs are queued/,
    ],
    ['stale-active-runs', 'has been idle for 2 h', runs({ running: 1, oldestIdleMs: 2 * HOUR }), 'ok', /2 h/],
    [
      'stale-active-runs',
      'has been idle longer',
      runs({ running: 1, oldestIdleMs: 2 * HOUR + 1 }),
      'warn',
      /1 running/,
    ],
    [
      'stale-active-runs',
      'has been idle for more than 6 h',
      runs({ running: 1, oldestIdleMs: 6 * HOUR + 1 }),
      'page',
      /6 h/,
    ],
    [
      'stale-active-runs',
      'only waits for a person',
      runs({ waitingForApproval: 1, oldestIdleMs: 9 * HOUR }),
      'ok',
      /no run is active/,
    ],
    ['stale-active-runs', 'has no age', runs({ running: 1 }), 'unknown', /contradiction/],
    [
      'pending-decisions',
      'has waited 4 h',
      runs({ waitingForApproval: 1, oldestIdleMs: 4 * HOUR }),
      'ok',
      /approvals 1/,
    ],
    [
      'pending-decisions',
      'has waited longer',
      runs({ waitingForQuestion: 1, oldestIdleMs: 4 * HOUR + 1 }),
      'warn',
      /questions 1, waiting for 4 h/,
    ],
    [
      'pending-decisions',
      'has waited for more than a day',
      runs({ waitingForApproval: 1, oldestIdleMs: 24 * HOUR + 1 }),
      'page',
      /24 h/,
    ],
    [
      'pending-decisions',
      'may be another run',
      runs({ waitingForApproval: 1, running: 1, oldestIdleMs: 5 * HOUR }),
      'warn',
      /waiting for at most 5 h/,
    ],
    ['delivery-dead-letters', 'has one', delivery({ unresolvedDeadLetters: 1 }), 'page', /1 unresolved/],
    ['delivery-worker-lag', 'is 2 min late', delivery({ workerLagMs: 2 * MIN }), 'ok', /2 min/],
    ['delivery-worker-lag', 'is later', delivery({ workerLagMs: 2 * MIN + 1 }), 'warn', /2 min/],
    ['delivery-worker-lag', 'is called stale', warned('delivery_worker_stale'), 'warn', /0.02 s/],
    ['delivery-worker-lag', 'is called down', warned('delivery_worker_not_running', 'error'), 'page', /not_running/],
    [
      'delivery-worker-lag',
      'was never started',
      delivery({ workerStarted: false, workerLagMs: null }),
      'page',
      /never started/,
    ],
    ['delivery-worker-lag', 'has no heartbeat', delivery({ workerLagMs: null }), 'warn', /no heartbeat yet/],
    [
      'delivery-worker-lag',
      'lags without having been started',
      delivery({ workerStarted: false }),
      'unknown',
      /contradiction/,
    ],
    ['scheduler-lag', 'is 30 min late', schedules({ due: 1, oldestDueMs: 30 * MIN }), 'ok', /1 due/],
    [
      'scheduler-lag',
      'is later',
      schedules({ due: 1, oldestDueMs: 30 * MIN + 1, dispatching: false }),
      'warn',
      /switched off/,
    ],
    ['scheduler-lag', 'is more than 2 h late', schedules({ lagMs: 2 * HOUR + 1 }), 'page', /late by 2 h/],
    ['scheduler-lag', 'is warned of', warned('scheduler_lag'), 'warn', /itself warns/],
    ['scheduler-lag', 'has no age', schedules({ due: 1 }), 'unknown', /contradiction/],
    ['event-gaps', 'lost events', { events: { lostToSlowReaders: 1, replayGaps: 0 } }, 'warn', /slow readers 1/],
    [
      'event-gaps',
      'had gaps before',
      { events: { lostToSlowReaders: 0, replayGaps: 2 } },
      'ok',
      /growth needs a second sample/,
    ],
    [
      'auth-rate-limits',
      'has one notice',
      {},
      'ok',
      /auth_rate_limited 1\/0\/0.*1 of our own not counted/,
      audit([1, 0, 0]),
    ],
    ['auth-rate-limits', 'has a repeated one', {}, 'warn', /2\/0\/0/, audit([2, 0, 0])],
    ['auth-rate-limits', 'had one repeated before', {}, 'ok', /0\/2\/0/, audit([0, 2, 0])],
    ['auth-rate-limits', 'has one of each', {}, 'ok', /1\/0\/0/, audit([1, 0, 0], [1, 0, 0])],
    ['auth-rate-limits', 'has one for half an hour', {}, 'page', /2\/2\/2/, audit([0, 0, 0], [2, 2, 2])],
    ['auth-rate-limits', 'has one with a pause', {}, 'warn', /2\/1\/2/, audit([2, 1, 2])],
    ['debug-capture', 'is on', { debugLevel: 'on' }, 'ok', /level on/],
    ['debug-capture', 'is full', { debugLevel: 'full' }, 'warn', /page: needs a window of 30 min, seen one sample/],
    ['state-root-disk', 'is at 80 %', {}, 'ok', /80.0 %/, disk(80)],
    ['state-root-disk', 'is above', {}, 'warn', /80.1 %/, disk(80.1)],
    ['state-root-disk', 'is at 90 %', {}, 'warn', /90.0 %/, disk(90)],
    ['state-root-disk', 'is above 90 %', {}, 'page', /90.1 %/, disk(90.1)],
    ['state-root-disk', 'has one inode of a hundred', {}, 'ok', /99.0 % of its inodes/, disk(10, 100, 1)],
    ['state-root-disk', 'has no inode', {}, 'page', /exhausted/, disk(10, 100, 0)],
    ['state-root-disk', 'does not count inodes', {}, 'ok', /not counted/, disk(10, 0, 0)],
    [
      'state-root-disk',
      'has no blocks',
      {},
      'unknown',
      /no blocks/,
      { disk: { facts: { totalBytes: 0, freeBytes: 0, availableBytes: 0, inodes: 0, freeInodes: 0 } } },
    ],
  ]
  for (const [id, title, status, level, reason, rest] of cases) {
    test(`${id} ${title}`, () => {
      const verdict = judged(id, [sampleAt(0, status, rest)])
      assert.equal(verdict.level, level, verdict.reason)
      assert.match(verdict.reason, reason)
    })
  }
  test('every signal is among them at its gravest', () => {
    const reached = new Set(cases.filter(([, , , level]) => level === 'page' || level === 'warn').map(([id]) => id))
    assert.deepEqual(new Set(SIGNALS.map(signal => signal.id)), reached)
  })
})

describe('a window', () => {
  const minutes = (count: number, status: Partial<StatusSignals>) =>
    Array.from({ length: count }, (_, index) => sampleAt(index * MIN, status))
  const cases: readonly (readonly [string, string, readonly Sample[], Level, Parameters<typeof judgeSignal>[2]?])[] = [
    ['health', 'false twice', minutes(2, warned('failed_runs')), 'page'],
    [
      'readiness',
      'is silent twice within 60 s',
      minutes(2, {}).map(one => ({ ...one, readiness: { status: 503, ownWords: false, error: null } })),
      'page',
    ],
    ['route-readiness', 'in error for 5 min', minutes(6, route('error')), 'page'],
    ['route-readiness', 'warning for 5 min', minutes(6, route('warning')), 'warn'],
    [
      'route-readiness',
      'warning since a minute',
      [sampleAt(0), sampleAt(MIN, route('warning')), sampleAt(2 * MIN, route('warning'))],
      'ok',
    ],
    [
      'route-readiness',
      'in error since a minute',
      [sampleAt(0), sampleAt(MIN, route('error')), sampleAt(2 * MIN, route('error'))],
      'warn',
    ],
    ['debug-capture', 'full for 30 min', minutes(31, { debugLevel: 'full' }), 'warn'],
    ['debug-capture', 'full for 31 min', minutes(32, { debugLevel: 'full' }), 'page'],
    [
      'debug-capture',
      'full for 10 min by a ticket',
      minutes(11, { debugLevel: 'full' }),
      'ok',
      { ...production, debugTicket: 'OPS-1' },
    ],
    [
      'debug-capture',
      'full for 31 min by a ticket',
      minutes(32, { debugLevel: 'full' }),
      'page',
      { ...production, debugTicket: 'OPS-1' },
    ],
    ['delivery-dead-letters', 'the same in staging', minutes(3, delivery({ unresolvedDeadLetters: 2 })), 'ok', staging],
    [
      'delivery-dead-letters',
      'one more in staging',
      [sampleAt(0), ...minutes(2, delivery({ unresolvedDeadLetters: 2 }))],
      'warn',
      staging,
    ],
    [
      'delivery-dead-letters',
      'more and more in staging',
      [1, 2, 3].map(count => sampleAt(count, delivery({ unresolvedDeadLetters: count }))),
      'page',
      staging,
    ],
    [
      'event-gaps',
      'one more replay with a gap',
      [sampleAt(0), sampleAt(1, { events: { lostToSlowReaders: 0, replayGaps: 1 } })],
      'warn',
    ],
  ]
  for (const [id, title, samples, level, settings] of cases) {
    test(`${id}: ${title}`, () => {
      const verdict = judged(id, samples, settings)
      assert.equal(verdict.level, level, verdict.reason)
    })
  }
})
