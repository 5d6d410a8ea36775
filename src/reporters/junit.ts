import type { Report } from '../evidence/layout.ts'
import type { CheckRecord, Evidence, StepRecord } from '../evidence/schema.ts'
import { escapeMarkup } from './text/escape.ts'

/** JUnit XML: one suite a step, one case a check. A red check is a `failure`, one without a verdict an `error`. */
const report: Report = { file: 'junit.xml', render }
export default report

function render(evidence: Evidence): string {
  const checks = evidence.steps.flatMap(step => step.checks)
  const suites = evidence.steps.filter(step => step.checks.length > 0 || step.outcome !== 'passed').map(suite)
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="${escapeMarkup(evidence.runbook.id)}" tests="${checks.length}" time="${time(evidence.durationMs)}">
${suites.join('\n')}
</testsuites>
`
}

function suite(step: StepRecord): string {
  const cases = step.checks.length > 0 ? step.checks.map(check => checkCase(step, check)) : [stepCase(step)]
  return `  <testsuite name="${escapeMarkup(step.id)}" tests="${cases.length}" time="${time(step.durationMs)}">\n${cases.join('\n')}\n  </testsuite>`
}

function checkCase(step: StepRecord, check: CheckRecord): string {
  return testCase(step.id, check.id, check.durationMs, check.outcome, check.reason)
}

function stepCase(step: StepRecord): string {
  return testCase(step.id, step.id, step.durationMs, step.outcome, step.reason)
}

function testCase(suiteName: string, name: string, durationMs: number, outcome: string, reason = ''): string {
  const open = `    <testcase classname="${escapeMarkup(suiteName)}" name="${escapeMarkup(name)}" time="${time(durationMs)}"`
  if (outcome === 'passed') return `${open}/>`
  const element =
    outcome === 'skipped' ? 'skipped' : outcome === 'failed' || outcome === 'unproven' ? 'failure' : 'error'
  const type = element === 'skipped' ? '' : ` type="${outcome}"`
  return `${open}><${element}${type} message="${escapeMarkup(reason)}"/></testcase>`
}

function time(milliseconds: number): string {
  return (milliseconds / 1000).toFixed(3)
}
