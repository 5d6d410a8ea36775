import type { CheckContext } from '../model/check.ts'
import { RunproofError } from '../model/error.ts'
import type { HttpClient } from '../model/http.ts'
import type { Inside } from '../model/instance.ts'
import type { CompanionName } from '../model/target.ts'

const READY_WITHIN_MS = 10_000

/**
 * Starts a companion of a daemon behind its barrier, at the tunnel of its name, and waits until it answers.
 *
 * @throws RunproofError INSTANCE_FAILED when it does not within ten seconds, INTERRUPTED
 */
export async function startCompanion(
  { target, tools, signal }: CheckContext,
  inside: Inside,
  name: CompanionName,
  words: readonly string[] = [],
): Promise<void> {
  inside.accompany({ argv: [target.companions[name], '--port', String(inside.place.tunnels[name]), ...words] })
  const deadline = tools.clock.monotonicMs() + READY_WITHIN_MS
  const door = inside.through(name)
  while (!(await answers(door))) {
    if (signal.aborted) throw new RunproofError('INTERRUPTED', `the start of the ${name} was interrupted`)
    if (tools.clock.monotonicMs() > deadline)
      throw new RunproofError('INSTANCE_FAILED', `the ${name} beside the daemon does not answer`)
  }
}

async function answers(door: HttpClient): Promise<boolean> {
  try {
    await door.request('/', { timeoutMs: 1_000 })
    return true
  } catch {
    await new Promise(resolve => setTimeout(resolve, 10))
    return false
  }
}
