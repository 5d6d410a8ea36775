import type { StepRecord } from '../evidence/schema.ts'
import type { Step } from '../model/runbook.ts'
import type { RunState } from './run-state.ts'

/**
 * From here on the commands of a step are held against this decision: an approval covers what a rule asks for, and a rule that allows
 * a step for its words or paths allows no others.
 */
export function goBy(
  run: RunState,
  { id }: Step,
  { verdict, rule, approvedBy }: NonNullable<StepRecord['decision']>,
): void {
  if (approvedBy === undefined) run.approved.delete(id)
  else run.approved.add(id)
  const found = run.input.rules?.find(one => `policy.${one.id}` === rule)
  const isFor = found?.verdict === 'allow' && (found.argv !== undefined || found.paths !== undefined)
  if (verdict === 'allow' && approvedBy === undefined && isFor) run.licences.set(id, found)
  else run.licences.delete(id)
}
