import type { VerifiedJournal } from '../../evidence/journal.ts'
import type { JournalRecord } from '../../evidence/schema.ts'
import { RunproofError } from '../../model/error.ts'
import { oneLine } from '../../model/one-line.ts'
import { describe, isMinor } from './describe.ts'
import type { Timeline, TimelineEntry } from './schema.ts'

/** What is known of a run beside its journal. */
export interface TimelineSource {
  readonly state: Timeline['state']
  readonly signer?: NonNullable<Timeline['signer']>
  /** Takes values out of every text; undefined: nobody said which. */
  readonly redact?: (text: string) => string
}

/** A journal of any length gives a document that can be read: so many entries, of people and steps first. */
const MOST_ENTRIES = 4_000
const MOST_CHARACTERS = 400
const inLine = (text: string): string => oneLine(text, MOST_CHARACTERS)

/**
 * Who did what, when, of a journal whose chain was verified.
 *
 * @throws RunproofError JOURNAL_BROKEN when it does not begin with a run
 */
export function timelineOf(journal: VerifiedJournal, source: TimelineSource): Timeline {
  const { records, lastHash, tornBytes } = journal
  const [first] = records
  const last = records.at(-1)
  if (first?.type !== 'run-started' || last === undefined)
    throw new RunproofError('JOURNAL_BROKEN', 'journal line 1 does not begin a run')
  const withheld = source.state === 'quarantined' && source.redact === undefined
  const entries = bounded(entriesOf(records, withheld, source.redact ?? (text => text)))
  const ended = records.findLast(({ type }) => type === 'run-ended')
  const named = records.findLast(({ type }) => type === 'run-resumed') ?? first
  const redact = source.redact ?? (text => text)
  const word = (value: unknown): string => inLine(redact(typeof value === 'string' ? value : '')) || 'unnamed'
  return {
    schema: 'runproof-timeline-1',
    runId: word(named.data['runId']),
    runbook: word(first.data['runbook']),
    target: word(first.data['target']),
    state: source.state,
    ...(source.signer === undefined ? {} : { signer: source.signer }),
    ...(ended === undefined ? {} : { outcome: word(ended.data['outcome']) }),
    startedAt: first.at,
    lastRecordAt: last.at,
    journal: { records: records.length, lastHash, tornBytes },
    clockWentBack: records.filter((record, index) => backMs(records[index - 1], record) > 0).length,
    textsWithheld: withheld,
    entries,
  }
}

function backMs(before: JournalRecord | undefined, { at }: JournalRecord): number {
  return before === undefined ? 0 : Date.parse(before.at) - Date.parse(at)
}

/** What of a step's checks is told where it ends. */
interface Counted {
  passed: number
  red: number
  commands: number
}

function entriesOf(
  records: readonly JournalRecord[],
  withheld: boolean,
  redact: (text: string) => string,
): TimelineEntry[] {
  const word = (value: unknown): string | undefined =>
    typeof value === 'string' ? inLine(redact(value)) || undefined : undefined
  const counted = new Map<string, Counted>()
  const entries: TimelineEntry[] = []
  let operator: string | undefined
  let before: JournalRecord | undefined
  for (const record of records) {
    const { seq, at, type, data } = record
    const step = word(data['step'])
    const back = backMs(before, record)
    before = record
    operator = operatorAfter(record, operator, word)
    const counts = step === undefined ? undefined : count(record, step, counted)
    const said = describe(record)
    // A clock that went back is told, also where the record itself is only counted.
    if (said === undefined && back <= 0) continue
    const tally = type === 'step-ended' && counts !== undefined ? tallyOf(counts) : ''
    const by = type === 'run-started' ? operator : word(data['by'])
    const role = word(data['role'])
    entries.push({
      record: seq,
      at,
      type: word(type) ?? 'unnamed',
      ...(step === undefined ? {} : { step }),
      ...(by === undefined ? {} : { by }),
      ...(role === undefined ? {} : { role }),
      ...(operator === undefined ? {} : { operator }),
      text: withheld ? '(withheld)' : inLine(redact(`${said ?? ''}${tally}`)),
      ...(back > 0 ? { clockBackMs: back } : {}),
    })
  }
  return entries
}

function operatorAfter(
  { type, data }: JournalRecord,
  now: string | undefined,
  word: (value: unknown) => string | undefined,
): string | undefined {
  if (type === 'run-started') return word(data['operator'])
  if (type === 'run-resumed') return word(data['by']) ?? now
  const { role } = data
  const ofRun = role === undefined || role === 'operator'
  return type === 'handover' && ofRun ? (word(data['to']) ?? now) : now
}

function count({ type, data }: JournalRecord, step: string, counted: Map<string, Counted>): Counted {
  const counts = counted.get(step) ?? { passed: 0, red: 0, commands: 0 }
  counted.set(step, counts)
  if (type === 'check' && data['outcome'] === 'passed') counts.passed += 1
  if (type === 'counterproof' && data['outcome'] === 'red') counts.red += 1
  if (type === 'command') counts.commands += 1
  if (type === 'step-ended') counted.delete(step)
  return counts
}

function tallyOf({ passed, red, commands }: Counted): string {
  const told = [
    ...(commands > 0 ? [counts(commands, 'command', '')] : []),
    ...(passed > 0 ? [counts(passed, 'check', ' passed')] : []),
    ...(red > 0 ? [counts(red, 'counterproof', ' red')] : []),
  ]
  return told.length === 0 ? '' : ` (${told.join(', ')})`
}

function counts(number: number, noun: string, state: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}${state}`
}

/** All of them where they fit. Else minor ones are left out first, from the end, and then the middle. */
function bounded(entries: readonly TimelineEntry[]): TimelineEntry[] {
  if (entries.length <= MOST_ENTRIES) return [...entries]
  const major = entries.filter(entry => !isMinor(entry) || entry.clockBackMs !== undefined).length
  let room = Math.max(0, MOST_ENTRIES - major)
  const kept = entries.map(entry => {
    if (!isMinor(entry) || entry.clockBackMs !== undefined) return true
    room -= 1
    return room >= 0
  })
  const half = MOST_ENTRIES / 2
  if (major > MOST_ENTRIES) {
    const places = kept.flatMap((is, index) => (is ? [index] : []))
    for (const index of places.slice(half, -half)) kept[index] = false
  }
  return withGaps(entries, kept)
}

/** One entry for each stretch of those that are not kept. */
function withGaps(entries: readonly TimelineEntry[], kept: readonly boolean[]): TimelineEntry[] {
  const shown: TimelineEntry[] = []
  for (let index = 0; index < entries.length; index += 1) {
    const entry = entries[index]!
    if (kept[index] === true) {
      shown.push(entry)
      continue
    }
    const end = kept.indexOf(true, index)
    const past = end === -1 ? entries.length : end
    const last = entries[past - 1]!
    shown.push({
      record: entry.record,
      at: entry.at,
      type: 'left-out',
      text: `${past - index} entries are left out, of journal records ${entry.record} to ${last.record}, until ${last.at}`,
    })
    index = past - 1
  }
  return shown
}
