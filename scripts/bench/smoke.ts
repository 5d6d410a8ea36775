import type { Evidence } from '../../src/evidence/schema.ts'
import { median } from './median.ts'
import { seconds, timedRun } from './timed-run.ts'

const RUNS = 3

/** Wall time of all smoke suites side by side on the stand-in, with counterproofs on observations only, and with all. */
function benchSmoke(): void {
  for (const [which, targetS] of [
    ['observation', 20],
    ['all', 60],
  ] as const) {
    const all = Array.from({ length: RUNS }, () => timedRun<readonly Evidence[]>(['smoke', '--counterproofs', which]))
    const runs = all.at(-1)!.printed
    const checks = runs.flatMap(one => one.steps.flatMap(step => step.checks))
    const red = checks.flatMap(check => check.counterproofs).filter(one => one.outcome === 'red')
    process.stdout.write(
      `  ${which.padEnd(12)} median ${seconds(median(all.map(({ wallMs }) => wallMs)))} of ${RUNS} runs (target ${targetS} s): ${runs.length} suites, ${checks.length} checks, ${red.length} counterproofs red\n`,
    )
    for (const one of runs)
      process.stdout.write(`    ${one.runbook.id.padEnd(16)} ${seconds(one.durationMs)} in the last run\n`)
  }
}

benchSmoke()
