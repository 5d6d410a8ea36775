import type { Evidence, StepRecord } from '../../evidence/schema.ts'
import { plural } from '../../findings/wrap.ts'
import { durationText } from '../../model/duration-text.ts'
import { rotationLines } from './rotation.ts'
import { warningOf } from './warning.ts'

/** A run in a few lines of plain text: verdict, counts, RTO as a timeline, RPO, what a rotation looked like, what is not green and why, warnings, limits. */
export function summaryLines(evidence: Evidence): readonly string[] {
  const checks = evidence.steps.flatMap(step => step.checks)
  const counterproofs = checks.flatMap(check => check.counterproofs)
  const proofMs = evidence.steps.reduce((sum, step) => sum + step.counterproofsMs, 0)
  const notRun = count('not-run', counterproofs)
  return [
    `outcome   ${evidence.outcome.toUpperCase()}  ${evidence.runbook.id} on ${evidence.target.id}${evidence.target.real ? '' : ' (not a real target)'}, ${durationText(evidence.durationMs)}`,
    `checks    ${count('passed', checks)} of ${checks.length} green`,
    `proof     ${count('red', counterproofs)} of ${counterproofs.length} counterproofs red${notRun === 0 ? '' : `, ${notRun} not run`}, ${durationText(proofMs)}`,
    ...recovery(evidence),
    ...rotationLines(evidence),
    ...evidence.steps.filter(step => step.outcome !== 'passed' && !isNotReached(step)).flatMap(notGreen),
    ...notReached(evidence.steps.filter(isNotReached)),
    ...checks.flatMap(check => {
      const warning = warningOf(check)
      return warning === undefined ? [] : [`warns     ${check.id}: ${warning}`]
    }),
    ...evidence.released
      .filter(one => one.outcome === 'errored')
      .map(one => `leftover  ${one.what}: ${one.error?.message ?? ''}`),
    `limits    ${evidence.notTested.length} not tested, ${evidence.assumptions.length} assumed`,
  ]
}

/** Times of a recovery that did not succeed are no recovery times. */
function recovery({ outcome, rto, rpoMs, rpoBasis }: Evidence): readonly string[] {
  if (outcome !== 'passed' && outcome !== 'attested' && outcome !== 'unproven') {
    return rto === undefined ? [] : [`RTO       not reached, after ${durationText(rto.totalMs)}`]
  }
  const phases = rto?.phases.map(phase => `${phase.id} ${durationText(phase.durationMs)}`) ?? []
  return [
    ...(rto === undefined ? [] : [`RTO       ${durationText(rto.totalMs)} = ${phases.join(' + ')}`]),
    ...(rpoMs === undefined ? [] : [`RPO       ${durationText(rpoMs)} (${rpoBasis})`]),
  ]
}

/** Twelve lines that say the same would push what matters off the screen. */
function notReached(steps: readonly StepRecord[]): readonly string[] {
  if (steps.length === 0) return []
  return [`skipped   ${plural(steps.length, 'more step')}, not reached: ${steps.map(({ id }) => id).join(', ')}`]
}

function isNotReached({ outcome, reason = '' }: StepRecord): boolean {
  return outcome === 'skipped' && reason.startsWith('not reached: ')
}

/** The step, and each check of it that is to blame, with its own reason. */
function notGreen(step: StepRecord): readonly string[] {
  const blamed = step.checks.filter(check => check.outcome !== 'passed')
  if (blamed.length === 0)
    return [`${step.outcome.padEnd(9)} ${step.id}${because(step.reason)}`, ...next(step.error?.hint)]
  return [
    `${step.outcome.padEnd(9)} ${step.id}`,
    ...blamed.flatMap(check => [
      `          ${check.id}: ${check.outcome}${because(check.reason)}`,
      ...next(check.error?.hint),
    ]),
  ]
}

function next(hint: string | undefined): readonly string[] {
  return hint === undefined ? [] : [`          hint: ${hint}`]
}

function because(reason: string | undefined): string {
  return reason === undefined ? '' : `: ${reason}`
}

function count(outcome: string, list: readonly { readonly outcome: string }[]): number {
  return list.filter(one => one.outcome === outcome).length
}
