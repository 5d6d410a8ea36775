import { setTimeout as delay } from 'node:timers/promises'
import { randomSecret } from '../daemon/random-secret.ts'
import { isolated } from '../daemon/subjects.ts'
import { capture } from '../model/capture.ts'
import { type CheckContext, changed } from '../model/check.ts'
import { RunproofError, toRunproofError } from '../model/error.ts'
import type { Secret } from '../model/secret.ts'
import { ask } from './ask.ts'

/** What the vendor's own script waits. */
const WITHIN_MS = 30_000
/** 60 refusals a minute are the limit, and they are not ours alone. */
const POLL_MS = 1_000
/** How often each token is shown once more when the old one is refused: one of several that answer may not know it yet. */
const SHOWN_AGAIN = 8
/** An intruder is not left in for the sake of a daemon that may never answer. */
const SILENT_AFTER_MS = 3_000

/** One replacement of the admin token: what both tokens gave before and after. */
export interface Turn {
  readonly oldBefore: number
  readonly newBefore: number
  readonly oldAfter: number
  readonly newAfter: number
}

export interface TokenRotation {
  /** There, and back again. */
  readonly turns: readonly Turn[]
  /** Requests that were refused for it: the daemon's audit log has as many lines more. */
  readonly refusals: number
}

export const tokenRotation = capture<TokenRotation>('token-rotation', 'how the admin token was replaced')

/**
 * Replaces the admin token of the isolated daemon by another one, in its file, and then takes the first one back.
 *
 * @param withinMs - how long each may take to count; 0 looks once
 * @throws RunproofError INTERRUPTED
 */
export async function rotateTokens(context: CheckContext, withinMs = WITHIN_MS): Promise<TokenRotation> {
  const { adminToken, adminTokenFile } = context.values.get(isolated)
  const other = randomSecret('rotated-admin-token')
  context.protect(other)
  try {
    const turn = (from: Secret, to: Secret) =>
      replaceToken(context, {
        from,
        to,
        path: context.target.http.status,
        withinMs,
        shownAgain: SHOWN_AGAIN,
        pauseMs: () => POLL_MS,
        replace: () => context.tools.files.write(adminTokenFile, to),
      })
    const there = await turn(adminToken, other)
    const back = await turn(other, adminToken)
    const turns = [there.turn, back.turn]
    return { turns, refusals: there.refusals + back.refusals }
  } finally {
    // Whatever happened, the steps that follow know the first one.
    await context.tools.files.write(adminTokenFile, adminToken)
  }
}

/** One replacement of a token, however it is done. */
export interface TokenSwap {
  readonly from: Secret
  readonly to: Secret
  /** What both are shown for. */
  readonly path: string
  readonly withinMs: number
  /** How often each is shown once more in the end. */
  readonly shownAgain: number
  /** Between two looks, the first of which is number 0. */
  pauseMs(look: number): number
  /** A daemon that gives no answer keeps nobody from replacing the file: its status counts as 0, and it is asked on. */
  readonly despiteSilence?: true
  replace(): Promise<void>
  /** Told of each answer. */
  seen?(token: Secret, status: number): void
}

/**
 * Shows both tokens before and after one takes the place of the other, and waits until it counts.
 *
 * @throws RunproofError INTERRUPTED, what asking throws, and what `replace` throws
 */
export async function replaceToken(
  context: CheckContext,
  { from, to, path, withinMs, shownAgain, pauseMs, despiteSilence, replace, seen }: TokenSwap,
): Promise<{ readonly turn: Turn; readonly refusals: number; readonly waitedMs: number }> {
  const { clock } = context.tools
  let refusals = 0
  const shows = async (bearer: Secret): Promise<number> => {
    const status = await (despiteSilence ? statusOrSilence : statusOf)(context, path, bearer)
    if (status !== 200 && status !== SILENCE) refusals += 1
    seen?.(bearer, status)
    return status
  }
  const oldBefore = await shows(from)
  // Whoever says nothing to the one is not waited for with the other.
  const newBefore = oldBefore === SILENCE ? SILENCE : await shows(to)
  await replace()
  const replacedAtMs = clock.monotonicMs()
  for (let look = 0; ; look += 1) {
    const newAfter = await shows(to)
    // The old one is asked about only once the new one is good: until then the file may not have been read.
    const oldAfter = newAfter === 200 ? await shows(from) : oldBefore
    const settled = newAfter === 200 && oldAfter !== 200
    const waitedMs = clock.monotonicMs() - replacedAtMs
    const turn = { oldBefore, newBefore, oldAfter, newAfter }
    if (settled) {
      for (let again = 0; again < shownAgain && turn.oldAfter === oldAfter && turn.newAfter === 200; again += 1) {
        turn.oldAfter = await shows(from)
        turn.newAfter = await shows(to)
      }
      return { turn, refusals, waitedMs }
    }
    if (waitedMs > withinMs) return { turn, refusals, waitedMs }
    await passTime(context, pauseWithin(withinMs - waitedMs, pauseMs(look)))
  }
}

/** Before the time is up it is looked once more: what counted in time is not called late for want of a look. */
const LAST_LOOK_MS = 100

/** How long to wait until the next look. @param leftMs - until nobody waits any longer */
export function pauseWithin(leftMs: number, usualMs: number): number {
  const lastMs = leftMs - LAST_LOOK_MS
  return Math.min(usualMs, lastMs > 0 ? lastMs : leftMs + 1)
}

/** In the place of a status: nobody answered. */
export const SILENCE = 0

async function statusOf(context: CheckContext, path: string, bearer: Secret): Promise<number> {
  return (await ask(context, path, { bearer })).status
}

/** What a token gives, or `SILENCE` from a daemon that is dead or hangs. @throws RunproofError INTERRUPTED, TLS_FAILED */
export async function statusOrSilence(context: CheckContext, path: string, bearer: Secret): Promise<number> {
  const deadlineMs = Math.min(context.deadlineMs, SILENT_AFTER_MS)
  try {
    return await statusOf(changed(context, { deadlineMs }), path, bearer)
  } catch (thrown) {
    const { code } = toRunproofError(thrown)
    if (context.signal.aborted || (code !== 'TIMEOUT' && code !== 'TARGET_UNREACHABLE')) throw thrown
    return SILENCE
  }
}

/** Waits in a rotation. @throws RunproofError INTERRUPTED */
export async function passTime({ signal }: CheckContext, milliseconds: number): Promise<void> {
  await delay(milliseconds, undefined, { signal }).catch(() => {})
  if (signal.aborted) throw new RunproofError('INTERRUPTED', 'the rotation of a token was interrupted')
}
