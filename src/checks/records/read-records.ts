import { withProxy } from '../../daemon/break.ts'
import { type LedgerRecord, parseRecord } from '../../ledger/record.ts'
import type { CheckContext, Json, SubjectCounterproof } from '../../model/check.ts'
import { RunproofError } from '../../model/error.ts'
import { askFor } from '../../suite/ask.ts'
import { subjectRun } from '../../suite/probe-run.ts'

/** Why there is no run to look at, or undefined. */
export function withoutRun({ values }: CheckContext): string | undefined {
  return values.find(subjectRun) === undefined ? 'no-runs: the daemon has none that ended well' : undefined
}

export async function readRecords(context: CheckContext, runId: string): Promise<readonly LedgerRecord[]> {
  const path = context.target.runs.paths.actions(runId)
  return askFor(context, path, document => {
    if (!Array.isArray(document)) throw new RunproofError('ANSWER_MALFORMED', `${path} answered no list`)
    return document.map((record: Json, index) => parseRecord(JSON.stringify(record), `${path} record ${index + 1}`))
  })
}

/** A proxy that changes the records on their way. */
export function altered(
  id: string,
  breaks: string,
  because: RegExp,
  change: (records: readonly LedgerRecord[]) => readonly LedgerRecord[],
): SubjectCounterproof {
  return {
    id,
    breaks,
    because,
    subject: (context, scope) => {
      const actions = context.target.runs.paths.actions(context.values.get(subjectRun)!.runId)
      return withProxy(context, scope, {
        rewriteBody: (path, text) => (path === actions ? JSON.stringify(change(JSON.parse(text))) : text),
      })
    },
  }
}
