import { closeSync, fstatSync, openSync, readdirSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { isTakenOver } from '../../adapters/process/resume-lock.ts'
import { JOURNAL_FILE, UNSEALED_PREFIX } from '../../evidence/layout.ts'

/** The last record of a run is shorter. */
const TAIL_BYTES = 4_096

/**
 * Ids of runs that may be gone on with: not sealed, or sealed as interrupted, and taken over by nobody. Cheap enough to be asked of
 * a directory with all the runs of a year; what is certain takes more.
 */
export function stoppedRuns(reportsDir: string): readonly string[] {
  return namesIn(reportsDir)
    .flatMap(name => {
      if (name.startsWith(UNSEALED_PREFIX)) return [name.slice(UNSEALED_PREFIX.length)]
      return wasInterrupted(join(reportsDir, name, JOURNAL_FILE)) ? [name] : []
    })
    .filter(runId => !isTakenOver(reportsDir, runId))
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory).sort()
  } catch {
    return []
  }
}

function wasInterrupted(journal: string): boolean {
  try {
    const { type, data } = JSON.parse(lastLine(journal)) as { type?: unknown; data?: { outcome?: unknown } }
    return type === 'run-ended' && data?.outcome === 'interrupted'
  } catch {
    return false
  }
}

function lastLine(path: string): string {
  const descriptor = openSync(path, 'r')
  try {
    const tail = Buffer.alloc(TAIL_BYTES)
    const length = readSync(descriptor, tail, 0, TAIL_BYTES, Math.max(fstatSync(descriptor).size - TAIL_BYTES, 0))
    return tail.toString('utf8', 0, length).trimEnd().split('\n').at(-1)!
  } finally {
    closeSync(descriptor)
  }
}
