import { setTimeout as delay } from 'node:timers/promises'
import { randomSecret } from '../daemon/random-secret.ts'
import { isolated } from '../daemon/subjects.ts'
import { capture } from '../model/capture.ts'
import type { CheckContext } from '../model/check.ts'
import { RunproofError } from '../model/error.ts'
import type { Secret } from '../model/secret.ts'
import { ask } from './ask.ts'

/** What the vendor's own script waits. */
const WITHIN_MS = 30_000
/** 60 refusals a minute are the limit, and they are not ours alone. */
const POLL_MS = 1_000
/** How often each token is shown once more when the old one is refused: one of several that answer may not know it yet. */
const SHOWN_AGAIN = 8

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
    const there = await replace(context, adminToken, other, withinMs)
    const back = await replace(context, other, adminToken, withinMs)
    const turns = [there.turn, back.turn]
    return { turns, refusals: there.refusals + back.refusals }
  } finally {
    // Whatever happened, the steps that follow know the first one.
    await context.tools.files.write(adminTokenFile, adminToken)
  }
}

async function replace(
  context: CheckContext,
  from: Secret,
  to: Secret,
  withinMs: number,
): Promise<{ turn: Turn; refusals: number }> {
  const { clock, files } = context.tools
  let refusals = 0
  const shows = async (bearer: Secret): Promise<number> => {
    const { status } = await ask(context, context.target.http.status, { bearer })
    if (status !== 200) refusals += 1
    return status
  }
  const [oldBefore, newBefore] = [await shows(from), await shows(to)]
  await files.write(context.values.get(isolated).adminTokenFile, to)
  const deadline = clock.monotonicMs() + withinMs
  for (;;) {
    const newAfter = await shows(to)
    // The old one is asked about only once the new one is good: until then the file may not have been read.
    const oldAfter = newAfter === 200 ? await shows(from) : oldBefore
    const settled = newAfter === 200 && oldAfter !== 200
    if (settled) {
      const turn = { oldBefore, newBefore, oldAfter, newAfter }
      for (let again = 0; again < SHOWN_AGAIN && turn.oldAfter === oldAfter && turn.newAfter === 200; again += 1) {
        turn.oldAfter = await shows(from)
        turn.newAfter = await shows(to)
      }
      return { turn, refusals }
    }
    if (clock.monotonicMs() > deadline) return { turn: { oldBefore, newBefore, oldAfter, newAfter }, refusals }
    await delay(POLL_MS, undefined, { signal: context.signal }).catch(() => {})
    if (context.signal.aborted)
      throw new RunproofError('INTERRUPTED', 'the rotation of the admin token was interrupted')
  }
}
