import { capture, keptCapture } from '../../model/capture.ts'
import type { ReplaceStyle } from '../../model/replace-file.ts'
import type { Secret } from '../../model/secret.ts'
import type { Turn } from '../../suite/token-rotation.ts'
import type { FileReads } from './file-reads.ts'
import type { LoadReport } from './load.ts'

/** The two that a control plane knows. */
export type Role = 'admin' | 'readonly'

/** What is replaced by what. */
export interface Exchange {
  readonly role: Role
  readonly file: string
  /** Undefined where it was replaced before a break and nobody gave it: no run keeps a token. */
  readonly from: Secret | undefined
  /** Whether the run broke off after the replacement: the file has the new one. */
  readonly replaced: boolean
  readonly to: Secret
  /** Of the other role; it stays. */
  readonly other: Secret
}
export const exchange = capture<Exchange>('exchange', 'which token is replaced by which')

/** On record before the file is touched: after a break it may hold the old token or the new one. */
export const swapBegun = keptCapture<{ readonly file: string; readonly at: string }>(
  'swap-begun',
  'when the replacement of the file began',
)
/** The fact that says when the file held the new token, and with it that it does. */
export const REPLACED_AT = 'rotation.replacedAt'

/** What was seen while it was replaced. Times are counted from the moment at which replacing began. */
export interface Rotation {
  readonly style: ReplaceStyle
  readonly turn: Turn
  /** Requests that the daemon refused, which stand in its audit log. */
  readonly refusals: number
  readonly load: LoadReport
  readonly reads: FileReads
  /** How long the file took. */
  readonly replacedMs: number
  /** From the replacement until it counted, or until nobody waited any longer. */
  readonly waitedMs: number
  readonly withinMs: number
  readonly maxGapMs: number
  readonly firstNewMs: number | undefined
  readonly lastOldMs: number | undefined
  /** What became of an event stream that was opened with the old token. */
  readonly heldStream: string
  readonly otherNames: number
  readonly staleRemoved: number
}
export const rotation = keptCapture<Rotation>('rotation', 'how the token was replaced')
