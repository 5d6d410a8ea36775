import { daemon } from '../daemon/subjects.ts'
import { capture } from '../model/capture.ts'
import type { CheckContext, Json } from '../model/check.ts'
import { RunproofError } from '../model/error.ts'
import type { EventOwner, RetainedEvents, StreamScope } from '../model/events-api.ts'
import { readEventId, type SseEvent } from '../sse/event.ts'
import { readEvents } from '../sse/read-events.ts'
import { ask, askFor, jsonOf } from './ask.ts'

/** A daemon keeps no more than a quarter of a million. */
const MOST_EVENTS = 300_000
/** Of their data together; that many small events have far less. */
const MOST_CHARACTERS = 2 ** 28
const READS = 3

/** What came until the event that was waited for, and what came right after it. */
export interface StreamRead {
  readonly status: number
  readonly contentType: string
  readonly events: readonly SseEvent[]
  /** The event did not come: nothing did for so long that it will not. */
  readonly late: boolean
}

export interface Opening {
  readonly cursor?: string
  readonly lastEventId?: string
}

/** How long a stream may be silent, in milliseconds, where something is owed: what the vendor's own script waits for a frame. */
const SILENCE = { first: 20_000, next: 5_000 }
/** A break that makes a stream silent shortens that silence; the head comes all the same, on a busy machine a little later. */
const HEAD_MS = 5_000

/**
 * Reads an event stream until an event that is waited for has come, the stream ends, or it is silent for too long. Where a
 * replay goes over into what is new, events are repeated most easily: so what the daemon sends before it answers a request
 * that was made after that event is read, too. A heartbeat does not end a silence.
 *
 * @param silence - longest silence before the first and before any other event; never longer than the check's deadline
 * @throws RunproofError TIMEOUT when not even a head comes; what reading strictly throws
 */
export async function readStream(
  context: CheckContext,
  path: string,
  { cursor, lastEventId }: Opening,
  isLast: (event: SseEvent) => boolean,
  silence = SILENCE,
): Promise<StreamRead> {
  const { instance, readonlyToken, adminToken } = context.values.get(daemon)
  const stream = await instance.openStream(withCursor(context, path, cursor), {
    bearer: (readonlyToken ?? adminToken)!,
    ...(lastEventId === undefined ? {} : { headers: { 'last-event-id': lastEventId } }),
    timeoutMs: Math.min(Math.max(context.deadlineMs, HEAD_MS), silence.first),
    signal: context.signal,
  })
  const events: SseEvent[] = []
  const read = (late: boolean): StreamRead => ({
    status: stream.status,
    contentType: stream.headers['content-type'] ?? '',
    events,
    late,
  })
  const quiet = new AbortController()
  const alarm = (afterMs: number) => setTimeout(() => quiet.abort(), Math.min(context.deadlineMs, afterMs))
  let timer = alarm(silence.first)
  let came = false
  let characters = 0
  try {
    if (stream.status !== 200) return read(false)
    const signal = AbortSignal.any([context.signal, quiet.signal])
    for await (const event of readEvents(stream.chunks, { name: path, maxEvents: MOST_EVENTS, signal })) {
      events.push(event)
      characters += event.data.length
      if (characters > MOST_CHARACTERS)
        throw new RunproofError('BODY_TOO_LARGE', `${path} has more than ${MOST_CHARACTERS} characters of data`)
      if (came) continue
      if (isLast(event)) {
        came = true
        answered(context).finally(() => quiet.abort())
      } else if (event.event !== context.target.events.heartbeatEvent) {
        clearTimeout(timer)
        timer = alarm(silence.next)
      }
    }
    return read(false)
  } catch (thrown) {
    if (quiet.signal.aborted && !context.signal.aborted) return read(!came)
    throw thrown
  } finally {
    clearTimeout(timer)
    stream.close()
  }
}

/** Settles when the daemon has answered a request, or has not in time. */
async function answered(context: CheckContext): Promise<void> {
  await ask(context, context.target.http.ready, { bearer: 'none' }).catch(() => {})
}

export function withCursor({ target }: CheckContext, path: string, cursor: string | undefined): string {
  return cursor === undefined ? path : `${path}?${target.events.cursor}=${encodeURIComponent(cursor)}`
}

/**
 * True for the event with this id, or a newer one: what was waited for will not come any more. True as well for the last of
 * so many events, should their ids not be what they were.
 */
export function reaches({ target }: CheckContext, id: string, count: number): (event: SseEvent) => boolean {
  const wanted = readEventId(id)
  let seen = 0
  return event => {
    if (event.id === undefined || event.event === target.events.gapEvent) return false
    seen += 1
    return seen >= count || (wanted !== undefined && (readEventId(event.id) ?? wanted) >= wanted)
  }
}

export function retainedNow(context: CheckContext): Promise<RetainedEvents> {
  const { events, http } = context.target
  return askFor(context, http.status, events.read.retained)
}

/** Everything a daemon had to replay at one moment, and what it said of that. */
export interface History {
  readonly retained: RetainedEvents
  readonly events: readonly SseEvent[]
}

export const history = capture<History>('history', 'the events that the daemon had to replay')

/**
 * Reads all retained events, while none of them is dropped for a newer one.
 *
 * @throws RunproofError ANSWER_MALFORMED when, three times in a row, what is retained changed meanwhile; TIMEOUT when the newest
 *   event does not come; as {@link readStream}
 */
export async function readHistory(context: CheckContext): Promise<History> {
  const { events } = context.target
  const retained = () => retainedNow(context)
  let before = await retained()
  for (let reads = 0; reads < READS; reads += 1) {
    const { newestId } = before
    if (newestId === undefined) return { retained: before, events: [] }
    const isLast = reaches(context, newestId, before.count)
    const read = await readStream(context, events.path('global'), { cursor: '0' }, isLast)
    if (read.late)
      throw new RunproofError('TIMEOUT', `${events.path('global')} fell silent before event ${newestId} came`)
    const after = await retained()
    if (after.oldestId === before.oldestId) {
      const newest = readEventId(newestId) ?? 0n
      return {
        retained: before,
        events: read.events.filter(({ id }) => id === undefined || (readEventId(id) ?? newest) <= newest),
      }
    }
    before = after
  }
  throw new RunproofError('ANSWER_MALFORMED', `events are dropped faster than ${READS} readings of them took`, {
    hint: 'ask while the daemon has less to do, or let it keep more events',
  })
}

function ownerOf({ target }: CheckContext, { event, data }: SseEvent): EventOwner {
  return target.events.read.owner(event, dataOf(event, data))
}

export function dataOf(event: string, data: string): Json {
  return jsonOf(`event ${event}`, data)
}

/** Those of all events that a stream of this scope has to replay. Gaps are no events of anybody. */
export function eventsOf(
  context: CheckContext,
  all: readonly SseEvent[],
  scope: StreamScope,
  id: string,
): readonly SseEvent[] {
  const { gapEvent, heartbeatEvent, runEvents } = context.target.events
  const events = all.filter(({ event }) => event !== gapEvent && event !== heartbeatEvent)
  if (scope === 'global') return events
  if (scope === 'session') return events.filter(one => ownerOf(context, one).sessionId === id)
  return events.filter(one => runEvents.includes(one.event) && ownerOf(context, one).runId === id)
}
