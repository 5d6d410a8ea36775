import type { Json } from './check.ts'

export type StreamScope = 'global' | 'session' | 'run'

/** What a daemon still has to replay. Ids are 64 bits wide and therefore text. */
export interface RetainedEvents {
  readonly count: number
  readonly oldestId: string | undefined
  readonly newestId: string | undefined
}

/** Whose an event is. */
export interface EventOwner {
  readonly sessionId: string | undefined
  readonly runId: string | undefined
}

export interface GapView {
  readonly reason: string
  readonly scope: string
  /** The id to go on from. */
  readonly resumeAfterId: string
}

/** Event streams: where they are, and what their events say of themselves. */
export interface EventsApi {
  /** @param id - of the session or run; none for the global stream */
  path(scope: StreamScope, id?: string): string
  /** Name of the query member that says where to go on; the header is the standard's. */
  readonly cursor: string
  readonly invalidCursorCode: string
  readonly gapEvent: string
  readonly heartbeatEvent: string
  /** Reasons of the gap that a restart made, and of the one that newer events made. */
  readonly restartReason: string
  readonly windowReason: string
  /** Names of events that the stream of a run carries; others may concern it and are not on it. */
  readonly runEvents: readonly string[]
  readonly read: {
    retained(status: Json): RetainedEvents
    owner(event: string, data: Json): EventOwner
    gap(data: Json): GapView
    /** The name that the data of an event give it. */
    name(data: Json): string
  }
}
