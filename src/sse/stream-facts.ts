import type { ErrorCode } from '../model/error.ts'
import type { Protocol } from '../model/http.ts'
import type { Buffering } from './buffering.ts'
import type { NotedEvent } from './watch-stream.ts'

/** What a server calls things; a server of which nothing is known names neither. */
export interface StreamNames {
  /** Name of the query member that says where to go on. */
  readonly cursor: string | undefined
  readonly heartbeat: string | undefined
  readonly gap: string | undefined
  /** Code of the problem that a malformed cursor is. */
  readonly invalidCursorCode: string | undefined
}

/** No answer, or one that broke off. */
export interface Trouble {
  readonly code: ErrorCode
  readonly message: string
  readonly hint?: string | undefined
}

export interface HeadFacts {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly protocol: Protocol | undefined
  /** Since the stream was asked for. */
  readonly headMs: number
  readonly firstByteMs: number | undefined
}

/** What came, in order. */
export interface Came {
  readonly events: readonly NotedEvent[]
  readonly gaps: readonly NotedEvent[]
  readonly trouble: Trouble | undefined
}

/** A reading from the middle on. */
export interface Resumed {
  readonly what: string
  /** Undefined: not even a head came. */
  readonly status: number | undefined
  /** The id it was to go on behind. */
  readonly after: string
  readonly came: Came
  /** It was silent, or over, before all that was owed had come. */
  readonly late: boolean
}

export interface Refusal {
  readonly what: string
  /** Undefined: not even a head came, as on an idle stream behind some proxies. */
  readonly status: number | undefined
  /** Of the problem document, if there is one. */
  readonly code: string | undefined
}

/** A stream opened with a cursor that no event has. */
export interface Stranger {
  readonly what: 'newer than all' | 'older than all'
  /** Undefined: not even a head came. */
  readonly status: number | undefined
  readonly came: Came
}

/** The newest event alone, asked for by the id before it: nothing comes after it that would push it out of a buffer. */
export interface Tail {
  readonly bytes: number
  /** Since it was asked for; undefined: it did not come in `waitedMs`. */
  readonly cameMs: number | undefined
  readonly waitedMs: number
}

export interface Compressed {
  readonly encoding: string | undefined
  /** Of the events of the first reading, where it is compressed. */
  readonly came: number
  readonly expected: number
}

export interface HeartbeatFacts {
  readonly waitedMs: number
  /** After the last event, or after the head; undefined: none came. */
  readonly afterMs: number | undefined
  readonly id: string | undefined
  /** Events kept coming, so that none was due. */
  readonly busy: boolean
  /** A comment came in its place. */
  readonly comment: boolean
}

/** Everything that was seen of one stream. What is absent was not asked. */
export interface StreamFacts {
  readonly names: StreamNames
  readonly http2Asked: boolean
  /** Without a head. */
  readonly trouble?: Trouble
  readonly head?: HeadFacts
  /** The uninterrupted reading that all others are held against, up to the moment it had fallen silent. */
  readonly control?: Came & { readonly comments: number; readonly bytes: number }
  /** More came than is compared. */
  readonly cutTo?: number
  readonly resumed?: readonly Resumed[]
  readonly tail?: Tail
  readonly refusals?: readonly Refusal[]
  readonly strangers?: readonly Stranger[]
  readonly compressed?: Compressed
  readonly heartbeat?: HeartbeatFacts
  readonly heartbeatWithinMs: number | undefined
  readonly buffering?: Buffering
  /** Arrivals of events that came after the control reading had fallen silent. */
  readonly live?: readonly NotedEvent[]
  /** When it was left, by the clock of the arrivals. */
  readonly untilMs?: number
}
