import { RunproofError } from '../model/error.ts'
import type { Instance, StopReport } from '../model/instance.ts'

/** What an instance left behind, now that it is over, in words. */
export function remains({ left }: StopReport): string[] {
  return [
    ...left.processes.map(one => `process ${one.pid}`),
    ...left.namespaces.map(one => `namespace ${one}`),
    ...left.mounts.map(one => `mount ${one}`),
    ...left.sockets.map(one => `socket ${one}`),
  ]
}

/** How a daemon ended that did not do so properly, when it was asked to and with all it had started; else undefined. */
export function endedBadly({ endedBefore, forced, leftovers, exitCode, signal }: StopReport): string | undefined {
  const how = signal === null ? `exit ${exitCode}` : `signal ${signal}`
  if (endedBefore) return `the daemon had ended before it was asked to: ${how}`
  if (leftovers.length > 0) return `the daemon left running: ${leftovers.map(one => one.argv.join(' ')).join(', ')}`
  if (forced) return 'the daemon had to be killed: it did not stop when asked'
  // Shells and service managers count 143 as the end by SIGTERM.
  const asAsked = signal === null ? exitCode === 0 || exitCode === 143 : signal === 'SIGTERM'
  return asAsked ? undefined : `the daemon broke down while it stopped: ${how}`
}

/**
 * Stops an instance that no check looks at any more, and holds its end to the same.
 *
 * @param ending - `judged before` where only what is left counts
 * @throws RunproofError INSTANCE_FAILED
 */
export async function stopClean(instance: Instance, ending: 'judged' | 'judged before' = 'judged'): Promise<void> {
  const report = await instance.stop({ graceMs: 5_000 })
  const left = remains(report)
  const badly = ending === 'judged' ? endedBadly(report) : undefined
  if (left.length === 0 && badly === undefined) return
  throw new RunproofError(
    'INSTANCE_FAILED',
    `instance ${instance.id}: ${left.length > 0 ? `left behind: ${left.join(', ')}` : badly}`,
    { hint: 'runproof gc clears what a run left' },
  )
}
