import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Evidence } from '../../src/evidence/schema.ts'
import { median } from './median.ts'

const RUNPROOF = join(import.meta.dirname, '..', '..', 'bin', 'runproof')
const RUNS = 3

/** Wall time of the whole drill on the stand-in with all counterproofs, and what evidence says of its parts. */
async function benchDrill(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'runproof-bench-'))
  try {
    const times: number[] = []
    for (let run = 0; run < RUNS; run++) {
      const began = performance.now()
      execFileSync(RUNPROOF, ['run', 'restore-drill', '--reports', directory], { stdio: 'ignore' })
      times.push(performance.now() - began)
    }
    const newest = readdirSync(directory).sort().at(-1)!
    const evidence = JSON.parse(readFileSync(join(directory, newest, 'evidence.json'), 'utf8')) as Evidence
    const proofMs = evidence.steps.reduce((sum, step) => sum + step.counterproofsMs, 0)
    const counterproofs = evidence.steps.flatMap(step => step.checks.flatMap(check => check.counterproofs))
    process.stdout.write(
      [
        `  whole drill     median ${seconds(median(times))} of ${RUNS} runs (target 25 s)`,
        `  counterproofs   ${counterproofs.length} in ${seconds(proofMs)}`,
        `  RTO             ${seconds(evidence.rto!.totalMs)}`,
        '',
      ].join('\n'),
    )
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`
}

await benchDrill()
