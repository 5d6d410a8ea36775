import { capture } from '../model/capture.ts'
import type { StatusView } from '../model/target.ts'
import type { Artefact } from './facts.ts'

/** What is backed up, and what belongs beside it. Paths are absolute; what was not named is undefined. */
export interface Deployment {
  readonly stateRoot: string
  readonly workspaceRoot: string | undefined
  /** A file in the workspace whose content must survive, relative. */
  readonly sentinel: string | undefined
  readonly binary: string | undefined
  readonly routesFile: string | undefined
  readonly masterKeyFile: string | undefined
  readonly adminTokenFile: string | undefined
  readonly readonlyTokenFile: string | undefined
  readonly connectorsConfig: string | undefined
  readonly mcpConfig: string | undefined
  readonly hooksFile: string | undefined
  readonly skillRoots: readonly string[]
  /** Where the set of archives goes. */
  readonly outDir: string
  /** Where counterproofs make their copies: never beside the source. */
  readonly scratchDir: string
}
export const deployment = capture<Deployment>('deployment', 'what is backed up, and what belongs beside it')

/** A source that runs and that its operator's commands stop and start. */
export interface LiveSource {
  readonly binary: string
  readonly baseUrl: string
  readonly adminTokenFile: string
  readonly stopCommand: readonly [string, ...string[]]
  readonly startCommand: readonly [string, ...string[]]
  readonly stopMs: number
  readonly startMs: number
  /** The same for every run on the same state root: one source has one notice. */
  readonly noticeId: string
}
export const live = capture<LiveSource>('live', 'how the running source is asked, stopped and started')

/** The status of a running source before anything was done to it. */
export const statusBefore = capture<StatusView>('status-before', 'status of the source before it was stopped')

export const artefacts = capture<readonly Artefact[]>('artefacts', 'what a recovery needs besides the archives')

/** By the monotonic clock, in milliseconds. */
export const stoppedAtMs = capture<number>('stopped-at', 'when the source was about to be stopped')
