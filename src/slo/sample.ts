import type { Json } from '../model/check.ts'
import { RunproofError } from '../model/error.ts'
import type { StatusSignals } from '../model/signals.ts'
import { count, flag, list, type Member, object, oneOf, orNull, text } from './shape.ts'

const SAMPLE_SCHEMA = 'runproof-slo-sample-1'

/** How the readiness probe was answered. */
export interface Readiness {
  /** Null when there was no answer. */
  readonly status: number | null
  /** Whether the body was the daemon's own: a page with status 200 says nothing of it. */
  readonly ownWords: boolean
  /** Why there was none: an error code. */
  readonly error: string | null
}

/** Notices of the limiter in the audit log, of the ten minutes before the sample, of the ten before those, and once more. */
export type Periods = readonly [number, number, number]

export interface AuditCounts {
  readonly authRateLimited: Periods
  readonly corsRateLimited: Periods
  /** Other refusals of the last thirty minutes. */
  readonly refusals: number
  /** Rows that whoever took the sample had caused; they are in none of the other counts. */
  readonly ours: number
  /** False where the log of thirty minutes was longer than what was read of it: counts are then lower bounds. */
  readonly whole: boolean
}

export interface DiskUse {
  readonly totalBytes: number
  readonly freeBytes: number
  /** What an unprivileged writer still has of the free bytes. */
  readonly availableBytes: number
  /** 0 on a file system that does not count them. */
  readonly inodes: number
  readonly freeInodes: number
}

/** What a source said, or why it said nothing. */
export type Told<Facts> = { readonly facts: Facts } | { readonly error: string }

/** What is known of a daemon at one instant. */
export interface Sample {
  /** RFC 3339, UTC. */
  readonly at: string
  readonly readiness: Readiness
  readonly status: Told<StatusSignals>
  /** Null where the files of the daemon's host were not given. */
  readonly audit: Told<AuditCounts> | null
  readonly disk: Told<DiskUse> | null
}

const told =
  <Facts>(facts: Member<Facts>): Member<Told<Facts>> =>
  (value, path) =>
    typeof value === 'object' && value !== null && 'error' in value
      ? object({ error: text })(value, path)
      : object({ facts })(value, path)

const state = oneOf(['ok', 'warning', 'error'])
const periods: Member<Periods> = (value, path) => {
  const counts = list(count)(value, path)
  if (counts.length !== 3) throw new RunproofError('SAMPLES_INVALID', `${path} has ${counts.length} periods, not 3`)
  return counts as unknown as Periods
}

const status: Member<StatusSignals> = object({
  health: object({
    ok: flag,
    warnings: list(object({ severity: oneOf(['info', 'warning', 'error']), code: text })),
  }),
  storage: object({ ok: flag, probes: list(object({ name: text, state, code: text })) }),
  routes: object({ activeReady: flag, list: list(object({ id: text, active: flag, state, code: text })) }),
  runs: object({
    queued: count,
    running: count,
    waitingForApproval: count,
    waitingForQuestion: count,
    oldestQueuedMs: orNull(count),
    oldestIdleMs: orNull(count),
  }),
  schedules: object({ due: count, dispatching: flag, oldestDueMs: orNull(count), lagMs: orNull(count) }),
  delivery: object({ unresolvedDeadLetters: count, workerStarted: flag, workerLagMs: orNull(count) }),
  events: object({ lostToSlowReaders: count, replayGaps: count }),
  debugLevel: oneOf(['off', 'on', 'redacted', 'full']),
  exposure: object({ authEnabled: flag, bindIsLoopback: flag, withoutAuth: flag }),
})

const record = object({
  schema: oneOf([SAMPLE_SCHEMA]),
  at: text,
  readiness: object({ status: orNull(count), ownWords: flag, error: orNull(text) }),
  status: told(status),
  audit: orNull(
    told(object({ authRateLimited: periods, corsRateLimited: periods, refusals: count, ours: count, whole: flag })),
  ),
  disk: orNull(
    told(object({ totalBytes: count, freeBytes: count, availableBytes: count, inodes: count, freeInodes: count })),
  ),
})

/** One line of a recording, without the line break. */
export function sampleLine({ at, readiness, status: said, audit, disk }: Sample): string {
  return JSON.stringify({ schema: SAMPLE_SCHEMA, at, readiness, status: said, audit, disk })
}

/**
 * Every member is there with its type, and no other one.
 *
 * @throws RunproofError SAMPLES_INVALID naming what is wrong
 */
export function parseSample(line: string): Sample {
  const { schema: _schema, ...sample } = record(parseJson(line), 'sample')
  const bad = (what: string) => new RunproofError('SAMPLES_INVALID', what)
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z$/.test(sample.at) || Number.isNaN(Date.parse(sample.at)))
    throw bad(`sample.at is no instant in UTC: ${sample.at.slice(0, 40)}`)
  const { status: code, error, ownWords } = sample.readiness
  if ((code === null) === (error === null) || (code === null && ownWords))
    throw bad('sample.readiness tells both of an answer and of none')
  return sample
}

function parseJson(line: string): Json {
  try {
    return JSON.parse(line) as Json
  } catch (cause) {
    throw new RunproofError('SAMPLES_INVALID', 'it is not JSON', { cause })
  }
}
