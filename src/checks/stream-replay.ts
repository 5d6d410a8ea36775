import { withProxy } from '../daemon/break.ts'
import {
  type Check,
  type CheckContext,
  defineCheck,
  failed,
  type Judgement,
  passed,
  type SubjectCounterproof,
} from '../model/check.ts'
import type { StreamScope } from '../model/events-api.ts'
import type { StreamFault } from '../model/interposer.ts'
import { type Continuity, continuity } from '../sse/continuity.ts'
import type { SseEvent } from '../sse/event.ts'
import { type SubjectRun, subjectRun } from '../suite/probe-run.ts'
import { dataOf, eventsOf, type History, history, type Opening, reaches, readStream } from '../suite/streams.ts'

/** A cursor between others needs one event at least on either side. */
const FEWEST = 4

/** One reading of a stream, held against what was to come. */
interface Reading {
  readonly what: string
  readonly status: number
  readonly contentType: string
  /** Of the first frame. */
  readonly firstHasId: boolean
  /** Events whose data give them another name than the stream does. */
  readonly misnamed: number
  readonly expected: number
  readonly continuity: Continuity
}

const TITLES: Readonly<Record<StreamScope, string>> = {
  global: 'The global stream',
  session: 'The stream of a session',
  run: 'The stream of a run',
}

const COVERS: Readonly<Record<StreamScope, readonly string[]>> = {
  global: ['7.2/9', '7.3/12', '9.A/12'],
  session: ['7.2/10', '7.3/13', '9.A/12'],
  run: ['7.2/11', '7.3/14', '9.A/12'],
}

/** From the beginning, a stream gives every event that is its own, as it was, in order, and no other one. */
export function streamReplays(scope: StreamScope): Check<Reading> {
  return defineCheck<Reading>({
    id: `replay-${scope}`,
    title: `${TITLES[scope]} replays all that is retained, in order, each event once, and nothing else`,
    covers: COVERS[scope],
    untested: context => nothingRetained(context, scope, 1),

    async probe(context) {
      const { path, expected } = streamOf(context, scope)
      return readAgainst(context, path, 'cursor=0', { cursor: '0' }, expected, expected, scope === 'global')
    },
    judge: judgeReading,

    counterproofs: [
      {
        id: `replay-${scope}-empty`,
        breaks: 'nothing comes',
        because: /empty/,
        observation: observed => ({ ...observed, continuity: continuity([]) }),
      },
      {
        id: `replay-${scope}-page`,
        breaks: 'the answer is a page',
        because: /content type/,
        observation: observed => ({ ...observed, contentType: 'text/html' }),
      },
      {
        id: `replay-${scope}-heartbeat-first`,
        breaks: 'the first frame has no id',
        because: /first frame/,
        observation: observed => ({ ...observed, firstHasId: false }),
      },
      misbehaving(`replay-${scope}-lost`, 'an event is lost on the way', { dropEvent: 2 }, /lost/),
      misbehaving(`replay-${scope}-repeated`, 'an event comes twice', { repeatEvent: 2 }, /repeated/),
      misbehaving(`replay-${scope}-swapped`, 'two events change places', { swapEvents: 1 }, /reordered|wrong-first/),
      misbehaving(`replay-${scope}-rounded`, 'ids pass through numbers of 53 bits', { roundIds: true }, ROUNDED),
      ...(scope === 'global' ? [buffered(scope)] : [foreign(scope)]),
    ],
  })
}

/** From a cursor, given in the query, in the header or in both, a stream goes on with the very next event. */
export function streamResumes(scope: StreamScope): Check<readonly Reading[]> {
  return defineCheck<readonly Reading[]>({
    id: `resume-${scope}`,
    title: `${TITLES[scope]} goes on right after a cursor, a Last-Event-ID, and the larger of both`,
    untested: context => nothingRetained(context, scope, FEWEST),

    async probe(context) {
      const { path, expected } = streamOf(context, scope)
      const at = Math.floor(expected.length / 2)
      const [low, middle] = [expected[Math.floor(at / 2)]!.id!, expected[at]!.id!]
      const openings: readonly (readonly [string, Opening])[] = [
        ['a cursor', { cursor: middle }],
        ['a Last-Event-ID', { lastEventId: middle }],
        ['a larger Last-Event-ID', { cursor: low, lastEventId: middle }],
        ['a larger cursor', { cursor: middle, lastEventId: low }],
      ]
      const suffix = expected.slice(at + 1)
      return Promise.all(
        openings.map(([what, opening]) =>
          readAgainst(context, path, what, opening, expected, suffix, scope === 'global', middle),
        ),
      )
    },

    judge(readings) {
      if (readings.length === 0) return failed('nothing was read')
      for (const reading of readings) {
        const judgement = judgeReading(reading)
        if (judgement.outcome === 'failed') return failed(`after ${reading.what}: ${judgement.reason}`, judgement)
      }
      return passed({ actual: { readings: readings.length, events: readings[0]!.continuity.events } })
    },

    counterproofs: [
      {
        id: `resume-${scope}-unread`,
        breaks: 'nothing was read',
        because: /nothing was read/,
        observation: () => [],
      },
      {
        id: `resume-${scope}-too-early`,
        breaks: 'one reading begins with the event of its cursor',
        because: /not-after-cursor/,
        observation: readings => [
          { ...readings[0]!, continuity: continuity([EVENT, { ...EVENT, id: '8' }], { after: '7' }) },
          ...readings.slice(1),
        ],
      },
      misbehaving(`resume-${scope}-lost`, 'the first event is lost on the way', { dropEvent: 1 }, /lost|wrong-first/),
      misbehaving(`resume-${scope}-rounded`, 'ids pass through numbers of 53 bits', { roundIds: true }, ROUNDED),
      {
        id: `resume-${scope}-header-dropped`,
        breaks: 'a proxy drops Last-Event-ID, so that nothing is replayed',
        expects: 'TIMEOUT',
        deadlineMs: 700,
        subject: (context, scope_) => withProxy(context, scope_, { dropHeader: 'last-event-id' }),
      },
    ],
  })
}

const ROUNDED = /id-rounded|not-in-replay|not-after-cursor|wrong-first|repeated/
const EVENT: SseEvent = { id: '7', event: 'output', data: '{}' }

/** The path of a stream, and every event on it. */
function streamOf(context: CheckContext, scope: StreamScope): { path: string; expected: readonly SseEvent[] } {
  const { values, target } = context
  const run = values.find(subjectRun)
  const id = scope === 'global' ? '' : scope === 'session' ? run!.sessionId : run!.runId
  return { path: target.events.path(scope, id), expected: eventsOf(context, values.get(history).events, scope, id) }
}

/** Why a stream has nothing to show, or undefined. */
function nothingRetained(context: CheckContext, scope: StreamScope, fewest: number): string | undefined {
  const run: SubjectRun | undefined = context.values.find(subjectRun)
  const { retained }: History = context.values.get(history)
  if (retained.count === 0) return 'no-events: the daemon retains none'
  if (scope !== 'global' && run === undefined) return 'no-events: there is no run yet'
  const { expected } = streamOf(context, scope)
  if (expected.length === 0) return `no-events: none that is retained belongs to this ${scope}`
  return expected.length < fewest ? `no-events: ${expected.length} are too few to go on in the middle of` : undefined
}

async function readAgainst(
  context: CheckContext,
  path: string,
  what: string,
  opening: Opening,
  reference: readonly SseEvent[],
  expected: readonly SseEvent[],
  consecutive: boolean,
  after?: string,
): Promise<Reading> {
  const { events: api } = context.target
  const read = await readStream(context, path, opening, reaches(expected.at(-1)!.id!, expected.length))
  return {
    what,
    status: read.status,
    contentType: read.contentType,
    firstHasId: read.events[0]?.id !== undefined,
    misnamed: read.events.filter(({ event, data }) => api.read.name(dataOf(event, data)) !== event).length,
    expected: expected.length,
    continuity: continuity(read.events, {
      reference,
      consecutive,
      expectFirst: expected[0]!.id!,
      heartbeat: api.heartbeatEvent,
      gap: api.gapEvent,
      ...(after === undefined ? {} : { after }),
    }),
  }
}

function judgeReading({ status, contentType, firstHasId, misnamed, expected, continuity: found }: Reading): Judgement {
  if (status !== 200) return failed(`the stream answered ${status}`, { expected: 200, actual: status })
  if (!contentType.startsWith('text/event-stream')) return failed(`its content type is ${contentType || 'missing'}`)
  const first = found.findings[0]
  const told = { findings: found.findings.map(({ kind, id, detail }) => ({ kind, id: id ?? null, detail })) }
  if (first !== undefined)
    return failed(`${first.kind}: ${first.detail}${first.id === undefined ? '' : ` (${first.id})`}`, { actual: told })
  if (found.events === 0) return failed('not one event came')
  if (!firstHasId) return failed('the first frame has no id')
  if (misnamed > 0) return failed(`${misnamed} events have another name in their data`)
  const gap = found.gaps[0]
  if (gap !== undefined) return failed(`the stream tells of a gap: ${gap.reason}`)
  const events = found.events - found.beyond
  return events === expected
    ? passed({ expected, actual: events })
    : failed(`${events} events came`, { expected, actual: events })
}

function misbehaving(id: string, breaks: string, stream: StreamFault, because: RegExp): SubjectCounterproof {
  return { id, breaks, because, subject: (context, scope) => withProxy(context, scope, { stream }) }
}

/** What a proxy does that collects an answer before it passes it on. */
function buffered(scope: StreamScope): SubjectCounterproof {
  return {
    id: `replay-${scope}-buffered`,
    breaks: 'a proxy holds the stream back until it has a megabyte of it',
    expects: 'TIMEOUT',
    deadlineMs: 700,
    subject: (context, disposal) => withProxy(context, disposal, { stream: { buffer: 2 ** 20 } }),
  }
}

/** The whole stream in place of one that is filtered: what a filter does that lets everything pass. */
function foreign(scope: StreamScope): SubjectCounterproof {
  return {
    id: `replay-${scope}-foreign`,
    breaks: 'the stream gives events of others, too',
    because: /not-in-replay|wrong-first/,
    subject: (context, disposal) =>
      withProxy(context, disposal, { redirect: { from: streamOf(context, scope).path, to: GLOBAL(context) } }),
  }
}

const GLOBAL = ({ target }: CheckContext) => target.events.path('global')
