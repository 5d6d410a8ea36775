/** What a program answered to one command line that was meant to make it talk about itself. */
export interface ProgramAnswer {
  /** Null where it was ended by a signal or had to be. */
  readonly status: number | null
  /** Without escape sequences of a terminal and overstrikes; at most 1 MiB of each. */
  readonly stdout: string
  readonly stderr: string
  /** It did not end within its time and was killed. */
  readonly timedOut: boolean
  /** It printed more than was kept. */
  readonly truncated: boolean
}

/**
 * A program that is asked for its help, where it can do no harm. Whoever asks never passes a command line without a word.
 * Released: nothing of it runs any more, and what it wrote is gone.
 */
export interface AskedProgram extends AsyncDisposable {
  /** The file that runs, links followed. */
  readonly path: string
  readonly sha256: string
  /** What holds it: `none` where this machine has neither and the operator allowed it. */
  readonly sandbox: 'bubblewrap' | 'namespaces' | 'none'
  /** Answers in the order of the questions; several may be asked at once. */
  ask(questions: readonly (readonly [string, ...string[]])[]): Promise<readonly ProgramAnswer[]>
  /** What it did besides answering: files written, ports listened on, processes left; one sentence each. */
  sideEffects(): Promise<readonly string[]>
}
