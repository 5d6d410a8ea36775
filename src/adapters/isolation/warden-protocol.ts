import type { Exit, ProbeOptions, ProbeResult, View, ViewSpec } from '../../model/instance.ts'

/** What the outside asks the warden. */
export type ToWarden =
  | {
      readonly kind: 'prepare'
      readonly views: readonly (ViewSpec & { readonly work: string })[]
      readonly overlayOptions: readonly string[] | null
      readonly mountProgram: string
      readonly socket: string | null
      /** Without a barrier: what the environment of every process of the instance says. */
      readonly marker: string | null
      readonly port: number
      /** Sockets in the file system, which no network namespace keeps away: covered before anything else runs. */
      readonly hidden: readonly string[]
      /** Where the list for `mount --all` is written. */
      readonly hiddenTable: string
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
  | { readonly kind: 'end' }

/** What the warden tells. Pids are those of its own namespace. */
export type FromWarden =
  | { readonly kind: 'prepared'; readonly pid: number; readonly views: readonly View[] }
  | { readonly kind: 'started'; readonly pid: number }
  | { readonly kind: 'exited'; readonly exit: Exit; readonly droppedBytes: number }
  | { readonly kind: 'probed'; readonly id: number; readonly result: ProbeResult }
  | { readonly kind: 'failed'; readonly message: string }
