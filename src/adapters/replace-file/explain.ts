import { dirname } from 'node:path'
import { RunproofError } from '../../model/error.ts'
import type { ReplaceStyle } from '../../model/replace-file.ts'
import { errnoOf } from '../../model/system-error.ts'

export const UNCHANGED = 'it still has its old content'

const IN_PLACE = '--param style=in-place writes to the file itself'

/** What a failed system call means for someone who wants to replace a file, and what to do next. */
const CAUSES: Readonly<Record<string, readonly [what: string, hint: string | ((path: string) => string)]>> = {
  EBUSY: ['it is mounted by itself, so no other file can take its name', IN_PLACE],
  EXDEV: ['its name leads to another file system than its directory', IN_PLACE],
  EROFS: ['its file system is mounted read-only', 'replace it where it is mounted from'],
  EACCES: ['this user may not write there', 'run as the owner of the file and of its directory'],
  EPERM: [
    'it or its directory is immutable, or belongs to somebody else',
    path => `lsattr -d ${path} ${dirname(path)} shows an i where chattr -i helps; else run as the owner`,
  ],
  ENOENT: ['there is no such file', 'is that the file that the daemon was started with?'],
  ENOTDIR: ['a part of its path is no directory', 'give the path that the daemon was started with'],
}

/** A failed replacement as a RunproofError. `state` says what the file holds now. */
export function notReplaced(thrown: unknown, path: string, style: ReplaceStyle, state: string): RunproofError {
  if (thrown instanceof RunproofError) return thrown
  const errno = errnoOf(thrown) ?? 'unknown error'
  if (errno === 'ENOSPC' || errno === 'EDQUOT')
    return new RunproofError('DISK_FULL', `can't replace ${path}: no space is left; ${state}`, {
      hint: 'free some space there, and run again',
      cause: thrown,
    })
  const [what, hint] = CAUSES[errno] ?? ['the system refused it', undefined]
  const now = errno === 'ENOENT' && state === UNCHANGED ? 'nothing was changed' : state
  return new RunproofError('FILE_NOT_REPLACED', `can't replace ${path}: ${what} (${errno}); ${now}`, {
    // Where the file is written to itself, writing to it is no way out.
    hint: hint === IN_PLACE && style === 'in-place' ? undefined : typeof hint === 'function' ? hint(path) : hint,
    cause: thrown,
  })
}
