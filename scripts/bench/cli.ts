import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { median } from './median.ts'

const RUNPROOF = join(import.meta.dirname, '..', '..', 'bin', 'runproof')

/** Wall time of commands that load no adapter, from a source checkout. */
async function benchCli(): Promise<void> {
  for (const words of [['--help'], ['list']]) {
    const times = Array.from({ length: 9 }, () => {
      const began = performance.now()
      execFileSync(RUNPROOF, words, { stdio: 'ignore' })
      return performance.now() - began
    })
    process.stdout.write(
      `  runproof ${words.join(' ').padEnd(8)} median ${Math.round(median(times))} ms of ${times.length} runs (target 200 ms)\n`,
    )
  }
}

await benchCli()
