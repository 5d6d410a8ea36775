import type { Command } from './command.ts'

export interface RunOptions {
  /** After it the whole process group is killed and the result says `timedOut`. */
  readonly timeoutMs: number
  /** Kept per stream, from its beginning; the rest is read and dropped. Default 1 MiB. */
  readonly maxOutputBytes?: number
  /** Aborting kills the process group and throws INTERRUPTED. */
  readonly signal?: AbortSignal
}

/** What a command did. A non-zero exit is an answer, not an error. */
export interface RunResult {
  /** Null when a signal ended it. */
  readonly exitCode: number | null
  readonly signal: string | null
  readonly timedOut: boolean
  readonly stdout: string
  readonly stderr: string
  readonly stdoutCut: boolean
  readonly stderrCut: boolean
  readonly durationMs: number
}

/** Runs commands of the machine. Nothing is inherited: the environment is the command's own list and a fixed PATH. */
export interface CommandRunner {
  /**
   * @throws RunproofError TOOL_MISSING when the program is not there, INTERRUPTED when `signal` aborts
   */
  run(command: Command, options: RunOptions): Promise<RunResult>
}
