import type { Json } from './check.ts'
import type { HealthWarning } from './target.ts'

/**
 * What the status of a daemon says of its service level. `null` stands where the daemon leaves a member out because there is
 * nothing to tell; whether that fits the counts beside it is judged, not read.
 */
export interface StatusSignals {
  readonly health: { readonly ok: boolean; readonly warnings: readonly HealthWarning[] }
  readonly storage: {
    readonly ok: boolean
    readonly probes: readonly { readonly name: string; readonly state: ProbeState; readonly code: string }[]
  }
  readonly routes: {
    readonly activeReady: boolean
    readonly list: readonly {
      readonly id: string
      readonly active: boolean
      readonly state: ProbeState
      readonly code: string
    }[]
  }
  readonly runs: {
    readonly queued: number
    readonly running: number
    readonly waitingForApproval: number
    readonly waitingForQuestion: number
    readonly oldestQueuedMs: number | null
    /** Since the last event of the run, not yet ended, that has been without one for longest. */
    readonly oldestIdleMs: number | null
  }
  readonly schedules: {
    readonly due: number
    readonly dispatching: boolean
    readonly oldestDueMs: number | null
    readonly lagMs: number | null
  }
  readonly delivery: {
    readonly unresolvedDeadLetters: number
    readonly workerStarted: boolean
    /** Since the worker's last heartbeat. */
    readonly workerLagMs: number | null
  }
  /** Since the daemon started. */
  readonly events: { readonly lostToSlowReaders: number; readonly replayGaps: number }
  readonly debugLevel: DebugLevel
  readonly exposure: {
    readonly authEnabled: boolean
    readonly bindIsLoopback: boolean
    readonly withoutAuth: boolean
  }
}

export type ProbeState = 'ok' | 'warning' | 'error'
export type DebugLevel = 'off' | 'on' | 'redacted' | 'full'

/** One refused request, or one notice that the limiter began to refuse, in the audit log of the control plane. */
export interface AuditRow {
  readonly atMs: number
  readonly event: 'auth_failure' | 'auth_rate_limited' | 'cors_origin_rejected' | 'cors_origin_rate_limited'
  readonly method: string
  readonly path: string
  readonly reason: string
  /** Address and port it came from; left out where the daemon does not know it. */
  readonly remoteAddr?: string
}

export interface SignalsApi {
  /** The audit log, relative to the state root. It is made at the first refusal. */
  readonly auditLog: string
  readonly read: {
    status(document: Json): StatusSignals
    auditRow(document: Json): AuditRow
  }
}
