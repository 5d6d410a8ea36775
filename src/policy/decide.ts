import type { Effect } from '../model/runbook.ts'

export interface Decision {
  readonly verdict: 'allow' | 'ask' | 'deny'
  /** The rule that decided, for evidence. */
  readonly rule: string
  /** What an approval must say: nothing but yes, or a typed word. */
  readonly confirm?: string
}

/**
 * The default policy: reads are allowed; on a stand-in of runproof's own everything is; elsewhere a write asks, and a destroy asks
 * for the target's id to be typed. What was running before is somebody's, whatever it was called on the command line. What meets no rule is denied: a runbook that was not type-checked may say anything.
 */
export function decide(
  step: { readonly effect: Effect },
  target: { readonly id: string; readonly real: boolean; readonly inUse: boolean },
): Decision {
  if (step.effect === 'read') return { verdict: 'allow', rule: 'default.read' }
  if (step.effect !== 'write' && step.effect !== 'destroy') return { verdict: 'deny', rule: 'default.none' }
  if (!target.real && !target.inUse) return { verdict: 'allow', rule: 'default.stand-in' }
  if (step.effect === 'write') return { verdict: 'ask', rule: 'default.write' }
  return { verdict: 'ask', rule: 'default.destroy', confirm: target.id }
}
