import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const RUNPROOF = join(import.meta.dirname, '..', '..', 'bin', 'runproof')

/**
 * A command line of runproof as a process of its own, with evidence that is thrown away.
 *
 * @returns the document that `--json` prints, and the wall time of the whole process in milliseconds
 * @throws Error when it does not exit with 0: what did not pass is no figure
 */
export function timedRun<Printed>(words: readonly string[]): { readonly printed: Printed; readonly wallMs: number } {
  const directory = mkdtempSync(join(tmpdir(), 'runproof-bench-'))
  try {
    const began = performance.now()
    const { stdout, status } = spawnSync(RUNPROOF, [...words, '--json', '--reports', directory], {
      stdio: ['ignore', 'pipe', 'ignore'],
      maxBuffer: 256 * 1024 * 1024,
      encoding: 'utf8',
    })
    const wallMs = performance.now() - began
    if (status !== 0) throw new Error(`runproof ${words.join(' ')} exited with ${status}`)
    return { printed: JSON.parse(stdout) as Printed, wallMs }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

export function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`
}
