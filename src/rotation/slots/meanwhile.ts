import { setTimeout as delay } from 'node:timers/promises'
import type { CheckContext } from '../../model/check.ts'
import { RunproofError, toRunproofError } from '../../model/error.ts'
import { freshMarker, openSession, promptFor, runPrompt } from '../../suite/probe-run.ts'
import { providerRequests, releaseProvider, switchProvider, withoutProvider } from '../../suite/provider.ts'

const RUN_MS = 60_000
/** One run at a time each: a session does one after the other anyway. */
const SESSIONS = ['runproof-meanwhile-1', 'runproof-meanwhile-2']
const HELD_SESSION = 'runproof-meanwhile-held'
/** How many each of them begins after the slot was set. */
const AFTERWARDS = 2
/** How many in all have to be done before it is set. */
const BEFOREHAND = 2
const POLL_MS = 20

/** A run that was submitted while something was changed. Times are counted from the first one. */
export interface RunSeen {
  /** Undefined where it was refused when it was submitted. */
  readonly id: string | undefined
  readonly submittedMs: number
  readonly endedMs: number
  /** What its output has to hold. */
  readonly marker: string
  /** Why it was refused. */
  readonly refused: string | undefined
}

export interface Meanwhile {
  readonly beganMs: number
  readonly endedMs: number
  readonly runs: readonly RunSeen[]
}

/**
 * Does something while runs are submitted one after the other. Where the provider is beside the daemon, one run has been given its
 * credential before, and is answered only afterwards.
 *
 * @throws RunproofError what the work throws; TIMEOUT
 */
export async function whileRunsGoOn<Result>(
  context: CheckContext,
  route: string,
  work: () => Promise<Result>,
): Promise<{ readonly result: Result; readonly meanwhile: Meanwhile }> {
  const { clock } = context.tools
  const startMs = clock.monotonicMs()
  const now = () => Math.round(clock.monotonicMs() - startMs)
  const runs: RunSeen[] = []
  let isDone = false
  let afterwards = 0
  let failure: unknown
  const one = async (sessionId: string): Promise<void> => {
    const marker = freshMarker()
    const submittedMs = now()
    const seen = await submitOne(context, sessionId, marker, route)
    runs.push({ ...seen, marker, submittedMs, endedMs: now() })
  }
  const goOn = async (sessionId: string): Promise<void> => {
    while (!isDone) await one(sessionId)
    for (let more = afterwards; more > 0; more -= 1) await one(sessionId)
  }

  for (const id of SESSIONS) await openSession(context, id)
  const held = await holdOne(context, () => one(HELD_SESSION))
  const going = SESSIONS.map(id =>
    goOn(id).catch(thrown => {
      failure ??= thrown
    }),
  )
  try {
    while (runs.length < BEFOREHAND && failure === undefined) await delay(POLL_MS)
    const beganMs = now()
    const result = await work()
    const endedMs = now()
    afterwards = AFTERWARDS
    isDone = true
    await held.release()
    await Promise.all(going)
    if (failure !== undefined) throw failure
    return { result, meanwhile: { beganMs, endedMs, runs } }
  } finally {
    isDone = true
    await held.release()
    await Promise.all(going)
  }
}

async function submitOne(
  context: CheckContext,
  sessionId: string,
  marker: string,
  route: string,
): Promise<Pick<RunSeen, 'id' | 'refused'>> {
  try {
    const run = await runPrompt(context, sessionId, promptFor(marker), route, RUN_MS)
    return { id: run.id, refused: undefined }
  } catch (thrown) {
    const { code, message } = toRunproofError(thrown)
    if (code !== 'ANSWER_MALFORMED') throw thrown
    return { id: undefined, refused: message }
  }
}

/** Has a run wait for its answer until it is released. */
async function holdOne(context: CheckContext, submit: () => Promise<void>): Promise<{ release(): Promise<void> }> {
  if (withoutProvider(context) !== undefined) return { release: async () => {} }
  await openSession(context, HELD_SESSION)
  const before = (await providerRequests(context)).length
  await switchProvider(context, { behavior: 'hold', times: 1 })
  const ended = submit()
  // Told to whoever waits for it below, and not to the process before that.
  ended.catch(() => {})
  const { clock } = context.tools
  const deadline = clock.monotonicMs() + RUN_MS
  while ((await providerRequests(context)).length === before) {
    if (clock.monotonicMs() > deadline)
      throw new RunproofError('TIMEOUT', `a run that was to wait for its answer had asked for none after ${RUN_MS} ms`)
    await delay(POLL_MS)
  }
  let released: Promise<void> | undefined
  const release = async () => {
    await releaseProvider(context)
    await ended
  }
  return {
    release() {
      released ??= release()
      return released
    },
  }
}
