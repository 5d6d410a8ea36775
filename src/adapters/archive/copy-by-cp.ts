import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { RunproofError } from '../../model/error.ts'
import { findProgram } from '../find-program.ts'
import { diskFull, saysDiskFull } from './disk-error.ts'

const run = promisify(execFile)

/** Directories new, everything in them linked. GNU cp, since Node cannot set times to the nanosecond. */
export function linkedCopy(directory: string, into: string): Promise<void> {
  return copy(['--archive', '--link'], directory, into)
}

/** A file of its own, with all its attributes, sharing blocks where the file system can. */
export function privateCopy(file: string, into: string): Promise<void> {
  return copy(['--archive', '--reflink=auto', '--sparse=auto'], file, into)
}

async function copy(flags: readonly string[], directory: string, into: string): Promise<void> {
  const cp = findProgram('cp')
  try {
    await run(cp, [...flags, '--no-target-directory', '--', directory, into], { env: { LC_ALL: 'C' } })
  } catch (cause) {
    const stderr = cause instanceof Error && 'stderr' in cause ? String(cause.stderr) : ''
    if (saysDiskFull(stderr)) throw diskFull(into, cause)
    throw new RunproofError('COMMAND_FAILED', `cp could not copy ${directory} to ${into}`, {
      hint: stderr.includes('Invalid cross-device link')
        ? 'a linked copy must be on the file system of the original'
        : `may this user read ${directory} and write ${into}?`,
      cause,
    })
  }
}
