import type { AnyCheck, Counterproof, NonEmpty } from '../../model/check.ts'

/** The same question, broken only in ways that start nothing: what it costs whole instances to show is shown elsewhere in the run. */
export function withoutInstances(check: AnyCheck): AnyCheck {
  const cheap = check.counterproofs.filter(one => !('cost' in one) || one.cost?.instances === undefined)
  return { ...check, counterproofs: cheap as unknown as NonEmpty<Counterproof<unknown>> }
}
