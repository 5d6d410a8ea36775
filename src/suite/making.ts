import type { PlanInput, Undo } from '../model/runbook.ts'
import { reachOf } from './params.ts'

type Making =
  | { readonly effect: 'read' }
  | { readonly effect: 'write'; readonly resume: 'repeatable'; readonly undo: Undo }

/**
 * The effect of a step that makes objects: on a daemon that somebody runs it writes, and can be taken back. One of the suite's
 * own ends with the run, and with it everything that was made.
 */
export function making(input: PlanInput, undo: Undo): Making {
  return reachOf(input) === 'running' ? { effect: 'write', resume: 'repeatable', undo } : { effect: 'read' }
}
