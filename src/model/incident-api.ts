import type { Json } from './check.ts'

/** What a session is at. */
export interface SessionState {
  readonly status: string
  /** Something of it runs, or waits for somebody. */
  readonly busy: boolean
}

/** A page of a list. */
export interface Page {
  readonly items: readonly Json[]
  /** Of the whole list. */
  readonly total: number
  /** Undefined on the last one. */
  readonly next: string | undefined
}

/** Something that runs beside a session, such as a shell command. */
export interface TaskView {
  readonly id: string
  readonly status: string
  readonly ended: boolean
}

export interface TaskOutput {
  readonly text: string
  readonly totalBytes: number
  /** Less than all of it is in `text`. */
  readonly truncated: boolean
}

/** What debug capture has kept of a run: names and sizes, never what stands in it. */
export interface Captured {
  readonly artifacts: readonly string[]
}

/** What an incident is looked at through: the calls, and strict readers of what they answer. */
export interface IncidentApi {
  readonly paths: {
    sessionEvents(id: string): string
    tasks(sessionId: string): string
    task(sessionId: string, taskId: string): string
    taskOutput(sessionId: string, taskId: string, tailBytes: number): string
    runEvents(id: string): string
    /** Deliveries that outputs of a run became. */
    deliveries(runId: string): string
    /** What was captured of a run. */
    debug(runId: string): string
    readonly debugLevel: string
    runsOf(sessionId: string): string
    /** A page of all runs, the newest first, as large as the daemon gives them. */
    newestRuns(cursor?: string): string
    connector(kind: string, name: string): string
    readonly hooks: string
  }
  /** What a model is told so that it leaves a shell command running beside its run. */
  leaveShell(command: string): string
  /** Sets the level of debug capture. */
  debugLevel(level: string): Json
  /** Code of the refusal where nothing was captured of a run. */
  readonly nothingCaptured: string
  /** Where debug capture keeps its files, relative to the state root. */
  readonly debugDir: string
  readonly read: {
    page(document: Json): Page
    /** Of the doctor: whether a page of that origin may use the daemon; undefined where it did not look. */
    originAllowed(document: Json): boolean | undefined
    session(document: Json): SessionState
    /** The configuration of hooks, as a file of it has it. */
    hooks(document: Json): Json
    /** Of the status: how many shell commands run on beside the runs that started them. */
    liveShells(document: Json): number
    task(document: Json): TaskView
    tasks(document: Json): readonly TaskView[]
    taskOutput(document: Json): TaskOutput
    captured(document: Json): Captured
  }
}
