import { withProxy } from '../../daemon/break.ts'
import { type Ran, refused } from '../../daemon/client.ts'
import { ROUTE_SLOT } from '../../daemon/make-site.ts'
import { type CheckContext, defineCheck, failed, passed } from '../../model/check.ts'
import type { GapView } from '../../model/events-api.ts'
import type { Exit } from '../../model/instance.ts'
import type { RunDetail } from '../../model/runs-api.ts'
import { type Continuity, continuity } from '../../sse/continuity.ts'
import { readEventId, type SseEvent } from '../../sse/event.ts'
import { ask, askFor } from '../../suite/ask.ts'
import { probeRun } from '../../suite/probe-run.ts'
import { restart } from '../../suite/restart.ts'
import { asAdmin } from '../../suite/revocations.ts'
import { dataOf, reaches, readStream } from '../../suite/streams.ts'

interface Gapped {
  /** The cursor from before the restart, and the first id there is since. */
  readonly cursor: string
  readonly first: string
  /** What the first frame says; undefined where it is no gap. */
  readonly gap: GapView | undefined
  readonly reason: string
  readonly gapId: string | undefined
  /** What comes from that cursor, and from the beginning. */
  readonly fromCursor: Continuity
  readonly fromZero: Continuity
  readonly expected: number
}

/** A client that was away while the daemon restarted is told what it can't be given any more, and then gets the rest. */
export const restartGap = defineCheck<Gapped>({
  id: 'restart-gap',
  title: 'A cursor from before a restart is answered with a gap that says so, and then with all there is since',

  async probe(context) {
    const { before, after } = context.values.get(restart)
    const { events: api } = context.target
    const cursor = before.newestId!
    const path = api.path('global')
    const last = () => reaches(context, after.retained.newestId!, after.events.length)
    // The gap of a restart has the id before the first one, which no cursor of before has reached.
    const [gapped, whole] = await Promise.all([
      readStream(context, path, { cursor }, last()),
      readStream(context, path, { cursor: '0' }, last()),
    ])
    const [firstFrame] = gapped.events
    const isGap = firstFrame?.event === api.gapEvent
    return {
      cursor,
      first: after.retained.oldestId!,
      gap: isGap ? api.read.gap(dataOf(api.gapEvent, firstFrame.data)) : undefined,
      reason: api.restartReason,
      gapId: isGap ? firstFrame.id : undefined,
      fromCursor: judged(context, gapped.events, after.events),
      fromZero: judged(context, whole.events, after.events),
      expected: after.events.length,
    }
  },

  judge({ cursor, first, gap, reason, gapId, fromCursor, fromZero, expected }) {
    const [before, since] = [readEventId(cursor), readEventId(first)]
    if (before === undefined || since === undefined || since <= before)
      return failed('ids did not go on after the restart', { expected: `more than ${cursor}`, actual: first })
    if (gap === undefined) return failed('the stream begins without a gap')
    if (gap.reason !== reason) return failed('the gap has another reason', { expected: reason, actual: gap.reason })
    const resume = String(since - 1n)
    if (gap.resumeAfterId !== resume || gapId !== resume)
      return failed('the gap names another id to go on from', { expected: resume, actual: gap.resumeAfterId })
    const told = fromZero.gaps[0]
    if (told !== undefined) return failed(`a stream from the beginning tells of a gap: ${told.reason}`)
    for (const read of [fromCursor, fromZero]) {
      const finding = read.findings[0]
      if (finding !== undefined) return failed(`${finding.kind}: ${finding.detail}`)
      if (read.events - read.beyond !== expected)
        return failed('not all that came since is replayed', { expected, actual: read.events })
    }
    return passed({ actual: { ...gap, events: expected } })
  },

  counterproofs: [
    {
      id: 'gap-of-another-kind',
      breaks: 'the gap says that events were dropped for newer ones',
      because: /another reason/,
      observation: observed => ({ ...observed, gap: { ...observed.gap!, reason: 'replay_window' } }),
    },
    {
      id: 'ids-begin-anew',
      breaks: 'ids begin anew after the restart',
      because: /did not go on/,
      observation: observed => ({ ...observed, first: '1' }),
    },
    {
      id: 'gap-swallowed',
      breaks: 'the gap never comes out',
      because: /without a gap/,
      subject: (context, scope) => withProxy(context, scope, { stream: { swallow: context.target.events.gapEvent } }),
    },
    {
      id: 'first-event-lost',
      breaks: 'the first event after the gap is lost',
      because: /lost|wrong-first|not all/,
      subject: (context, scope) => withProxy(context, scope, { stream: { dropEvent: 2 } }),
    },
  ],
})

function judged(context: CheckContext, read: readonly SseEvent[], reference: readonly SseEvent[]): Continuity {
  const { gapEvent: gap, heartbeatEvent: heartbeat } = context.target.events
  return continuity(read, { reference, consecutive: true, gap, heartbeat })
}

interface Kept {
  readonly exit: Exit
  readonly recordsBefore: Ran<string>
  readonly recordsAfter: Ran<string>
  readonly run: RunDetail
  readonly marker: string
  /** Status of asking for the slot of the route, which a daemon that forgot it would refuse as well. */
  readonly slot: number
}

/** What was done before a restart is known after it, to the byte. */
export const workKept = defineCheck<Kept>({
  id: 'work-kept',
  title:
    'After a proper stop and a start the slot is there, the run is still completed, with its marker, and its signed records are the same to the byte',

  async probe(context) {
    const { exit, recordsBefore, recordsAfter } = context.values.get(restart)
    const { runId, marker } = context.values.get(probeRun)
    const { runs, access } = context.target
    const run = await askFor(context, runs.paths.run(runId), runs.read.run)
    const { status: slot } = await ask(context, access.paths.slot(ROUTE_SLOT), asAdmin(context))
    return { exit, recordsBefore, recordsAfter, run, marker, slot }
  },

  judge({ exit, recordsBefore, recordsAfter, run, marker, slot }) {
    const stopped = exit.signal === null ? exit.exitCode === 0 || exit.exitCode === 143 : exit.signal === 'SIGTERM'
    if (!stopped) return failed(`it broke down while it stopped: ${exit.signal ?? `exit ${exit.exitCode}`}`)
    if (slot !== 200) return failed(`the slot of the route gave ${slot}`, { expected: 200, actual: slot })
    for (const ran of [recordsBefore, recordsAfter])
      if (ran.exitCode !== 0 || ran.view === undefined) return refused('runs external-actions', ran)
    if (recordsBefore.view === '[]') return failed('there was no record that could be kept')
    if (recordsAfter.view !== recordsBefore.view) return failed('the signed records are other ones')
    if (run.status !== 'completed') return failed(`the run is ${run.status} now`)
    return run.outputs.some(output => output.includes(marker))
      ? passed({ actual: { characters: recordsAfter.view!.length } })
      : failed('the run has lost its output')
  },

  counterproofs: [
    {
      id: 'broke-down',
      breaks: 'it crashed when it was asked to stop',
      because: /broke down/,
      observation: observed => ({ ...observed, exit: { exitCode: null, signal: 'SIGSEGV' } }),
    },
    {
      id: 'slot-lost',
      breaks: 'the slot of the route is gone',
      because: /the slot of the route gave 404/,
      subject: (context, scope) =>
        withProxy(context, scope, {
          answer: { status: 404, headers: {}, body: '', paths: [context.target.access.paths.slot(ROUTE_SLOT)] },
        }),
    },
    {
      id: 'record-changed',
      breaks: 'one record is another one',
      because: /other ones/,
      observation: observed => ({
        ...observed,
        recordsAfter: { ...observed.recordsAfter, view: observed.recordsAfter.view!.replace('request', 'Request') },
      }),
    },
    {
      id: 'no-records',
      breaks: 'there was no record before',
      because: /no record/,
      observation: observed => ({ ...observed, recordsBefore: { ...observed.recordsBefore, view: '[]' } }),
    },
    {
      id: 'output-lost',
      breaks: 'the daemon has forgotten the output',
      because: /lost its output/,
      subject: (context, scope) => {
        const { marker } = context.values.get(probeRun)
        return withProxy(context, scope, { rewriteBody: (_, text) => text.replaceAll(marker, '') })
      },
    },
  ],
})
