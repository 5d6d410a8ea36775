import type { StepRecord } from '../evidence/schema.ts'
import { isManual, type Step } from '../model/runbook.ts'
import { type Been, isLeftOut } from './broken-run.ts'
import type { Plan } from './plan.ts'

/** Why a run of this plan can't be gone on with when it breaks off, or undefined. */
export function whyUnresumable({
  runbook,
  params,
  target,
}: Pick<Plan, 'runbook' | 'params' | 'target'>): string | undefined {
  const why = runbook.unresumable?.({ params, target })
  if (why !== undefined) return why
  // What these have begun is torn down with them, or is told by gc; half of an answer is none.
  return runbook.purpose === 'drill' || runbook.purpose === 'smoke'
    ? `a ${runbook.purpose} is run again from its beginning`
    : undefined
}

/**
 * How a step is gone on with after a break: `run` as if for the first time; `carry` its record over, after setting again what it
 * yields where that is needed; `look-first` whether it took effect; `ask` a person, since it must not be repeated.
 */
export type GoingOn =
  | { readonly how: 'run' | 'look-first' | 'ask' }
  | { readonly how: 'carry'; readonly record: StepRecord; readonly from: string; readonly reestablish: boolean }

/**
 * Pure: what the journal says of a step, and what the step says of itself.
 *
 * @param acted - whether a writing step before it has acted since the break: what was only looked at is then looked at again
 */
export function goingOn(step: Step, been: Been | undefined, acted: boolean): GoingOn {
  if (been === undefined) return { how: 'run' }
  if (been.state === 'begun') return repeated(step)
  const carry = { how: 'carry', record: been.record, from: been.in } as const
  // What somebody left out is not done because the run broke off.
  if (isLeftOut(been.record)) return { ...carry, reestablish: false }
  // Nobody was there then; whoever is there now is asked.
  if (isManual(step.run) && been.record.outcome === 'skipped') return { how: 'run' }
  const yields = step.yields ?? []
  const isKept = been.withheld !== true && yields.every(capture => capture.kept === true)
  if (step.effect === 'read') {
    const measuredOnce = isKept && yields.length > 0
    return measuredOnce || (isKept && !acted && been.overtaken !== true)
      ? { ...carry, reestablish: false }
      : { how: 'run' }
  }
  if (isKept) return { ...carry, reestablish: false }
  return step.reestablish === undefined ? repeated(step) : { ...carry, reestablish: true }
}

/** A person is asked for anyway, and a question is no act. */
function repeated(step: Step): GoingOn {
  if (step.effect === 'read' || isManual(step.run) || step.resume === 'repeatable') return { how: 'run' }
  return { how: step.resume === 'check-first' && step.tookEffect !== undefined ? 'look-first' : 'ask' }
}
