import {
  closeSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  readSync,
  statSync,
  writeSync,
} from 'node:fs'
import { RunproofError } from '../model/error.ts'
import type { Clock, Journal } from '../model/ports.ts'
import { fileError } from '../model/system-error.ts'
import { FIRST_PREV, journalLine, lineHash, verifyJournal } from './journal.ts'
import { publishable } from './publishable.ts'
import type { JournalRecord } from './schema.ts'

export interface JournalFile extends Journal {
  /**
   * Ends the journal; returns what evidence says of it.
   *
   * @throws RunproofError the reason for which a record is missing, when one is
   */
  close(): { readonly lastHash: string; readonly records: number }
}

/** What is asked before each record: it throws where another process goes on with the run. */
export type RefuseTakenOver = () => void

/**
 * A hash-chained journal on disk. Synchronous on purpose: `append` returns when the record is fsynced, so what comes after
 * it in the code has not happened before it.
 *
 * A journal that could not take one record takes none any more, even if space is free again: a chain with a gap would
 * pretend to be whole. Nor does one that is no longer as this process left it: somebody else writes to it.
 *
 * @param redact - every text in a record passes it before it is written
 * @throws RunproofError DISK_FULL, FILE_UNREADABLE; `append` also RUN_FENCED
 */
export function openJournal(
  path: string,
  clock: Clock,
  redact: (text: string) => string,
  refuseTakenOver: RefuseTakenOver = () => {},
): JournalFile {
  const at = { path, descriptor: open(path, 'ax+', 'create'), seq: 0, prev: FIRST_PREV, sizeBytes: 0, lastLine: '' }
  return writeOn(at, clock, redact, refuseTakenOver)
}

/**
 * The same with the whole records of a journal that is there already: the chain goes on.
 *
 * @throws RunproofError JOURNAL_BROKEN for one that does not verify, or that ends in a torn record; FILE_UNREADABLE
 */
export function continueJournal(
  path: string,
  clock: Clock,
  redact: (text: string) => string,
  refuseTakenOver: RefuseTakenOver = () => {},
): JournalFile {
  const descriptor = open(path, 'a+', 'open')
  try {
    const text = readFileSync(descriptor, 'utf8')
    const { records, lastHash, tornBytes } = verifyJournal(text)
    if (tornBytes > 0) throw new RunproofError('JOURNAL_BROKEN', `${path} ends in ${tornBytes} bytes of a torn record`)
    const lastLine = text.slice(text.lastIndexOf('\n', text.length - 2) + 1)
    const at = { path, descriptor, seq: records.length, prev: lastHash, sizeBytes: Buffer.byteLength(text), lastLine }
    return writeOn(at, clock, redact, refuseTakenOver)
  } catch (thrown) {
    closeSync(descriptor)
    throw fileError(thrown, path, 'read')
  }
}

interface WrittenSoFar {
  readonly path: string
  readonly descriptor: number
  seq: number
  prev: string
  sizeBytes: number
  /** With its newline. */
  lastLine: string
}

function writeOn(
  at: WrittenSoFar,
  clock: Clock,
  redact: (text: string) => string,
  refuseTakenOver: RefuseTakenOver,
): JournalFile {
  const { path, descriptor } = at
  let isOpen = true
  let gap: RunproofError | undefined

  const write = (line: Buffer) => {
    try {
      // A disk that is nearly full takes a part of a line and reports no error.
      for (let done = 0; done < line.length; ) done += writeSync(descriptor, line, done)
      fsyncSync(descriptor)
      at.sizeBytes += line.length
    } catch (thrown) {
      gap = fileError(thrown, path, 'append to')
      cutBack(descriptor, at.sizeBytes)
      throw gap
    }
  }
  const refuseFenced = () => {
    try {
      refuseTakenOver()
      refuseChanged(at)
    } catch (thrown) {
      gap = fileError(thrown, path, 'look at')
      throw gap
    }
  }

  return {
    append(type, data) {
      if (gap !== undefined) throw gap
      refuseFenced()
      const record: JournalRecord = {
        seq: at.seq,
        at: clock.now().toISOString(),
        monotonicMs: clock.monotonicMs(),
        type,
        data: publishable(data, redact),
        prev: at.prev,
      }
      const line = journalLine(record)
      write(Buffer.from(`${line}\n`))
      at.prev = lineHash(line)
      at.seq += 1
      at.lastLine = `${line}\n`
      return record.at
    },
    close() {
      if (isOpen) closeSync(descriptor)
      isOpen = false
      if (gap !== undefined) throw gap
      return { lastHash: at.prev, records: at.seq }
    },
  }
}

function open(path: string, flags: string, doing: string): number {
  try {
    return openSync(path, flags, 0o600)
  } catch (thrown) {
    throw fileError(thrown, path, doing)
  }
}

/** Whether the file is the one this process opened, as long as it left it, and ends with what it wrote last. */
function refuseChanged({ path, descriptor, sizeBytes, lastLine }: WrittenSoFar): void {
  const here = statSync(path, { throwIfNoEntry: false })
  const held = fstatSync(descriptor)
  const last = Buffer.alloc(Buffer.byteLength(lastLine))
  readSync(descriptor, last, 0, last.length, sizeBytes - last.length)
  const why =
    here === undefined
      ? 'it is gone'
      : here.ino !== held.ino || here.dev !== held.dev
        ? 'another file has its name'
        : held.size !== sizeBytes
          ? `it has ${held.size} bytes, and this process left it at ${sizeBytes}`
          : last.equals(Buffer.from(lastLine))
            ? undefined
            : 'its last record is another one'
  if (why === undefined) return
  throw new RunproofError('RUN_FENCED', `${path} is no longer as this process left it: ${why}; nothing more is done`, {
    hint: 'see who writes there: runproof gc names the runs that are not sealed',
  })
}

/** Back to the last whole record; a file system that refuses even this leaves a torn line, which verification tells. */
function cutBack(descriptor: number, sizeBytes: number): void {
  try {
    ftruncateSync(descriptor, sizeBytes)
  } catch {
    // nothing more can be done, and the reason for the gap is on its way up
  }
}
