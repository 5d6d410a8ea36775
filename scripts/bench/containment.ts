import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Evidence } from '../../src/evidence/schema.ts'
import { median } from './median.ts'

const RUNPROOF = join(import.meta.dirname, '..', '..', 'bin', 'runproof')
const RUNS = 5

/** From the start of the process to the leaked token seen refused, with a daemon of its own started and broken into on the way. */
async function benchContainment(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'runproof-bench-'))
  try {
    const words = ['run', 'contain-leaked-admin-token', '--yes', '--counterproofs', 'observation']
    for (let run = 0; run < RUNS; run++) execFileSync(RUNPROOF, [...words, '--reports', directory], { stdio: 'ignore' })
    const refusedAfterMs = readdirSync(directory)
      .filter(name => name.startsWith('contain-'))
      .map(name => JSON.parse(readFileSync(join(directory, name, 'evidence.json'), 'utf8')) as Evidence)
      .map(({ facts }) => Number(facts['containment.refusedAfterMs']))
    process.stdout.write(
      `  leaked token refused after  median ${median(refusedAfterMs)} ms, longest ${Math.max(...refusedAfterMs)} ms of ${refusedAfterMs.length} runs (target 3 000 ms)\n`,
    )
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

await benchContainment()
