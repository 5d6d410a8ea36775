import { randomBytes } from 'node:crypto'
import { client, type Ran } from '../daemon/client.ts'
import { daemon } from '../daemon/subjects.ts'
import { capture } from '../model/capture.ts'
import type { CheckContext, Json } from '../model/check.ts'
import { RunproofError } from '../model/error.ts'
import type { RunDetail, RuntimeView, SessionView } from '../model/runs-api.ts'
import { ask, askFor, jsonOf } from './ask.ts'
import { providerRequests, withoutProvider } from './provider.ts'

const POLL_MS = { first: 10, most: 250 }
const MOST_OUTPUT_TOKENS = '64'
const NEWEST = 50

/** A run that checks look at. */
export interface SubjectRun {
  readonly sessionId: string
  readonly agentId: string
  readonly runId: string
}

type Route = RuntimeView['routes'][number]

export const subjectRun = capture<SubjectRun | undefined>('run', 'the run that is looked at')

/** A run that was made to be looked at. */
export interface ProbeRun extends SubjectRun {
  /** What the model was asked to say, and nobody else says. */
  readonly marker: string
  readonly route: Route
  /** How many requests the provider beside the daemon had seen before; zero without one. */
  readonly providerRequestsBefore: number
  /** What the daemon's own client printed; absent where there is none. */
  readonly printed?: {
    readonly created: Ran<SessionView>
    readonly submitted: Ran<RunDetail>
    readonly waited: Ran<RunDetail>
  }
}

export const probeRun = capture<ProbeRun>('probe-run', 'the run that was made')

/** A word that no model says by itself. Its form is one that a model is not tempted to correct. */
export function freshMarker(): string {
  return `RUNPROOF_${randomBytes(6).toString('hex').toUpperCase()}`
}

export function promptFor(marker: string): string {
  return `Answer with exactly ${marker} and nothing else.`
}

/**
 * The route a run takes when none is named.
 *
 * @throws RunproofError ANSWER_MALFORMED when the daemon has none
 */
export async function activeRoute(context: CheckContext): Promise<Route> {
  const { paths, read } = context.target.runs
  const runtime = await askFor(context, paths.runtime, read.runtime)
  const route = runtime.routes.find(({ id }) => id === runtime.activeRoute)
  if (route === undefined)
    throw new RunproofError('ANSWER_MALFORMED', `${paths.runtime} names no active route, so no run can be made`, {
      hint: 'the doctor of the routes says why; run again once one is active',
    })
  return route
}

/** The newest run that ended well, among the newest runs there are. @throws RunproofError ANSWER_MALFORMED */
export async function newestRun(context: CheckContext): Promise<SubjectRun | undefined> {
  const { paths, read } = context.target.runs
  const runs = await askFor(context, paths.newest(NEWEST), read.runs)
  const run = runs.findLast(({ status }) => status === 'completed')
  return run === undefined ? undefined : { sessionId: run.sessionId, agentId: run.agentId, runId: run.id }
}

/** Makes a session, or takes the one of this id. @throws RunproofError ANSWER_MALFORMED */
export async function openSession(context: CheckContext, id: string): Promise<SessionView> {
  const { paths, read, createSession } = context.target.runs
  const answer = await ask(context, paths.sessions, { body: createSession(id) })
  if (answer.status !== 201) throw new RunproofError('ANSWER_MALFORMED', `${paths.sessions} answered ${answer.status}`)
  return read.session(jsonOf(paths.sessions, answer.text))
}

/** Has a session asked something, and waits for the end of that run, whatever it is. @throws RunproofError ANSWER_MALFORMED, TIMEOUT */
export async function runPrompt(
  context: CheckContext,
  sessionId: string,
  content: string,
  route: string,
  timeoutMs: number,
): Promise<RunDetail> {
  return runEnded(
    context,
    await submitRun(context, sessionId, context.target.runs.submission(content, route)),
    timeoutMs,
  )
}

/** Begins a run, whatever becomes of it. @returns its id @throws RunproofError ANSWER_MALFORMED also where it was refused */
export async function submitRun(context: CheckContext, sessionId: string, body: Json): Promise<string> {
  const { paths, read } = context.target.runs
  const path = paths.submit(sessionId)
  const answer = await ask(context, path, { body })
  if (answer.status !== 202) throw new RunproofError('ANSWER_MALFORMED', `${path} answered ${answer.status}`)
  return read.run(jsonOf(path, answer.text)).id
}

/** @throws RunproofError TIMEOUT when it has not ended by then, ANSWER_MALFORMED */
export async function runEnded(context: CheckContext, id: string, timeoutMs: number): Promise<RunDetail> {
  const { clock } = context.tools
  const { paths, read } = context.target.runs
  const deadline = clock.monotonicMs() + timeoutMs
  for (let pauseMs = POLL_MS.first; ; pauseMs = Math.min(2 * pauseMs, POLL_MS.most)) {
    const run = await askFor(context, paths.run(id), read.run)
    if (run.terminal) return run
    if (context.signal.aborted) throw new RunproofError('INTERRUPTED', `waiting for run ${id} was interrupted`)
    if (clock.monotonicMs() > deadline)
      throw new RunproofError('TIMEOUT', `run ${id} was still ${run.status} after ${timeoutMs} ms`)
    await new Promise(resolve => setTimeout(resolve, pauseMs))
  }
}

/**
 * Makes a run by the daemon's own client, as an operator would; by HTTP where there is no client, or that is asked for.
 *
 * @throws RunproofError COMMAND_FAILED, ANSWER_MALFORMED, TIMEOUT
 */
export async function makeProbeRun(
  context: CheckContext,
  sessionId: string,
  timeoutMs: number,
  by: 'client' | 'http' = 'client',
): Promise<ProbeRun> {
  const marker = freshMarker()
  const route = await activeRoute(context)
  const providerRequestsBefore = withoutProvider(context) === undefined ? (await providerRequests(context)).length : 0
  const made = { sessionId, marker, route, providerRequestsBefore }
  if (by === 'http' || context.values.get(daemon).binary === undefined) {
    const { agentId } = await openSession(context, sessionId)
    const { id } = await runPrompt(context, sessionId, promptFor(marker), route.id, timeoutMs)
    return { ...made, agentId, runId: id }
  }
  const { read } = context.target.runs
  const created = await client(context, ['sessions', 'create', sessionId], read.session)
  const input = ['sessions', 'input', sessionId, promptFor(marker), '--provider', route.id, '--model', route.model]
  const limits = ['--max-output-tokens', MOST_OUTPUT_TOKENS, '--tool-choice', 'none']
  const submitted = await client(context, [...input, ...limits], read.run)
  const runId = printedOr(submitted, 'sessions input').id
  const waited = await client(context, ['runs', 'wait', runId, '--poll-interval-ms', '50'], read.run, {
    limitMs: timeoutMs,
  })
  const { agentId } = printedOr(created, 'sessions create')
  return { ...made, agentId, runId, printed: { created, submitted, waited } }
}

function printedOr<View>({ view, exitCode }: Ran<View>, words: string): View {
  if (view === undefined) throw new RunproofError('COMMAND_FAILED', `${words} ended with exit ${exitCode}`)
  return view
}
