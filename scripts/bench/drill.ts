import type { Evidence } from '../../src/evidence/schema.ts'
import { median } from './median.ts'
import { seconds, timedRun } from './timed-run.ts'

const RUNS = 3

/** Wall time of the whole drill on the stand-in with all counterproofs, and what evidence says of its parts. */
function benchDrill(): void {
  const runs = Array.from({ length: RUNS }, () => timedRun<Evidence>(['run', 'restore-drill']))
  const evidence = runs.at(-1)!.printed
  const proofMs = evidence.steps.reduce((sum, step) => sum + step.counterproofsMs, 0)
  const counterproofs = evidence.steps.flatMap(step => step.checks.flatMap(check => check.counterproofs))
  process.stdout.write(
    [
      `  whole drill     median ${seconds(median(runs.map(({ wallMs }) => wallMs)))} of ${RUNS} runs (target 25 s)`,
      `  counterproofs   ${counterproofs.length} in ${seconds(proofMs)}`,
      `  RTO             ${seconds(evidence.rto!.totalMs)}`,
      '',
    ].join('\n'),
  )
}

benchDrill()
