import { ANSWERING } from './answering.ts'
import { BACKLOG } from './backlog.ts'
import { HOST } from './host.ts'
import type { Sample } from './sample.ts'
import { isUnknown, type Settings, type Signal } from './signal.ts'
import { judgeSeen, type Verdict } from './window.ts'

/** Every signal of the table that operators go by, and what the contract exposes besides. */
export const SIGNALS: readonly Signal[] = [...ANSWERING, ...BACKLOG, ...HOST]

/**
 * One signal over a window of samples, oldest first.
 *
 * @param samples - at least one; those that say nothing of the signal count neither way, except for the last: what is not known
 *   now is `unknown`
 */
export function judgeSignal(signal: Signal, samples: readonly Sample[], settings: Settings): Verdict {
  const looks = samples.map(sample => ({ atMs: Date.parse(sample.at), looked: signal.look(sample) }))
  const last = looks.at(-1)!.looked
  if (isUnknown(last)) return { level: 'unknown', reason: last.unknown }
  const seen = looks.flatMap(({ atMs, looked }) => (isUnknown(looked) ? [] : [{ atMs, ...looked }]))
  return judgeSeen(seen, signal.rules(settings))
}
