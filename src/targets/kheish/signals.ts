import type { SignalsApi } from '../../model/signals.ts'
import { Document } from './document.ts'

const STATES = ['ok', 'warning', 'error'] as const
const EVENTS = ['auth_failure', 'auth_rate_limited', 'cors_origin_rejected', 'cors_origin_rate_limited'] as const

/** A member that the daemon leaves out when there is nothing to tell. */
const countOrNull = (member: Document): number | null => member.optional<number | null>(one => one.count(), null)

/** Service level signals, as status and audit log tell them. */
export const signals: SignalsApi = {
  auditLog: 'control-plane-auth/audit.jsonl',
  read: {
    status(value) {
      const status = new Document(value, 'status')
      const health = status.at('health')
      const storage = status.at('storage')
      const readiness = status.at('provider_readiness')
      const runs = status.at('runs')
      const schedules = status.at('schedules')
      const delivery = status.at('delivery')
      const events = status.at('events')
      const plane = status.at('control_plane')
      return {
        health: {
          ok: health.at('ok').flag(),
          // Left out when empty.
          warnings: health.at('warnings').optional(
            list =>
              list.list().map(warning => ({
                severity: warning.at('severity').oneOf(['info', 'warning', 'error']),
                code: warning.at('code').text(),
              })),
            [],
          ),
        },
        storage: {
          ok: storage.at('ok').flag(),
          probes: storage
            .at('probes')
            .list()
            .map(probe => ({
              name: probe.at('name').text(),
              state: probe.at('state').oneOf(STATES),
              code: probe.at('code').text(),
            })),
        },
        routes: {
          activeReady: readiness.at('active_route_ready').flag(),
          list: readiness
            .at('routes')
            .list()
            .map(route => ({
              id: route.at('route_id').text(),
              active: route.at('active').flag(),
              state: route.at('state').oneOf(STATES),
              code: route.at('code').text(),
            })),
        },
        runs: {
          queued: runs.at('queued').count(),
          running: runs.at('running').count(),
          waitingForApproval: runs.at('waiting_for_approval').count(),
          waitingForQuestion: runs.at('waiting_for_user_question').count(),
          oldestQueuedMs: countOrNull(runs.at('oldest_queued_run_age_ms')),
          oldestIdleMs: countOrNull(runs.at('oldest_non_terminal_run_idle_ms')),
        },
        schedules: {
          due: schedules.at('due_count').count(),
          dispatching: schedules.at('dispatch_worker_enabled').flag(),
          oldestDueMs: countOrNull(schedules.at('oldest_due_schedule_lag_ms')),
          lagMs: countOrNull(health.at('scheduler_lag_ms')),
        },
        delivery: {
          unresolvedDeadLetters: delivery.at('unresolved_dead_lettered').count(),
          workerStarted: delivery.at('worker_started_at_ms').present,
          workerLagMs: countOrNull(delivery.at('worker_lag_ms')),
        },
        events: {
          lostToSlowReaders: events.at('stream_lagged_event_count').count(),
          replayGaps: events.at('replay_gap_count').count(),
        },
        debugLevel: status.at('runtime').at('debug_level').oneOf(['off', 'on', 'redacted', 'full']),
        exposure: {
          authEnabled: plane.at('auth_enabled').flag(),
          bindIsLoopback: plane.at('bind_is_loopback').flag(),
          withoutAuth: plane.at('externally_exposed_without_auth').flag(),
        },
      }
    },

    auditRow(value) {
      const row = new Document(value, 'audit row')
      return {
        atMs: row.at('timestamp_ms').count(),
        event: row.at('event').oneOf(EVENTS),
        method: row.at('method').text(),
        path: row.at('path').text(),
        reason: row.at('reason').text(),
        ...row.at('remote_addr').optional<{ remoteAddr?: string }>(address => ({ remoteAddr: address.text() }), {}),
      }
    },
  },
}
