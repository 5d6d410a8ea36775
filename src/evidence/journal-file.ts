import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs'
import type { Clock, Journal } from '../model/ports.ts'
import { fileError } from '../model/system-error.ts'
import { canonicalJson } from './canonical.ts'
import { FIRST_PREV, journalLine, lineHash } from './journal.ts'
import type { JournalRecord } from './schema.ts'

export interface JournalFile extends Journal {
  /** Ends the journal; returns what evidence says of it. */
  close(): { readonly lastHash: string; readonly records: number }
}

/**
 * A hash-chained journal on disk. Synchronous on purpose: `append` returns when the record is fsynced, so what comes after
 * it in the code has not happened before it.
 *
 * @param redact - every record passes it before it is written
 */
export function openJournal(path: string, clock: Clock, redact: (text: string) => string): JournalFile {
  const descriptor = openSync(path, 'ax', 0o600)
  let prev = FIRST_PREV
  let seq = 0
  let open = true

  return {
    append(type, data) {
      const safe = JSON.parse(redact(canonicalJson(data))) as JournalRecord['data']
      const record: JournalRecord = {
        seq,
        at: clock.now().toISOString(),
        monotonicMs: clock.monotonicMs(),
        type,
        data: safe,
        prev,
      }
      const line = journalLine(record)
      try {
        writeSync(descriptor, `${line}\n`)
        fsyncSync(descriptor)
      } catch (thrown) {
        throw fileError(thrown, path, 'append to')
      }
      prev = lineHash(line)
      seq += 1
    },
    close() {
      if (open) closeSync(descriptor)
      open = false
      return { lastHash: prev, records: seq }
    },
  }
}
