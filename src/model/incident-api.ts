import type { Json } from './check.ts'

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
  }
  readonly read: {
    task(document: Json): TaskView
    tasks(document: Json): readonly TaskView[]
    taskOutput(document: Json): TaskOutput
  }
}
