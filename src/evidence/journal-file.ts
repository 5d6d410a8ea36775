import { closeSync, fsyncSync, ftruncateSync, openSync, writeSync } from 'node:fs'
import type { RunproofError } from '../model/error.ts'
import type { Clock, Journal } from '../model/ports.ts'
import { fileError } from '../model/system-error.ts'
import { FIRST_PREV, journalLine, lineHash } from './journal.ts'
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

/**
 * A hash-chained journal on disk. Synchronous on purpose: `append` returns when the record is fsynced, so what comes after
 * it in the code has not happened before it.
 *
 * A journal that could not take one record takes none any more, even if space is free again: a chain with a gap would
 * pretend to be whole.
 *
 * @param redact - every text in a record passes it before it is written
 * @throws RunproofError DISK_FULL, FILE_UNREADABLE
 */
export function openJournal(path: string, clock: Clock, redact: (text: string) => string): JournalFile {
  const descriptor = create(path)
  let prev = FIRST_PREV
  let seq = 0
  let sizeBytes = 0
  let open = true
  let gap: RunproofError | undefined

  const write = (line: Buffer) => {
    try {
      // A disk that is nearly full takes a part of a line and reports no error.
      for (let at = 0; at < line.length; ) at += writeSync(descriptor, line, at)
      fsyncSync(descriptor)
      sizeBytes += line.length
    } catch (thrown) {
      gap = fileError(thrown, path, 'append to')
      cutBack(descriptor, sizeBytes)
      throw gap
    }
  }

  return {
    append(type, data) {
      if (gap !== undefined) throw gap
      const record: JournalRecord = {
        seq,
        at: clock.now().toISOString(),
        monotonicMs: clock.monotonicMs(),
        type,
        data: publishable(data, redact),
        prev,
      }
      const line = journalLine(record)
      write(Buffer.from(`${line}\n`))
      prev = lineHash(line)
      seq += 1
    },
    close() {
      if (open) closeSync(descriptor)
      open = false
      if (gap !== undefined) throw gap
      return { lastHash: prev, records: seq }
    },
  }
}

function create(path: string): number {
  try {
    return openSync(path, 'ax', 0o600)
  } catch (thrown) {
    throw fileError(thrown, path, 'create')
  }
}

/** Back to the last whole record; a file system that refuses even this leaves a torn line, which verification tells. */
function cutBack(descriptor: number, sizeBytes: number): void {
  try {
    ftruncateSync(descriptor, sizeBytes)
  } catch {
    // nothing more can be done, and the reason for the gap is on its way up
  }
}
