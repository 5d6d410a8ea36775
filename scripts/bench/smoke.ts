import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Evidence } from '../../src/evidence/schema.ts'
import { median } from './median.ts'

const RUNPROOF = join(import.meta.dirname, '..', '..', 'bin', 'runproof')
const RUNS = 3

/** Wall time of all smoke suites side by side on the stand-in, with counterproofs on observations only, and with all. */
function benchSmoke(): void {
  for (const [which, targetS] of [
    ['observation', 20],
    ['all', 60],
  ] as const) {
    const times: number[] = []
    let runs: readonly Evidence[] = []
    for (let run = 0; run < RUNS; run++) {
      const directory = mkdtempSync(join(tmpdir(), 'runproof-bench-'))
      try {
        const began = performance.now()
        const { stdout, status } = spawnSync(
          RUNPROOF,
          ['smoke', '--json', '--counterproofs', which, '--reports', directory],
          { stdio: ['ignore', 'pipe', 'ignore'], maxBuffer: 256 * 1024 * 1024, encoding: 'utf8' },
        )
        times.push(performance.now() - began)
        if (status !== 0) throw new Error(`runproof smoke exited with ${status}`)
        runs = JSON.parse(stdout) as Evidence[]
      } finally {
        rmSync(directory, { recursive: true, force: true })
      }
    }
    const checks = runs.flatMap(one => one.steps.flatMap(step => step.checks))
    const red = checks.flatMap(check => check.counterproofs).filter(one => one.outcome === 'red')
    process.stdout.write(
      `  ${which.padEnd(12)} median ${seconds(median(times))} of ${RUNS} runs (target ${targetS} s): ${runs.length} suites, ${checks.length} checks, ${red.length} counterproofs red\n`,
    )
    for (const one of runs)
      process.stdout.write(`    ${one.runbook.id.padEnd(16)} ${seconds(one.durationMs)} in the last run\n`)
  }
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`
}

benchSmoke()
