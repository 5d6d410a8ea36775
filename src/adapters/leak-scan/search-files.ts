import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  realpathSync,
} from 'node:fs'
import { basename } from 'node:path'
import type { LeakScanRequest } from '../../model/leak-scan.ts'
import { SNIFF_BYTES, sniff } from '../../scan/sniff.ts'
import { searchStream } from './search-stream.ts'
import { Exhausted, type Tally } from './tally.ts'

const SLASH = Buffer.from('/')

/** How far a file that grows is followed past the size it had when it was opened. */
const GROWTH_FOLLOWED = 64 * 2 ** 20

/** Walks the paths in order and searches all they hold. Names are bytes: not every file name is UTF-8. */
export async function searchFiles({ paths }: LeakScanRequest, tally: Tally): Promise<void> {
  let current = ''
  try {
    for (const path of paths) {
      current = path
      let root: Buffer
      try {
        root = realpathSync(Buffer.from(path), 'buffer')
      } catch (error) {
        tally.leftOut(path, 'unreadable', codeOf(error))
        continue
      }
      tally.searchText(basename(path), path, 'name')
      const nameBytes = Buffer.byteLength(basename(path))
      const stack: Entry[] = [
        { path: root, shown: path, relative: Buffer.from(basename(path)), parentBytes: nameBytes },
      ]
      for (let entry = stack.pop(); entry; entry = stack.pop()) {
        current = entry.shown
        stack.push(...(await searchEntry(entry, tally)).reverse())
      }
    }
  } catch (error) {
    if (!(error instanceof Exhausted)) throw error
    tally.leftOut(
      current,
      'limit',
      `${error.message}; this was not searched to its end, and nothing after it in ${paths.length} paths`,
    )
  }
}

interface Entry {
  readonly path: Buffer
  /** For people; may hold a secret, which the tally masks. */
  readonly shown: string
  /** From the name of the root on, searched as one text: a value with a slash in it spans directories. */
  readonly relative: Buffer
  /** How much of `relative` was already searched with the parent. */
  readonly parentBytes: number
}

/** @returns what is in it, when it is a directory */
async function searchEntry(entry: Entry, tally: Tally): Promise<Entry[]> {
  tally.searchText(entry.relative, entry.shown, 'name', entry.parentBytes)
  tally.spend(0)
  try {
    const facts = lstatSync(entry.path)
    if (facts.isSymbolicLink()) tally.searchText(readlinkSync(entry.path, 'buffer'), entry.shown, 'link')
    else if (facts.isDirectory()) return childrenOf(entry)
    else if (facts.isFile()) await searchFile(entry, tally)
    else tally.specialFiles++
  } catch (error) {
    if (!isSystemError(error)) throw error
    tally.leftOut(entry.shown, 'unreadable', codeOf(error))
  }
  return []
}

function childrenOf({ path, shown, relative }: Entry): Entry[] {
  return readdirSync(path, 'buffer')
    .sort(Buffer.compare)
    .map(name => ({
      path: Buffer.concat([path, SLASH, name]),
      shown: `${shown}/${name.toString()}`,
      relative: Buffer.concat([relative, SLASH, name]),
      parentBytes: relative.length,
    }))
}

async function searchFile({ path, shown }: Entry, tally: Tally): Promise<void> {
  // a link or a FIFO that took the file's place since must not be followed, nor waited for
  const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  try {
    const before = fstatSync(file, { bigint: true })
    if (!before.isFile()) {
      tally.specialFiles++
      return
    }
    const received = await searchContent(file, Number(before.size) + GROWTH_FOLLOWED, shown, tally)
    tally.searchedFiles++
    const after = fstatSync(file, { bigint: true })
    if (after.size !== before.size || after.mtimeNs !== before.mtimeNs || received !== Number(before.size)) {
      tally.leftOut(
        shown,
        'changed',
        `it had ${before.size} bytes and has ${after.size} now; ${received} were read and searched`,
      )
    }
  } finally {
    closeSync(file)
  }
}

/** @returns how many bytes were read */
async function searchContent(file: number, most: number, shown: string, tally: Tally): Promise<number> {
  const stream = tally.acquire()
  try {
    for (;;) {
      const room = stream.room()
      const length = stream.received < most ? readSync(file, room) : 0
      if (length === 0) return stream.received
      if (stream.received === 0 && sniff(room.subarray(0, Math.min(length, SNIFF_BYTES))).kind !== 'plain') break
      for (const hit of stream.take(length)) tally.found(hit, shown, 'content')
      tally.spend(length)
      await tally.breathe()
    }
  } finally {
    tally.release(stream)
  }
  return searchArchive(file, most, shown, tally)
}

async function searchArchive(file: number, most: number, shown: string, tally: Tally): Promise<number> {
  let received = 0
  const pull = async () => {
    const piece = Buffer.allocUnsafe(256 * 1024)
    const length = received < most ? readSync(file, piece, 0, piece.length, received) : 0
    received += length
    return length === 0 ? undefined : piece.subarray(0, length)
  }
  await searchStream(pull, shown, tally)
  return received
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error
}

/** The code only: the message repeats the path. */
function codeOf(error: unknown): string {
  return isSystemError(error) ? `${error.code} on ${error.syscall}` : 'unknown reason'
}
