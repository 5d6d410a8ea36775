import type { Evidence } from '../../evidence/schema.ts'

/** A run in a few lines of plain text: verdict, counts, RTO as a timeline, RPO, limits. */
export function summaryLines(evidence: Evidence): readonly string[] {
  const checks = evidence.steps.flatMap(step => step.checks)
  const counterproofs = checks.flatMap(check => check.counterproofs)
  const count = (outcome: string, list: readonly { readonly outcome: string }[]) =>
    list.filter(one => one.outcome === outcome).length
  const lines = [
    `outcome   ${evidence.outcome.toUpperCase()}  ${evidence.runbook.id} on ${evidence.target.id}${evidence.target.real ? '' : ' (not a real target)'}, ${duration(evidence.durationMs)}`,
    `checks    ${count('passed', checks)} of ${checks.length} green`,
    `proof     ${count('red', counterproofs)} of ${counterproofs.length} counterproofs red${notRun(count('not-run', counterproofs))}, ${duration(evidence.steps.reduce((sum, step) => sum + step.counterproofsMs, 0))}`,
  ]
  if (evidence.rto !== undefined) {
    const phases = evidence.rto.phases.map(phase => `${phase.id} ${duration(phase.durationMs)}`)
    lines.push(`RTO       ${duration(evidence.rto.totalMs)} = ${phases.join(' + ')}`)
  }
  if (evidence.rpoMs !== undefined) lines.push(`RPO       ${duration(evidence.rpoMs)} (${evidence.rpoBasis})`)
  const grave = evidence.steps.filter(step => step.outcome !== 'passed')
  for (const step of grave)
    lines.push(`${step.outcome.padEnd(9)} ${step.id}${step.reason === undefined ? '' : `: ${step.reason}`}`)
  for (const released of evidence.released.filter(one => one.outcome === 'errored'))
    lines.push(`leftover  ${released.what}: ${released.error?.message ?? ''}`)
  lines.push(`limits    ${evidence.notTested.length} not tested, ${evidence.assumptions.length} assumptions`)
  return lines
}

function notRun(count: number): string {
  return count === 0 ? '' : `, ${count} not run`
}

/** A duration for people: two digits behind the point while it is short, the two largest units once it is long. */
export function duration(milliseconds: number): string {
  if (milliseconds < 120_000) return `${(milliseconds / 1000).toFixed(milliseconds < 10_000 ? 2 : 1)} s`
  const minutes = Math.floor(milliseconds / 60_000)
  if (minutes < 120) return `${minutes} min ${Math.floor((milliseconds % 60_000) / 1000)} s`
  const hours = Math.floor(minutes / 60)
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`
}
