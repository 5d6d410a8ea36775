import { shownPath } from '../../adapters/shown-path.ts'
import type { WithoutEvidence } from '../../evidence/layout.ts'
import type { Evidence } from '../../evidence/schema.ts'
import { durationText } from '../../model/duration-text.ts'
import type { RunproofError } from '../../model/error.ts'
import { type Outcome, worstOutcome } from '../../model/outcome.ts'
import { summaryLines } from '../../reporters/text/summary.ts'
import { terminalLine } from '../../reporters/text/terminal.ts'
import { type ExitCode, exitCodeOf } from '../exit-code.ts'
import { INVOKED_AS } from '../invoked-as.ts'
import type { SealedRun } from './sealed-run.ts'
import type { NotRun, SkippedSuite } from './suites.ts'

/** How one suite ended: sealed, or with what kept it from being sealed. */
export type SuiteEnd =
  | { readonly id: string; readonly sealed: SealedRun }
  | { readonly id: string; readonly error: RunproofError }

/** A line a suite, what is not green below it, and one verdict over all. */
export function tellSuites(
  ends: readonly SuiteEnd[],
  { leftOut, skipped }: { readonly leftOut: readonly NotRun[]; readonly skipped: readonly SkippedSuite[] },
  output: { write(text: string): unknown },
): void {
  const lines = [
    ...ends.flatMap(end => ('sealed' in end ? sealedLines(end.sealed) : unsealedLines(end.id, end.error))),
    ...skipped.map(
      ({ id, reason, allowed }) =>
        `${id.padEnd(15)} SKIPPED: ${reason}${allowed === undefined ? '' : ` (allowed: ${allowed})`}`,
    ),
    ...leftOut.map(({ id, reason }) => `${id.padEnd(15)} left out: ${reason}`),
    ...limitsLines(ends.flatMap(end => ('sealed' in end ? [end.sealed.evidence] : []))),
    `outcome         ${verdictOf(ends, skipped).toUpperCase()}`,
  ]
  for (const line of lines) output.write(`${terminalLine(line)}\n`)
}

/** A leak outranks every verdict: nothing of such a run may be published. */
export function suitesExitCode(ends: readonly SuiteEnd[], skipped: readonly SkippedSuite[]): ExitCode {
  const codes = ends.flatMap(end => ('error' in end ? [exitCodeOf(end.error)] : []))
  if (codes.includes(5)) return 5
  return exitCodeOf(verdictOf(ends, skipped))
}

/** What is to be reported beside the evidence there is. */
export function withoutEvidence(
  ends: readonly SuiteEnd[],
  skipped: readonly SkippedSuite[],
): readonly WithoutEvidence[] {
  return [
    ...ends.flatMap(end =>
      'error' in end ? [{ id: end.id, outcome: outcomeOf(end.error), reason: `not sealed: ${end.error.code}` }] : [],
    ),
    ...skipped.map(({ id, reason, allowed }) =>
      allowed === undefined || ends.length === 0
        ? { id, outcome: 'skipped' as const, reason }
        : { id, outcome: 'allowed' as const, reason: `${reason} (allowed: ${allowed})` },
    ),
  ]
}

/** A skip may be allowed, but not all there was to ask: nothing was run then, and nothing sealed. */
function verdictOf(ends: readonly SuiteEnd[], skipped: readonly SkippedSuite[]): Outcome {
  return worstOutcome([
    ...ends.map(end => ('sealed' in end ? end.sealed.evidence.outcome : outcomeOf(end.error))),
    ...skipped.map(({ allowed }): Outcome => (allowed === undefined || ends.length === 0 ? 'skipped' : 'passed')),
  ])
}

function outcomeOf(error: RunproofError): 'interrupted' | 'errored' {
  return error.code === 'INTERRUPTED' ? 'interrupted' : 'errored'
}

function sealedLines({ evidence, dir }: SealedRun): readonly string[] {
  const checks = evidence.steps.flatMap(step => step.checks)
  const counterproofs = checks.flatMap(check => check.counterproofs)
  const green = checks.filter(check => check.outcome === 'passed').length
  const red = counterproofs.filter(one => one.outcome === 'red').length
  const notRun = counterproofs.filter(one => one.outcome === 'not-run').length
  return [
    [
      evidence.runbook.id.padEnd(15),
      evidence.outcome.toUpperCase().padEnd(11),
      `${green} of ${checks.length} checks green, ${red} of ${counterproofs.length} counterproofs red${notRun === 0 ? '' : ` (${notRun} not run)`},`,
      `${durationText(evidence.durationMs)}  ${shownPath(dir)}`,
    ].join(' '),
    ...blame(evidence),
  ]
}

function blame(evidence: Evidence): readonly string[] {
  const told = ['outcome', 'checks', 'proof', 'RTO', 'RPO', 'limits']
  return summaryLines(evidence)
    .filter(line => !told.some(word => line.startsWith(`${word} `)))
    .map(line => `                ${line}`)
}

/** Green says nothing of what was not asked. Counterproofs that were not run and steps that were not reached are told elsewhere. */
function limitsLines(runs: readonly Evidence[]): readonly string[] {
  const unasked = runs.flatMap(run => run.notTested.filter(text => !/^(counterproof|step) /.test(text))).length
  const assumed = runs.flatMap(run => run.assumptions).length
  return unasked + assumed === 0
    ? []
    : [`limits          ${unasked} not asked, ${assumed} assumed; each is named by: ${INVOKED_AS} evidence show DIR`]
}

function unsealedLines(id: string, error: RunproofError): readonly string[] {
  return [
    `${id.padEnd(15)} NOT SEALED  ${error.message}`,
    ...(error.hint === undefined ? [] : [`                hint: ${error.hint}`]),
  ]
}
