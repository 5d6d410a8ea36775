import type { StatusSignals } from '../../model/signals.ts'
import { HOUR_MS, MINUTE_MS } from '../../slo/signal.ts'
import { withoutMember } from '../daemon/edited-status.ts'
import { contradicts, once, onStatus, pages, signalCheck, told, WARNING_FAILS, warns } from './slo-signal.ts'

const runs = (change: Partial<StatusSignals['runs']>) =>
  once(onStatus(status => ({ runs: { ...status.runs, ...change } })))
const delivery = (change: Partial<StatusSignals['delivery']>) =>
  once(onStatus(status => ({ delivery: { ...status.delivery, ...change } })))
const schedules = (change: Partial<StatusSignals['schedules']>) =>
  once(onStatus(status => ({ schedules: { ...status.schedules, ...change } })))

const PRODUCTION = { environment: 'production' } as const

const runQueueLag = signalCheck(
  'run-queue-lag',
  [],
  [
    pages('a run has been queued for more than two hours', runs({ queued: 1, oldestQueuedMs: 2 * HOUR_MS + 1 })),
    warns('a run has been queued for more than half an hour', runs({ queued: 1, oldestQueuedMs: 30 * MINUTE_MS + 1 })),
    told('a run has been queued for more than two hours', {
      'runs.queued': 1,
      'runs.oldest_queued_run_age_ms': 2 * HOUR_MS + 1,
    }),
    contradicts('a run is queued, and nobody knows since when', { 'runs.queued': 1 }),
    withoutMember('runs.queued'),
  ],
)

const staleActiveRuns = signalCheck(
  'stale-active-runs',
  [],
  [
    pages('a run has had no event for more than six hours', runs({ running: 1, oldestIdleMs: 6 * HOUR_MS + 1 })),
    warns('a run has had no event for more than two hours', runs({ running: 1, oldestIdleMs: 2 * HOUR_MS + 1 })),
    told('a run has had no event for more than six hours', {
      'runs.running': 1,
      'runs.oldest_non_terminal_run_idle_ms': 6 * HOUR_MS + 1,
    }),
    contradicts('a run is active, and nobody knows since when it has been idle', { 'runs.running': 1 }),
    withoutMember('runs.running'),
  ],
)

const pendingDecisions = signalCheck(
  'pending-decisions',
  [],
  [
    pages(
      'an approval has waited for more than a day',
      runs({ waitingForApproval: 1, oldestIdleMs: 24 * HOUR_MS + 1 }),
    ),
    warns(
      'a question has waited for more than four hours',
      runs({ waitingForQuestion: 1, oldestIdleMs: 4 * HOUR_MS + 1 }),
    ),
    told('a question has waited for more than a day', {
      'runs.waiting_for_user_question': 1,
      'runs.oldest_non_terminal_run_idle_ms': 24 * HOUR_MS + 1,
    }),
    withoutMember('runs.waiting_for_approval'),
  ],
)

const deadLetters = signalCheck(
  'delivery-dead-letters',
  ['7.1/12'],
  [
    pages('there is a dead letter, in production', observed => ({
      ...delivery({ unresolvedDeadLetters: 1 })(observed),
      settings: PRODUCTION,
    })),
    told('there is a dead letter', { 'delivery.unresolved_dead_lettered': 1 }, PRODUCTION),
    withoutMember('delivery.unresolved_dead_lettered'),
  ],
)

const deliveryWorker = signalCheck(
  'delivery-worker-lag',
  [],
  [
    pages('the worker was never started', delivery({ workerStarted: false, workerLagMs: null })),
    warns('the worker has had no heartbeat for two minutes', delivery({ workerLagMs: 2 * MINUTE_MS + 1 })),
    told('there is no worker', { 'delivery.worker_started_at_ms': undefined, 'delivery.worker_lag_ms': undefined }),
    contradicts('a worker that was never started has a lag', { 'delivery.worker_started_at_ms': undefined }),
  ],
)

const schedulerLag = signalCheck(
  'scheduler-lag',
  [],
  [
    pages('a schedule has been due for more than two hours', schedules({ due: 1, oldestDueMs: 2 * HOUR_MS + 1 })),
    warns('a schedule has been due for more than half an hour', schedules({ due: 1, oldestDueMs: 30 * MINUTE_MS + 1 })),
    told('schedules are dispatched more than two hours late', { 'health.scheduler_lag_ms': 2 * HOUR_MS + 1 }),
    contradicts('a schedule is due, and nobody knows since when', { 'schedules.due_count': 1 }),
    withoutMember('schedules.due_count'),
  ],
)

const eventGaps = signalCheck(
  'event-gaps',
  [],
  [
    warns(
      'an event was lost to a slow reader',
      once(onStatus(status => ({ events: { ...status.events, lostToSlowReaders: 1 } }))),
    ),
    told('an event was lost to a slow reader', { 'events.stream_lagged_event_count': 1 }, WARNING_FAILS),
    withoutMember('events.stream_lagged_event_count'),
  ],
)

/** What waits, and for how long. */
export const backlogSignals = [
  runQueueLag,
  staleActiveRuns,
  pendingDecisions,
  deadLetters,
  deliveryWorker,
  schedulerLag,
  eventGaps,
] as const
