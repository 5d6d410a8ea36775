import type { Json } from '../model/check.ts'
import { RunproofError } from '../model/error.ts'
import type { AuditRow } from '../model/signals.ts'
import type { AuditCounts, Periods } from './sample.ts'
import { MINUTE_MS } from './signal.ts'

const PERIOD_MS = 10 * MINUTE_MS
const PERIODS = 3
/** Clocks of one machine, read by two programs. */
const SLACK_MS = 50

/** A request that was refused, as the one who sent it saw it. */
export interface Refusal {
  readonly method: string
  readonly path: string
  /** 401, 403 or 429. */
  readonly status: number
  readonly sentAtMs: number
  readonly answeredAtMs: number
}

/** What was read of an audit log. */
export interface AuditText {
  /** Its end. The first line is cut unless `whole`. */
  readonly text: string
  readonly whole: boolean
}

/**
 * Rows of an audit log, oldest first. A last line without its end is still being written, and left for the next time.
 *
 * @throws RunproofError STATE_MALFORMED, ANSWER_MALFORMED for a row that is not one
 */
export function auditRows({ text, whole }: AuditText, read: (document: Json) => AuditRow): readonly AuditRow[] {
  const lines = text.split('\n').slice(whole ? 0 : 1, -1)
  return lines.map((line, index) => {
    try {
      return read(JSON.parse(line) as Json)
    } catch (cause) {
      if (cause instanceof RunproofError) throw cause
      throw new RunproofError('STATE_MALFORMED', `the audit log, line ${index + 1} of what was read, is not JSON`, {
        cause,
      })
    }
  })
}

/** The rows that one's own refused requests had left, each request one at most, and the others. */
export function withoutOurs(
  rows: readonly AuditRow[],
  refusals: readonly Refusal[],
): { readonly ours: readonly AuditRow[]; readonly others: readonly AuditRow[] } {
  const open = [...refusals]
  const ours: AuditRow[] = []
  const others: AuditRow[] = []
  for (const row of rows) {
    const index = open.findIndex(refusal => matches(row, refusal))
    if (index < 0) others.push(row)
    else {
      open.splice(index, 1)
      ours.push(row)
    }
  }
  return { ours, others }
}

/** A request that the limiter answers leaves a row of its own kind, once a minute. */
function matches(row: AuditRow, { method, path, status, sentAtMs, answeredAtMs }: Refusal): boolean {
  return (
    row.event === (status === 429 ? 'auth_rate_limited' : 'auth_failure') &&
    row.method === method &&
    row.path === path &&
    row.atMs >= sentAtMs - SLACK_MS &&
    row.atMs <= answeredAtMs + SLACK_MS
  )
}

/** Counts by period of ten minutes before an instant. A row from the future counts for now. */
export function countAudit(
  audit: AuditText,
  read: (document: Json) => AuditRow,
  atMs: number,
  refusals: readonly Refusal[],
): AuditCounts {
  const rows = auditRows(audit, read)
  const recent = rows.filter(row => periodOf(row, atMs) < PERIODS)
  const { ours, others } = withoutOurs(recent, refusals)
  const countOf = (event: AuditRow['event']): Periods => {
    const counts = [0, 0, 0] as [number, number, number]
    for (const row of others) if (row.event === event) counts[periodOf(row, atMs)]! += 1
    return counts
  }
  const authRateLimited = countOf('auth_rate_limited')
  const corsRateLimited = countOf('cors_origin_rate_limited')
  const limited = [...authRateLimited, ...corsRateLimited].reduce((sum, count) => sum + count, 0)
  return {
    authRateLimited,
    corsRateLimited,
    refusals: others.length - limited,
    ours: ours.length,
    whole: audit.whole || recent.length < rows.length,
  }
}

function periodOf({ atMs: rowAtMs }: AuditRow, atMs: number): number {
  return Math.max(0, Math.floor((atMs - rowAtMs) / PERIOD_MS))
}
