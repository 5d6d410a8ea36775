import { withProxy } from '../../daemon/break.ts'
import {
  type Check,
  type CheckContext,
  defineCheck,
  failed,
  passed,
  type SubjectCounterproof,
} from '../../model/check.ts'
import type { StreamScope } from '../../model/events-api.ts'
import type { StreamFault } from '../../model/interposer.ts'
import { continuity } from '../../sse/continuity.ts'
import type { SseEvent } from '../../sse/event.ts'
import { type SubjectRun, subjectRun } from '../../suite/probe-run.ts'
import { eventsOf, type History, history, type Opening } from '../../suite/streams.ts'
import { judgeReading, type Reading, readAgainst } from './stream-reading.ts'

/** A cursor between others needs one event at least on either side. */
const FEWEST = 4

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
      const all = { reference: expected, expected, consecutive: scope === 'global' }
      return readAgainst(context, { path, what: 'the beginning', opening: { cursor: '0' }, ...all })
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
      {
        id: `replay-${scope}-last-again`,
        breaks:
          'the last event comes again, as from a daemon that listens for new events before it has replayed the old ones',
        because: /repeated/,
        subject: (context, disposal) =>
          withProxy(context, disposal, { stream: { repeatEvent: streamOf(context, scope).expected.length } }),
      },
      ...(scope === 'global' ? [buffered(scope)] : [foreign(scope)]),
    ],
  })
}

/** From a cursor, given in the query, in the header or in both, a stream goes on with the very next event. */
export function streamResumes(scope: StreamScope): Check<readonly Reading[]> {
  return defineCheck<readonly Reading[]>({
    id: `resume-${scope}`,
    title: `${TITLES[scope]} goes on right after a cursor, a Last-Event-ID, and the larger of both`,
    ...(scope === 'global' ? { covers: ['7.2/12'] } : {}),
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
      const rest = { reference: expected, expected: suffix, consecutive: scope === 'global', after: middle }
      return Promise.all(openings.map(([what, opening]) => readAgainst(context, { path, what, opening, ...rest })))
    },

    judge(readings) {
      if (readings.length === 0) return failed('nothing was read')
      for (const reading of readings) {
        const judgement = judgeReading(reading)
        const { expected, actual } = judgement
        if (judgement.outcome === 'failed')
          return failed(`after ${reading.what}: ${judgement.reason}`, { expected, actual })
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
        because: /fell silent after 0 events/,
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

function misbehaving(id: string, breaks: string, stream: StreamFault, because: RegExp): SubjectCounterproof {
  return { id, breaks, because, subject: (context, scope) => withProxy(context, scope, { stream }) }
}

/** What a proxy does that collects an answer before it passes it on. */
function buffered(scope: StreamScope): SubjectCounterproof {
  return {
    id: `replay-${scope}-buffered`,
    breaks: 'a proxy holds the stream back until it has a megabyte of it',
    because: /fell silent after 0 events/,
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
