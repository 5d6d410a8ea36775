import type { CheckContext } from '../model/check.ts'
import { parseDuration, refuseDuration } from '../model/duration.ts'
import { RunproofError } from '../model/error.ts'
import type { ParamSpec, PlanInput } from '../model/runbook.ts'
import { passTime } from '../suite/token-rotation.ts'

const FIRST_PAUSE_MS = 250
const LONGEST_PAUSE_MS = 5_000

/** `within=`: how long a running daemon is waited for. @param describe - until what */
export function withinParam(describe: string, otherwise: string): Readonly<Record<'within', ParamSpec>> {
  return { within: { describe, default: otherwise, refuse: refuseDuration } }
}

export function withinMsOf({ params }: Pick<PlanInput, 'params'>): number {
  return parseDuration(params['within']!)
}

/**
 * Looks until it is so, less and less often. Nobody answering is no answer yet: a daemon that is started again refuses connections
 * for a while.
 *
 * @returns the last look
 * @throws RunproofError INTERRUPTED, and what the last look threw when there was no other
 */
export async function waitUntil<Seen>(
  context: CheckContext,
  withinMs: number,
  look: () => Promise<Seen>,
  isSo: (seen: Seen) => boolean,
): Promise<Seen> {
  const { clock } = context.tools
  const deadlineMs = clock.monotonicMs() + withinMs
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    const over = clock.monotonicMs() >= deadlineMs
    try {
      const seen = await look()
      if (isSo(seen) || over) return seen
    } catch (thrown) {
      const away = thrown instanceof RunproofError && ['TARGET_UNREACHABLE', 'TIMEOUT'].includes(thrown.code)
      if (!away || over) throw thrown
    }
    await passTime(context, Math.min(pauseMs, Math.max(0, deadlineMs - clock.monotonicMs())))
  }
}
