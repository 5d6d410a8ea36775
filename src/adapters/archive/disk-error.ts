import { RunproofError } from '../../model/error.ts'

/** What GNU tar prints in a C locale when a write fails for want of space; of a write that was cut short it knows no reason. */
const NO_SPACE = /No space left on device|Disk quota exceeded|: Wrote only \d+ of \d+ bytes?$/m

export function saysDiskFull(stderr: string): boolean {
  return NO_SPACE.test(stderr)
}

export function diskFull(path: string, cause?: unknown): RunproofError {
  return new RunproofError('DISK_FULL', `no space left while writing ${path}`, {
    hint: `free space or choose another place; see: df -h ${path}`,
    cause,
  })
}

export function errnoOf(thrown: unknown): string | undefined {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : undefined
}

/** @returns DISK_FULL when that is what happened to a write at `path`, else what was thrown */
export function asWriteError(thrown: unknown, path: string): unknown {
  const code = errnoOf(thrown)
  return code === 'ENOSPC' || code === 'EDQUOT' ? diskFull(path, thrown) : thrown
}

export function interrupted(what: string): RunproofError {
  return new RunproofError('INTERRUPTED', `interrupted while ${what}`)
}
