import type { Report, WithoutEvidence } from '../evidence/layout.ts'
import type { Evidence, StepRecord } from '../evidence/schema.ts'
import { escapeMarkup } from './text/escape.ts'

/**
 * JUnit XML: one suite a step, one case a check. A red check is a `failure`, one without a verdict an `error`. What is wrong and
 * is no check (a step that ended badly, something that was not torn down) is a case of its own, so that the file is never
 * greener than the run. What a person attests is `skipped`, with who says what: it fails nothing, and is not counted as passed.
 */
const report: Report = { file: 'junit.xml', render, together }
export default report

interface Case {
  readonly name: string
  readonly durationMs: number
  readonly outcome: string
  readonly reason?: string | undefined
}

interface Suite {
  readonly name: string
  readonly durationMs: number
  readonly cases: readonly Case[]
}

function render(evidence: Evidence): string {
  return file(evidence.runbook.id, evidence.durationMs, suitesOf(evidence))
}

/** The steps of each run under the run's name. Runs go on side by side, so the longest is the time of all. */
function together(runs: readonly Evidence[], without: readonly WithoutEvidence[]): string {
  const suites = runs.flatMap(run => suitesOf(run).map(one => ({ ...one, name: `${run.runbook.id}.${one.name}` })))
  const durationMs = Math.max(0, ...runs.map(run => run.durationMs))
  return file('smoke', durationMs, [...suites, ...without.map(withoutSuite)])
}

function suitesOf(evidence: Evidence): readonly Suite[] {
  const suites = [...evidence.steps.map(stepSuite), tearDownSuite(evidence)].filter(one => one.cases.length > 0)
  const { outcome, durationMs } = evidence
  const told = outcome === 'passed' || outcome === 'attested' || suites.some(one => one.cases.some(isBad))
  // A skip that nobody allowed, or an error outside of every step.
  return told ? suites : [...suites, { name: 'run', durationMs, cases: [verdict(outcome, `the run is ${outcome}`)] }]
}

function withoutSuite({ id, outcome, reason }: WithoutEvidence): Suite {
  const only =
    outcome === 'allowed' ? { name: 'run', durationMs: 0, outcome: 'skipped', reason } : verdict(outcome, reason)
  return { name: id, durationMs: 0, cases: [only] }
}

/** CI takes `skipped` for harmless; a run that may not pass because of it is a failure. */
function verdict(outcome: string, reason: string): Case {
  return outcome === 'skipped'
    ? { name: 'run', durationMs: 0, outcome: 'failed', reason: `skipped, which was not allowed: ${reason}` }
    : { name: 'run', durationMs: 0, outcome, reason }
}

function isBad({ outcome }: Case): boolean {
  return outcome !== 'passed' && elementOf(outcome) !== 'skipped'
}

function file(name: string, durationMs: number, suites: readonly Suite[]): string {
  const cases = suites.flatMap(one => one.cases)
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="${escapeMarkup(name)}" ${totals(cases)} time="${time(durationMs)}">
${suites.map(suite).join('\n')}
</testsuites>
`
}

function stepSuite(step: StepRecord): Suite {
  const told = step.outcome === 'passed' || step.checks.some(check => check.outcome === step.outcome)
  return {
    name: step.id,
    durationMs: step.durationMs,
    cases: [
      ...step.checks.map(({ id, durationMs, outcome, reason }) => ({ name: id, durationMs, outcome, reason })),
      ...(told ? [] : [{ name: step.id, durationMs: step.durationMs, outcome: step.outcome, reason: step.reason }]),
    ],
  }
}

function tearDownSuite(evidence: Evidence): Suite {
  const left = evidence.released.filter(one => one.outcome === 'errored')
  const cases = left.map(one => ({ name: one.what, durationMs: 0, outcome: 'errored', reason: one.error?.message }))
  return { name: 'tear-down', durationMs: 0, cases }
}

function suite({ name, durationMs, cases }: Suite): string {
  const rows = cases.map(one => testCase(name, one)).join('\n')
  return `  <testsuite name="${escapeMarkup(name)}" ${totals(cases)} time="${time(durationMs)}">\n${rows}\n  </testsuite>`
}

function testCase(suiteName: string, { name, durationMs, outcome, reason = '' }: Case): string {
  const open = `    <testcase classname="${escapeMarkup(suiteName)}" name="${escapeMarkup(name)}" time="${time(durationMs)}"`
  const element = elementOf(outcome)
  if (element === undefined) return `${open}/>`
  const type = element === 'skipped' ? '' : ` type="${outcome}"`
  return `${open}><${element}${type} message="${escapeMarkup(reason)}"/></testcase>`
}

function elementOf(outcome: string): 'skipped' | 'failure' | 'error' | undefined {
  if (outcome === 'passed') return undefined
  if (outcome === 'skipped' || outcome === 'attested') return 'skipped'
  return outcome === 'failed' || outcome === 'unproven' ? 'failure' : 'error'
}

function totals(cases: readonly Case[]): string {
  const count = (element: ReturnType<typeof elementOf>) =>
    cases.filter(one => elementOf(one.outcome) === element).length
  return `tests="${cases.length}" failures="${count('failure')}" errors="${count('error')}" skipped="${count('skipped')}"`
}

function time(milliseconds: number): string {
  return (milliseconds / 1000).toFixed(3)
}
