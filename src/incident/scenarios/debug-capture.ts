import { join } from 'node:path'
import { client } from '../../daemon/client.ts'
import { daemon } from '../../daemon/subjects.ts'
import { capture, keptCapture } from '../../model/capture.ts'
import type { CheckContext } from '../../model/check.ts'
import { RunproofError } from '../../model/error.ts'
import { jsonAnswer } from '../../model/json-answer.ts'
import type { SlotView } from '../../model/target.ts'
import { ask, askFor, jsonOf } from '../../suite/ask.ts'
import { activeRoute, freshMarker, openSession, promptFor, runPrompt, type SubjectRun } from '../../suite/probe-run.ts'
import { asAdmin, readLeases } from '../../suite/revocations.ts'
import { newestRuns } from '../snapshot/newest-runs.ts'
import { type Listing, listFiles } from './host.ts'

/** Of no more runs than these it is asked what was captured of them. */
const MOST_RUNS = 200
const RUN_MS = 60_000

/** A run of which debug capture kept something. */
export interface CapturedRun {
  readonly runId: string
  readonly sessionId: string
  readonly agentId: string
  readonly bytes: number
  readonly artifacts: readonly string[]
}

/** A slot, and why a captured run may have shown its credential; no reason where nothing speaks for it. */
export interface ExposedSlot extends SlotView {
  readonly why: readonly string[]
}

export interface DebugInventory {
  readonly asked: number
  /** Runs that are older than those that were asked about. */
  readonly notAsked: number
  readonly captured: readonly CapturedRun[]
  /** Files of debug capture; null where nobody said where the state root is. */
  readonly files: Listing | null
  readonly slots: readonly ExposedSlot[]
}

/** Kept: what is pruned afterwards cannot be listed again. */
export const debugInventory = keptCapture<DebugInventory>('debug-inventory', 'what debug capture had kept')

/** A run that was made while everything was captured. */
export const capturedRun = capture<SubjectRun>('captured-run', 'a run that was made while everything was captured')

/** A run that was made after capture was turned off. */
export const uncapturedRun = keptCapture<SubjectRun>('uncaptured-run', 'a run that was made after the containment')

/**
 * What was captured of a run; undefined where nothing was.
 *
 * @throws RunproofError ANSWER_MALFORMED for every other answer: a run that is not known was not shown to be clean
 */
export async function captureOf(
  context: CheckContext,
  runId: string,
): Promise<Pick<CapturedRun, 'bytes' | 'artifacts'> | undefined> {
  const { incident, runs } = context.target
  const path = incident.paths.debug(runId)
  const answer = await ask(context, path, asAdmin(context))
  if (answer.status === 404 && runs.read.problem(jsonOf(path, answer.text)).code === incident.nothingCaptured)
    return undefined
  const { artifacts } = incident.read.captured(jsonAnswer(path, answer))
  return { bytes: answer.text.length, artifacts }
}

/** Turns capture of everything on, as somebody did in the incident, and makes a run meanwhile. */
export async function captureEverything(context: CheckContext): Promise<SubjectRun> {
  await setDebugLevel(context, 'full')
  return makeRun(context, 'runproof-captured')
}

/** @throws RunproofError COMMAND_FAILED */
export async function setDebugLevel(context: CheckContext, level: string): Promise<void> {
  const { paths, debugLevel } = context.target.incident
  const { status } = await ask(context, paths.debugLevel, { body: debugLevel(level) })
  if (status !== 200)
    throw new RunproofError('COMMAND_FAILED', `setting the debug level to ${level} answered ${status}`)
}

/** A run of our own that is answered. @throws RunproofError COMMAND_FAILED when it does not end well */
export async function makeRun(context: CheckContext, sessionId: string): Promise<SubjectRun> {
  const { agentId } = await openSession(context, sessionId)
  const { id: route } = await activeRoute(context)
  const run = await runPrompt(context, sessionId, promptFor(freshMarker()), route, RUN_MS)
  if (run.status !== 'completed')
    throw new RunproofError('COMMAND_FAILED', `run ${run.id}, which was to be captured or not, ended ${run.status}`)
  return { sessionId, agentId, runId: run.id }
}

/** Names of the files that debug capture keeps; undefined where nobody said where the state root is. */
export function debugFiles(context: CheckContext): Promise<Listing> | undefined {
  const { stateRoot } = context.values.get(daemon)
  return stateRoot === undefined ? undefined : listFiles(context, join(stateRoot, context.target.incident.debugDir))
}

/**
 * Lists what debug capture kept, and whose credentials may stand in it. Nothing of what was captured is read.
 *
 * @param sinceMs - runs that were last changed before it are left out
 */
export async function takeInventory(context: CheckContext, sinceMs: number | undefined): Promise<DebugInventory> {
  const { runs: api, http } = context.target
  const { runs, total } = await newestRuns(context, MOST_RUNS)
  const looked = runs.filter(({ updatedAtMs }) => sinceMs === undefined || updatedAtMs >= sinceMs)
  // Of those that were not listed nobody knows when they were changed, unless the oldest listed one is older than the incident.
  const unlisted = looked.length < runs.length ? 0 : total - runs.length
  const captured: CapturedRun[] = []
  for (const { id, sessionId } of looked) {
    const kept = await captureOf(context, id)
    if (kept === undefined) continue
    const run = await askFor(context, api.paths.run(id), api.read.run)
    captured.push({ runId: id, sessionId, agentId: run.agentId, ...kept })
  }
  const slots = await askFor(context, http.secrets, context.target.read.slots, asAdmin(context))
  const why = await exposedBy(context, new Set(captured.map(run => run.agentId)))
  return {
    asked: looked.length,
    notAsked: unlisted,
    captured,
    files: (await debugFiles(context)) ?? null,
    slots: slots.map(slot => ({ ...slot, why: why.get(slot.id) ?? [] })),
  }
}

/** Slots that agents of captured runs hold leases on, and those of routes, whose calls are what is captured. */
async function exposedBy(context: CheckContext, agentIds: ReadonlySet<string>): Promise<ReadonlyMap<string, string[]>> {
  const why = new Map<string, string[]>()
  if (agentIds.size === 0) return why
  const say = (slot: string, reason: string) => why.set(slot, [...(why.get(slot) ?? []), reason])
  const { view, exitCode } = await client(context, ['doctor', 'routes', '--check-auth'], context.target.read.routes)
  if (view === undefined) throw new RunproofError('COMMAND_FAILED', `doctor routes printed nothing: exit ${exitCode}`)
  for (const { id, slot } of view.routes) if (slot !== undefined) say(slot, `route ${id} shows it to its provider`)
  const { access } = context.target
  for (const agentId of agentIds) {
    const path = access.paths.subject(access.agentSubject(agentId))
    const answer = await ask(context, path, asAdmin(context))
    // Nobody knows a subject that never asked for anything.
    if (answer.status === 404) continue
    const { leases } = access.read.subject(jsonAnswer(path, answer))
    for (const lease of await readLeases(context, [...leases.route, ...leases.mcp, ...leases.connector]))
      for (const slot of lease.slots) say(slot, `agent ${agentId} of a captured run holds a lease on it`)
  }
  return why
}
