import { createHash } from 'node:crypto'
import { RunproofError } from '../model/error.ts'
import { canonicalJson } from './canonical.ts'
import validate from './generated/journal-record-1.js'
import type { JournalRecord } from './schema.ts'

export const FIRST_PREV = '0'.repeat(64)

export function lineHash(line: string): string {
  return createHash('sha256').update(line).digest('hex')
}

/** The next line of a journal, without its newline. Canonical, so that one byte changed anywhere is a different line. */
export function journalLine(record: JournalRecord): string {
  return canonicalJson(record)
}

export interface VerifiedJournal {
  readonly records: readonly JournalRecord[]
  readonly lastHash: string
  /** Bytes after the last whole line: what a crash left of a record that was being written. */
  readonly tornBytes: number
}

/**
 * Follows the chain from the first line to the last whole one.
 *
 * @throws RunproofError JOURNAL_BROKEN naming the line whose hash, number or form is wrong, or when there is no record
 */
export function verifyJournal(text: string): VerifiedJournal {
  const end = text.lastIndexOf('\n') + 1
  const lines = text.slice(0, end).split('\n').slice(0, -1)
  if (lines.length === 0) throw new RunproofError('JOURNAL_BROKEN', 'the journal holds no whole record')

  let prev = FIRST_PREV
  const records = lines.map((line, index) => {
    const record = parse(line, index)
    if (record.seq !== index) {
      throw new RunproofError('JOURNAL_BROKEN', `journal line ${index + 1} has number ${record.seq}, expected ${index}`)
    }
    if (record.prev !== prev) {
      throw new RunproofError(
        'JOURNAL_BROKEN',
        `journal line ${index + 1} does not follow line ${index}: its hash differs`,
      )
    }
    if (canonicalJson(record) !== line) {
      throw new RunproofError('JOURNAL_BROKEN', `journal line ${index + 1} is not in canonical form`)
    }
    prev = lineHash(line)
    return record
  })
  return { records, lastHash: prev, tornBytes: Buffer.byteLength(text.slice(end)) }
}

function parse(line: string, index: number): JournalRecord {
  let record: unknown
  try {
    record = JSON.parse(line)
  } catch (cause) {
    throw new RunproofError('JOURNAL_BROKEN', `journal line ${index + 1} is not JSON`, { cause })
  }
  if (!validate(record)) throw new RunproofError('JOURNAL_BROKEN', `journal line ${index + 1} is not a journal record`)
  return record
}
