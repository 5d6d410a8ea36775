import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { RunproofError } from '../model/error.ts'
import { fileError } from '../model/system-error.ts'

interface Limits {
  readonly maxBytes: number
  /** What is said of the limit: `at most 10 are read of a page`. */
  readonly limit: string
  readonly hint?: string
  /** What the file is called in messages, where that is not its path. */
  readonly name?: string
}

/**
 * The bytes of a file. Nothing is waited for: a named pipe is refused like everything else that is no ordinary file.
 * Synchronous: five hundred files took 15 ms this way, and 60 ms through promises.
 *
 * @throws RunproofError FILE_UNREADABLE
 */
export function readOrdinaryFile(path: string, { maxBytes, limit, hint, name = path }: Limits): Uint8Array {
  if (path.includes('\0')) throw new RunproofError('FILE_UNREADABLE', "can't read a path with a NUL in it")
  let descriptor: number | undefined
  try {
    // without O_NONBLOCK a named pipe would be waited for
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
    const facts = fstatSync(descriptor)
    if (!facts.isFile()) {
      const kind = facts.isDirectory() ? 'a directory' : 'no ordinary file'
      throw new RunproofError('FILE_UNREADABLE', `can't read ${name}: it is ${kind}`, { hint })
    }
    if (facts.size > maxBytes)
      throw new RunproofError('FILE_UNREADABLE', `can't read ${name}: it has ${facts.size} bytes, ${limit}`, { hint })
    return readWhole(descriptor, facts.size)
  } catch (thrown) {
    throw fileError(thrown, name, 'read')
  } finally {
    if (descriptor !== undefined) closeSync(descriptor)
  }
}

/** As many bytes as the file had when it was opened. */
function readWhole(descriptor: number, sizeBytes: number): Uint8Array {
  const bytes = Buffer.allocUnsafe(sizeBytes)
  let filled = 0
  while (filled < sizeBytes) {
    const count = readSync(descriptor, bytes, filled, sizeBytes - filled, filled)
    if (count === 0) break
    filled += count
  }
  return bytes.subarray(0, filled)
}
