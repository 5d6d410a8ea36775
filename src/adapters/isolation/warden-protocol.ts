import type { Exit, ProbeOptions, ProbeResult, View, ViewSpec } from '../../model/instance.ts'

/** What of the file system stays within reach. Absolute paths; those that do not exist are passed over. */
export interface Seclusion {
  /** Shown empty and private. */
  readonly homes: readonly string[]
  readonly readable: readonly string[]
  readonly writable: readonly string[]
  /** Sockets that listened before the start. */
  readonly sockets: readonly string[]
  /** Lead to 127.0.0.1. */
  readonly names: readonly string[]
}

/** What the outside asks the warden. */
export type ToWarden =
  | {
      readonly kind: 'prepare'
      readonly views: readonly (ViewSpec & { readonly work: string })[]
      readonly overlayOptions: readonly string[] | null
      readonly mountProgram: string
      /** Where the list for it is written. */
      readonly mountTable: string
      /** Sockets outside, and the ports inside that they lead to. */
      readonly carry: readonly { readonly socket: string; readonly port: number }[]
      /** Without a barrier: what the environment of every process of the instance says. */
      readonly marker: string | null
      readonly seclusion: Seclusion | null
    }
  | {
      readonly kind: 'start'
      readonly argv: readonly string[]
      readonly env: Readonly<Record<string, string>>
      readonly cwd: string
      readonly stdin: string
      readonly stdoutFile: string
      readonly stderrFile: string
      readonly maxLogBytes: number
    }
  | { readonly kind: 'signal'; readonly signal: 'SIGTERM' | 'SIGKILL' }
  | { readonly kind: 'probe'; readonly id: number; readonly options: ProbeOptions }
  /** Answered with a listening server, which is handed over and not kept. */
  | { readonly kind: 'listen'; readonly id: number }
  | { readonly kind: 'end' }

/** What the warden tells. Pids are those of its own namespace. */
export type FromWarden =
  | {
      readonly kind: 'prepared'
      readonly pid: number
      readonly views: readonly View[]
      readonly uncovered: readonly string[]
    }
  | { readonly kind: 'started'; readonly pid: number }
  | { readonly kind: 'exited'; readonly exit: Exit; readonly droppedBytes: number }
  | { readonly kind: 'probed'; readonly id: number; readonly result: ProbeResult }
  | { readonly kind: 'listening'; readonly id: number }
  | { readonly kind: 'failed'; readonly message: string }
