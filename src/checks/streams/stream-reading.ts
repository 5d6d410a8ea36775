import { daemon } from '../../daemon/subjects.ts'
import { type CheckContext, failed, type Judgement, passed } from '../../model/check.ts'
import { type Continuity, continuity } from '../../sse/continuity.ts'
import { readEventId, type SseEvent } from '../../sse/event.ts'
import { dataOf, type History, history, type Opening, reaches, readStream, retainedNow } from '../../suite/streams.ts'

/** One reading of a stream, held against what was to come. */
export interface Reading {
  readonly what: string
  readonly status: number
  readonly contentType: string
  /** Of the first frame. */
  readonly firstHasId: boolean
  /** Events whose data give them another name than the stream does. */
  readonly misnamed: number
  readonly expected: number
  /** Events that are retained and did not come when all of them were asked for, so that nothing can be held against them. */
  readonly unknown: number
  /** It fell silent before all had come. */
  readonly late: boolean
  /** Reasons of gaps that may be told of here. */
  readonly gapsAllowed: readonly string[]
  readonly continuity: Continuity
}

/** What is to be read, and what of it is to come. */
export interface Owed {
  readonly path: string
  readonly what: string
  readonly opening: Opening
  /** Every event of the stream, and those of them behind the cursor. */
  readonly reference: readonly SseEvent[]
  readonly expected: readonly SseEvent[]
  readonly consecutive: boolean
  readonly after?: string
}

/** Reads a stream and holds it against what is owed. @throws what reading strictly throws */
export async function readAgainst(context: CheckContext, owed: Owed): Promise<Reading> {
  const { path, what, opening, reference, expected, consecutive, after } = owed
  const { events: api } = context.target
  const read = await readStream(context, path, opening, reaches(context, expected.at(-1)!.id!, expected.length))
  const heldAgainst = (isDue: (event: SseEvent) => boolean) => {
    const due = expected.filter(isDue)
    return {
      expected: due.length,
      continuity: continuity(read.events, {
        reference: reference.filter(isDue),
        consecutive,
        heartbeat: api.heartbeatEvent,
        gap: api.gapEvent,
        ...(due[0]?.id === undefined ? {} : { expectFirst: due[0].id }),
        ...(after === undefined ? {} : { after }),
      }),
    }
  }
  const whole = heldAgainst(() => true)
  const dropped = whole.continuity.findings.length > 0 && (await droppedSince(context))
  const came = new Set(read.events.map(({ id }) => id))
  return {
    what,
    status: read.status,
    contentType: read.contentType,
    firstHasId: read.events[0]?.id !== undefined,
    misnamed: read.events.filter(({ event, data }) => api.read.name(dataOf(event, data)) !== event).length,
    unknown: unknownIn(context),
    late: read.late,
    // From the beginning a daemon may say that there was more once; never that it was started anew.
    gapsAllowed: after === undefined || dropped !== false ? [api.windowReason] : [],
    ...(dropped === false ? whole : heldAgainst(event => came.has(event.id) || !dropped(event))),
  }
}

/** Which events a daemon that others use has dropped for newer ones since all were read; false for none. */
async function droppedSince(context: CheckContext): Promise<false | ((event: SseEvent) => boolean)> {
  const { oldestId: before } = context.values.get(history).retained
  if (context.values.get(daemon).reached === 'isolated') return false
  const { oldestId } = await retainedNow(context)
  const oldest = oldestId === undefined ? undefined : readEventId(oldestId)
  if (oldest === undefined || oldestId === before) return false
  return ({ id }) => id !== undefined && (readEventId(id) ?? oldest) < oldest
}

/** How many of the events that a daemon says it retains did not come when all were asked for. */
function unknownIn({ target, values }: CheckContext): number {
  const { retained, events }: History = values.get(history)
  const ids = events.flatMap(({ id, event }) => (event === target.events.gapEvent ? [] : (id ?? [])))
  return retained.count - new Set(ids).size
}

export function judgeReading(reading: Reading): Judgement {
  const { status, contentType, firstHasId, misnamed, expected, unknown, late, gapsAllowed, continuity: found } = reading
  if (status !== 200) return failed(`the stream answered ${status}`, { expected: 200, actual: status })
  if (!contentType.startsWith('text/event-stream')) return failed(`its content type is ${contentType || 'missing'}`)
  if (late) return failed(`lost: it fell silent after ${found.events} events`, { expected, actual: found.events })
  const first = found.findings[0]
  const told = { findings: found.findings.map(({ kind, id, detail }) => ({ kind, id: id ?? null, detail })) }
  if (first !== undefined)
    return failed(`${first.kind}: ${first.detail}${first.id === undefined ? '' : ` (${first.id})`}`, { actual: told })
  if (found.events === 0) return failed('not one event came')
  if (!firstHasId) return failed('the first frame has no id')
  if (misnamed > 0) return failed(`${misnamed} events have another name in their data`)
  if (unknown !== 0) return failed(`lost: ${unknown} of all retained events never came`, { actual: unknown })
  const gap = found.gaps.find(({ reason }) => !gapsAllowed.includes(reason))
  if (gap !== undefined) return failed(`the stream tells of a gap: ${gap.reason}`)
  const events = found.events - found.beyond
  return events === expected
    ? passed({ expected, actual: events })
    : failed(`${events} events came`, { expected, actual: events })
}
