import type { WithoutEvidence } from '../../evidence/layout.ts'
import type { Evidence } from '../../evidence/schema.ts'
import { workflowCommand } from '../../findings/workflow-command.ts'

/** Workflow commands of GitHub Actions, one a line: what is not green, as ids and outcomes. */
export function annotationLines(evidence: Evidence): readonly string[] {
  const { id } = evidence.runbook
  const bad = notGreen(evidence)
  const verdict = evidence.outcome === 'passed' ? [] : [annotation(evidence.outcome, id)]
  return [...verdict, ...bad.map(one => annotation(one.outcome, `${id}/${one.id}`, one.allowed))]
}

/** The same of runs that left no evidence. */
export function annotationsWithout(without: readonly WithoutEvidence[]): readonly string[] {
  return without.filter(one => one.outcome !== 'allowed').map(one => error(`${one.id} ${one.outcome}`))
}

/** A table in Markdown: one row a run, and below it one a check that is not green. */
export function stepSummary(runs: readonly Evidence[], without: readonly WithoutEvidence[]): string {
  const rows = [
    ...runs.flatMap(evidence => [
      row(evidence.runbook.id, evidence.outcome),
      ...notGreen(evidence).map(one => row(`${evidence.runbook.id}/${one.id}`, one.outcome)),
    ]),
    ...without.map(one => row(one.id, one.outcome === 'allowed' ? 'skipped (allowed)' : one.outcome)),
  ]
  return `${['| runproof | outcome |', '| --- | --- |', ...rows].join('\n')}\n`
}

interface Bad {
  readonly id: string
  readonly outcome: string
  readonly allowed?: boolean
}

function notGreen({ steps, released, allowedSkips }: Evidence): readonly Bad[] {
  return [
    ...steps.flatMap(step => {
      const checks = step.checks.filter(check => check.outcome !== 'passed')
      const blamed = checks.map(check => ({ id: `${step.id}/${check.id}`, outcome: check.outcome as string }))
      return blamed.length > 0 || step.outcome === 'passed'
        ? blamed
        : [{ id: step.id, outcome: step.outcome, allowed: allowedSkips.some(skip => skip.id === step.id) }]
    }),
    ...released.filter(one => one.outcome === 'errored').map(() => ({ id: 'tear-down', outcome: 'errored' })),
  ]
}

/** What a person vouches for or allowed fails nothing, and is no less worth a look. */
function annotation(outcome: string, id: string, allowed = false): string {
  const text = `${id} ${outcome}`
  return outcome === 'attested' || allowed ? workflowCommand('notice', { title: 'runproof' }, text) : error(text)
}

function error(text: string): string {
  return workflowCommand('error', { title: 'runproof' }, text)
}

function row(id: string, outcome: string): string {
  return `| ${id.replaceAll('|', '\\|')} | ${outcome} |`
}
