import type { StatusSignals } from '../../model/signals.ts'
import type { Sample } from '../sample.ts'

/** What an idle daemon with one route says. */
export const healthyStatus: StatusSignals = {
  health: { ok: true, warnings: [{ severity: 'info', code: 'event_replay_cursor_gaps' }] },
  storage: { ok: true, probes: [{ name: 'state_root', state: 'ok', code: 'write_probe_ok' }] },
  routes: { activeReady: true, list: [{ id: 'main', active: true, state: 'ok', code: 'route_auth_ready' }] },
  runs: {
    queued: 0,
    running: 0,
    waitingForApproval: 0,
    waitingForQuestion: 0,
    oldestQueuedMs: null,
    oldestIdleMs: null,
  },
  schedules: { due: 0, dispatching: true, oldestDueMs: null, lagMs: null },
  delivery: { unresolvedDeadLetters: 0, workerStarted: true, workerLagMs: 23 },
  events: { lostToSlowReaders: 0, replayGaps: 0 },
  debugLevel: 'off',
  exposure: { authEnabled: true, bindIsLoopback: true, withoutAuth: false },
}

const BEGIN = Date.parse('2026-11-22T07:00:00.000Z')

/** A sample some time after the first one, with parts of its status or of itself changed. */
export function sampleAt(afterMs: number, status: Partial<StatusSignals> = {}, rest: Partial<Sample> = {}): Sample {
  return {
    at: new Date(BEGIN + afterMs).toISOString(),
    readiness: { status: 200, ownWords: true, error: null },
    status: { facts: { ...healthyStatus, ...status } },
    audit: { facts: { authRateLimited: [0, 0, 0], corsRateLimited: [0, 0, 0], refusals: 0, ours: 0, whole: true } },
    disk: {
      facts: { totalBytes: 1000, freeBytes: 600, availableBytes: 550, inodes: 100, freeInodes: 90 },
    },
    ...rest,
  }
}
