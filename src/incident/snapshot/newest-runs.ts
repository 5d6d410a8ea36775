import type { CheckContext, Json } from '../../model/check.ts'
import type { RunView } from '../../model/target.ts'
import { askFor } from '../../suite/ask.ts'

export interface NewestRuns {
  /** As the daemon shows them, the newest first. */
  readonly documents: readonly Json[]
  readonly runs: readonly RunView[]
  /** How many there are in all. */
  readonly total: number
}

/**
 * The newest runs there are, page by page: a list that is asked for at once is cut by the daemon, and does not say so.
 *
 * @throws RunproofError ANSWER_MALFORMED, TARGET_UNREACHABLE, TIMEOUT
 */
export async function newestRuns(context: CheckContext, most: number): Promise<NewestRuns> {
  const { paths, read } = context.target.incident
  const documents: Json[] = []
  let page = await askFor(context, paths.newestRuns(), read.page)
  documents.push(...page.items)
  while (page.next !== undefined && documents.length < most) {
    page = await askFor(context, paths.newestRuns(page.next), read.page)
    documents.push(...page.items)
  }
  const kept = documents.slice(0, most)
  return { documents: kept, runs: context.target.read.runs(kept), total: Math.max(page.total, documents.length) }
}
