import { durationText } from '../model/duration-text.ts'
import type { StatusSignals } from '../model/signals.ts'
import { above, atOnce, HOUR_MS, hasWarning, type Looked, MINUTE_MS, onStatus, type Signal } from './signal.ts'
import { spanText } from './window.ts'

const QUEUED = { warning: 30 * MINUTE_MS, error: 2 * HOUR_MS }
const IDLE = { warning: 2 * HOUR_MS, error: 6 * HOUR_MS }
const PENDING = { warning: 4 * HOUR_MS, error: 24 * HOUR_MS }
/** The contract names no thresholds of its own for schedules: a schedule that is due is work that is queued. */
const DUE = QUEUED
/** From here on the daemon itself calls its delivery worker stale. */
const STALE_WORKER_MS = 2 * MINUTE_MS

const runQueueLag: Signal = {
  id: 'run-queue-lag',
  title: 'Run queue lag',
  source: 'status',
  reads: '`.runs.queued`, `.runs.oldest_queued_run_age_ms`, `.health.warnings[]` with `queued_run_lag`',
  look: onStatus(status => {
    const { queued, oldestQueuedMs } = status.runs
    const wrong = ageContradiction(queued, oldestQueuedMs, 'runs are queued')
    if (wrong !== undefined) return wrong
    const warned = hasWarning(status, 'queued_run_lag')
    if (oldestQueuedMs === null)
      return { grade: warned ? 'warning' : 'ok', says: `nothing is queued${selfWarned(warned)}` }
    return {
      grade: warned && above(oldestQueuedMs, QUEUED) === 'ok' ? 'warning' : above(oldestQueuedMs, QUEUED),
      says: `${queued} queued, the oldest for ${durationText(oldestQueuedMs)}${selfWarned(warned)}`,
    }
  }),
  rules: () => older(QUEUED, ' while its session is busy', OWN_WARNING),
}

const staleActiveRuns: Signal = {
  id: 'stale-active-runs',
  title: 'Stale active runs',
  source: 'status',
  reads:
    '`.runs.running`, `.runs.oldest_non_terminal_run_idle_ms`, `.health.warnings[]` with `stale_non_terminal_runs`',
  look: onStatus(status => {
    const { running, oldestIdleMs } = status.runs
    const wrong = ageContradiction(openRuns(status), oldestIdleMs, 'runs have not ended')
    if (wrong !== undefined) return wrong
    // Runs that wait for a person or a place in the queue have signals of their own.
    if (running === 0 || oldestIdleMs === null) return { grade: 'ok', says: 'no run is active' }
    const warned = selfWarned(hasWarning(status, 'stale_non_terminal_runs'))
    const says = `${running} running; without an event for ${durationText(oldestIdleMs)} at most${warned}`
    return { grade: above(oldestIdleMs, IDLE), says }
  }),
  rules: () => older(IDLE, ' since its last event'),
}

const pendingDecisions: Signal = {
  id: 'pending-decisions',
  title: 'Pending approvals and questions',
  source: 'status',
  reads: '`.runs.waiting_for_approval`, `.runs.waiting_for_user_question`, `.runs.oldest_non_terminal_run_idle_ms`',
  look: onStatus(status => {
    const { waitingForApproval, waitingForQuestion, oldestIdleMs } = status.runs
    const waiting = waitingForApproval + waitingForQuestion
    const wrong = ageContradiction(openRuns(status), oldestIdleMs, 'runs have not ended')
    if (wrong !== undefined) return wrong
    if (waiting === 0 || oldestIdleMs === null) return { grade: 'ok', says: 'nothing waits for a person' }
    // A run that waits has no events, so none of them has waited for longer than the run that is idle for longest.
    const bound = waiting === openRuns(status) ? '' : 'at most '
    const says = `approvals ${waitingForApproval}, questions ${waitingForQuestion}, waiting for ${bound}${durationText(oldestIdleMs)}`
    return { grade: above(oldestIdleMs, PENDING), says }
  }),
  rules: () => older(PENDING),
}

const deliveryDeadLetters: Signal = {
  id: 'delivery-dead-letters',
  title: 'Delivery dead letters',
  source: 'status',
  reads: '`.delivery.unresolved_dead_lettered`',
  look: onStatus(({ delivery: { unresolvedDeadLetters: count } }) => ({
    grade: count > 0 ? 'error' : 'ok',
    says: `${count} unresolved`,
    count,
  })),
  rules: ({ environment }) =>
    environment === 'production'
      ? [{ level: 'page', text: 'one of them, in production', samples: 1, from: 'error' }]
      : [
          { level: 'page', text: 'growing again and again', rises: 2 },
          { level: 'warn', text: 'more of them than before, in staging', rises: 1 },
        ],
}

const deliveryWorker: Signal = {
  id: 'delivery-worker-lag',
  title: 'Delivery worker lag',
  source: 'status',
  reads:
    '`.delivery.worker_lag_ms`, `.delivery.worker_started_at_ms`, `.health.warnings[]` with `delivery_worker_stale`, `delivery_worker_not_running`, `delivery_status_unavailable`',
  look: onStatus(status => {
    const { workerStarted, workerLagMs } = status.delivery
    const down = ['delivery_worker_not_running', 'delivery_status_unavailable'].filter(code => hasWarning(status, code))
    if (down.length > 0) return { grade: 'error', says: down.join(', ') }
    if (!workerStarted)
      return workerLagMs === null
        ? { grade: 'error', says: 'the worker was never started' }
        : { unknown: 'contradiction: a worker that was never started has a lag' }
    if (workerLagMs === null) return { grade: 'warning', says: 'the worker has had no heartbeat yet' }
    const stale = workerLagMs > STALE_WORKER_MS || hasWarning(status, 'delivery_worker_stale')
    return { grade: stale ? 'warning' : 'ok', says: `last heartbeat ${durationText(workerLagMs)} ago` }
  }),
  rules: () => atOnce(`no heartbeat for ${spanText(STALE_WORKER_MS)}`, 'the worker is not running'),
}

const schedulerLag: Signal = {
  id: 'scheduler-lag',
  title: 'Scheduler lag',
  source: 'status',
  reads:
    '`.schedules.due_count`, `.schedules.oldest_due_schedule_lag_ms`, `.health.scheduler_lag_ms`, `.health.warnings[]` with `scheduler_lag`',
  look: onStatus(status => {
    const { due, oldestDueMs, lagMs, dispatching } = status.schedules
    const wrong = ageContradiction(due, oldestDueMs, 'schedules are due')
    if (wrong !== undefined) return wrong
    const worstMs = Math.max(oldestDueMs ?? 0, lagMs ?? 0)
    const warned = hasWarning(status, 'scheduler_lag')
    const off = dispatching ? '' : ', dispatch is switched off'
    return {
      grade: warned && above(worstMs, DUE) === 'ok' ? 'warning' : above(worstMs, DUE),
      says: `${due} due${worstMs > 0 ? `, late by ${durationText(worstMs)}` : ''}${off}${selfWarned(warned)}`,
    }
  }),
  rules: () => older(DUE, '', OWN_WARNING),
}

const eventGaps: Signal = {
  id: 'event-gaps',
  title: 'Event gaps',
  source: 'status',
  reads: '`.events.stream_lagged_event_count`, `.events.replay_gap_count`',
  look: onStatus(({ events: { lostToSlowReaders, replayGaps } }) => ({
    grade: lostToSlowReaders > 0 ? 'warning' : 'ok',
    says: `events lost to slow readers ${lostToSlowReaders}, replays with a gap ${replayGaps}`,
    count: replayGaps,
  })),
  rules: () => [
    { level: 'warn', text: 'events lost to slow readers', samples: 1, from: 'warning' },
    { level: 'warn', text: 'more replays with a gap than before', rises: 1 },
  ],
}

/** What waits, and for how long. */
export const BACKLOG = [
  runQueueLag,
  staleActiveRuns,
  pendingDecisions,
  deliveryDeadLetters,
  deliveryWorker,
  schedulerLag,
  eventGaps,
] as const

function openRuns({ runs }: StatusSignals): number {
  return runs.queued + runs.running + runs.waitingForApproval + runs.waitingForQuestion
}

/** An age is left out when there is nothing that could have one, and only then. */
function ageContradiction(count: number, ageMs: number | null, what: string): Looked | undefined {
  if (count > 0 && ageMs === null) return { unknown: `contradiction: ${count} ${what}, and no age is told` }
  if (count === 0 && ageMs !== null) return { unknown: `contradiction: no ${what}, and an age of ${ageMs} ms is told` }
  return undefined
}

function older({ warning, error }: { warning: number; error: number }, what = '', alsoWarns = '') {
  return atOnce(`older than ${spanText(warning)}${what}${alsoWarns}`, `older than ${spanText(error)}${what}`)
}

const OWN_WARNING = ', or the daemon warns of it itself'
const selfWarned = (warned: boolean) => (warned ? '; the daemon itself warns' : '')
