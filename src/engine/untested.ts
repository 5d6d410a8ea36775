import type { StepRecord } from '../evidence/schema.ts'

/** Adds what records say was skipped or not broken. */
export function listUntested(steps: readonly StepRecord[], notTested: Set<string>): void {
  for (const step of steps) {
    if (step.outcome === 'skipped' && step.checks.length === 0)
      notTested.add(`step ${step.id}: ${step.reason ?? 'skipped'}`)
    for (const check of step.checks) {
      if (check.outcome === 'skipped') notTested.add(`check ${check.id}: ${check.reason ?? 'skipped'}`)
      for (const counterproof of check.counterproofs) {
        if (counterproof.outcome === 'not-run')
          notTested.add(`counterproof ${check.id}/${counterproof.id}: ${counterproof.said}`)
      }
    }
  }
}
