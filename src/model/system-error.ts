import { type ErrorCode, RunproofError } from './error.ts'

const CODES: Readonly<Record<string, ErrorCode>> = {
  ENOSPC: 'DISK_FULL',
  EDQUOT: 'DISK_FULL',
}

export function errnoOf(thrown: unknown): string | undefined {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : undefined
}

/** A failed system call as a RunproofError that names the path: DISK_FULL where that is the reason, else FILE_UNREADABLE. */
export function fileError(thrown: unknown, path: string, doing: string): RunproofError {
  if (thrown instanceof RunproofError) return thrown
  const errno = errnoOf(thrown) ?? 'unknown error'
  const code = CODES[errno] ?? 'FILE_UNREADABLE'
  const hint = code === 'DISK_FULL' ? 'free some space there and run again; nothing was published' : undefined
  return new RunproofError(code, `can't ${doing} ${path}: ${errno}`, { hint, cause: thrown })
}
