import { RunproofError } from '../model/error.ts'

const DAMAGED = 'do not restore from it; fetch the archive again and compare its digest'

export function damaged(position: number, what: string): RunproofError {
  return new RunproofError('ARCHIVE_UNREADABLE', `damaged archive: ${what} at byte ${position} of the tar stream`, {
    hint: DAMAGED,
  })
}

/** The archive may be whole, but says something this reader does not know; guessing is how parsers come to disagree. */
export function unsupported(position: number, what: string): RunproofError {
  return new RunproofError('ARCHIVE_UNREADABLE', `${what} at byte ${position} of the tar stream is not supported`, {
    hint: 'write the archive with: tar --create --format=posix',
  })
}

export function tooBig(position: number, what: string): RunproofError {
  return new RunproofError('ARCHIVE_LIMIT', `${what} at byte ${position} of the tar stream`, {
    hint: 'no archive runproof writes comes near this limit; find out who made this one',
  })
}

export function truncated(position: number, where: string): RunproofError {
  return new RunproofError('ARCHIVE_TRUNCATED', `the archive ends ${where}, at byte ${position} of the tar stream`, {
    hint: DAMAGED,
  })
}

export function notAnArchive(first: Buffer): RunproofError {
  const shown = first.subarray(0, 16)
  const bytes =
    shown.length === 0 ? 'it is empty' : `it begins with ${shown.toString('hex').replace(/../g, '$& ').trim()}`
  return new RunproofError('ARCHIVE_NOT_AN_ARCHIVE', `not an archive: ${bytes}`, {
    hint: 'expected is a tar stream (POSIX or GNU), plain or as gzip, zstd or age; is this an error page?',
  })
}
