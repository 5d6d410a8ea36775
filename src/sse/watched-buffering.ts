import { type Buffering, buffered, passes, SMALLEST_BUFFER_BYTES, strongest, unknown } from './buffering.ts'
import type { Tail } from './stream-facts.ts'

/** A stream of a server that is not driven, as it came. All instants by our clock. */
export interface WatchedStream {
  readonly headAtMs: number
  readonly firstByteAtMs: number | undefined
  readonly untilMs: number
  readonly bytes: number
  /** Arrivals of events that are no heartbeats. */
  readonly events: readonly number[]
  readonly heartbeats: readonly number[]
  /** Within which one is to come; undefined where none is asked for. */
  readonly heartbeatWithinMs: number | undefined
  /** Longest silence while an event was there in part; servers write whole ones. */
  readonly stalledInsideMs: number
  /** Known to have something to replay at once. */
  readonly owed: boolean
  /** The newest event, asked for alone. */
  readonly tail: Tail | undefined
}

/** Servers answer with a replay as fast as with a head, but for this. */
const PROMPT_MS = 500
/** A connection, a handshake and a head. */
const SLOW_ANSWER_MS = 1_000
const STALLED_MS = 300
const TOGETHER_MS = 50
/** Heartbeats of idle streams are many seconds apart. */
const LEAST_BEAT_MS = 1_000
const EVEN = 1.5

/**
 * Judges what came by itself. A heartbeat is the only event that is known to follow a silence, so that its coming says most;
 * all else may have other reasons, and is `likely` at best.
 */
export function judgeWatched(watched: WatchedStream): Buffering {
  return strongest([
    ...byHeartbeats(watched),
    ...byParts(watched),
    ...byTail(watched),
    ...byReplay(watched),
    nothingKnown(watched),
  ])
}

function* byHeartbeats({ heartbeats, events, headAtMs }: WatchedStream): Generator<Buffering> {
  const gaps = heartbeats.slice(1).map((at, index) => at - heartbeats[index]!)
  if (gaps.some(gap => gap < LEAST_BEAT_MS)) {
    yield buffered(
      'sure',
      `${heartbeats.length} heartbeats came, two of them ${Math.round(Math.min(...gaps))} ms apart`,
    )
    return
  }
  if (gaps.length > 0 && Math.max(...gaps) <= EVEN * Math.min(...gaps)) {
    yield passes('sure', `${heartbeats.length} heartbeats came, each alone, ${seconds(Math.min(...gaps))} apart`)
    return
  }
  const [first] = heartbeats
  if (first === undefined) return
  const before = events.findLast(at => at <= first)
  const silentMs = first - (before ?? headAtMs)
  if (before !== undefined && silentMs < TOGETHER_MS)
    yield buffered('likely', 'a heartbeat, which follows a silence, came together with an event')
  else yield passes('likely', `a heartbeat of few bytes came alone, ${seconds(silentMs)} after all before it`)
}

function* byParts({ stalledInsideMs }: WatchedStream): Generator<Buffering> {
  if (stalledInsideMs >= STALLED_MS)
    yield buffered('likely', `an event was there in part for ${Math.round(stalledInsideMs)} ms: a buffer ended in it`)
}

function* byReplay({ owed, events, headAtMs, firstByteAtMs, untilMs, bytes }: WatchedStream): Generator<Buffering> {
  if (firstByteAtMs === undefined) {
    if (owed)
      yield buffered('likely', `it has events to replay, and not a byte of them came in ${seconds(untilMs - headAtMs)}`)
    return
  }
  const afterHeadMs = firstByteAtMs - headAtMs
  if (owed && afterHeadMs > PROMPT_MS)
    yield buffered('likely', `the first byte of a replay came ${Math.round(afterHeadMs)} ms after the head`)
  else if (events.length > 0 && afterHeadMs <= PROMPT_MS && bytes < SMALLEST_BUFFER_BYTES)
    yield passes('likely', `${bytes} bytes, less than buffers hold, came at once`)
}

/** An event that more does not follow, so that nothing pushes it on. */
function* byTail({ tail }: WatchedStream): Generator<Buffering> {
  if (tail === undefined) return
  const { bytes, cameMs, waitedMs } = tail
  if (cameMs === undefined)
    yield buffered('likely', `the newest event, asked for alone, did not come in ${seconds(waitedMs)}`)
  else if (cameMs > PROMPT_MS + SLOW_ANSWER_MS)
    yield buffered('likely', `the newest event, asked for alone, came after ${seconds(cameMs)}`)
  else if (bytes < SMALLEST_BUFFER_BYTES)
    yield passes('likely', `the newest event, asked for alone, came in ${seconds(cameMs)}`)
}

function nothingKnown({ firstByteAtMs, headAtMs, untilMs, heartbeatWithinMs }: WatchedStream): Buffering {
  const watchedMs = untilMs - headAtMs
  return firstByteAtMs === undefined && heartbeatWithinMs !== undefined && watchedMs >= heartbeatWithinMs
    ? buffered('likely', `not even a heartbeat came in ${seconds(watchedMs)}`)
    : unknown('too little came to tell')
}

function seconds(milliseconds: number): string {
  return milliseconds < 1_000 ? `${Math.round(milliseconds)} ms` : `${Math.round(milliseconds / 100) / 10} s`
}
