/** From harmless to grave. `attested` = a person says so; `failed` = the answer was no; `errored` = there was no answer. */
export const SEVERITY = [
  'passed',
  'attested',
  'skipped',
  'unproven',
  'failed',
  'errored',
  'denied',
  'interrupted',
] as const

export type Outcome = (typeof SEVERITY)[number]

/** What a check can come to: nobody's word stands for its answer. */
export type CheckOutcome = Exclude<Outcome, 'attested'>

/** The gravest outcome of a run. An empty list is `errored`: a run that checked nothing proves nothing. */
export function worstOutcome(outcomes: readonly Outcome[]): Outcome {
  if (outcomes.length === 0) return 'errored'
  return outcomes.reduce((worst, next) => (SEVERITY.indexOf(next) > SEVERITY.indexOf(worst) ? next : worst))
}
