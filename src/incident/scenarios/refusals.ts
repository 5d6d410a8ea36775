import { join } from 'node:path'
import { keptCapture } from '../../model/capture.ts'
import type { CheckContext } from '../../model/check.ts'
import type { StepContext } from '../../model/runbook.ts'
import { auditRows } from '../../slo/audit.ts'
import { readStateFile } from '../../suite/host-file.ts'

/** Who was refused how often. The port of an address says nothing, so it is left out. */
export interface RefusalsByAddress {
  readonly rows: number
  readonly byAddress: Readonly<Record<string, number>>
  /** Since the incident began; undefined where nobody said when. */
  readonly since: Readonly<Record<string, number>> | null
}
export const refusalsByAddress = keptCapture<RefusalsByAddress>('refusals', 'how often each address was refused')

/**
 * Counts the refusals of the audit log by the address they came from.
 *
 * @throws RunproofError FILE_UNREADABLE, STATE_MALFORMED, ANSWER_MALFORMED
 */
export async function countRefusals(context: CheckContext, sinceMs: number | undefined): Promise<RefusalsByAddress> {
  const { auditLog, read } = context.target.signals
  const rows = auditRows({ text: await readStateFile(context, auditLog), whole: true }, read.auditRow)
  const count = (some: typeof rows) => {
    const counted: Record<string, number> = {}
    for (const { remoteAddr } of some) {
      const address = remoteAddr?.replace(/:\d+$/, '') ?? 'unknown'
      counted[address] = (counted[address] ?? 0) + 1
    }
    return counted
  }
  return {
    rows: rows.length,
    byAddress: count(rows),
    since: sinceMs === undefined ? null : count(rows.filter(({ atMs }) => atMs >= sinceMs)),
  }
}

/** Clocks of one machine, read by two programs. */
const SLACK_MS = 50

/** How many were refused from then on: of a log that goes back for months some always were. */
export async function refusalsSince(context: CheckContext, sinceMs: number): Promise<number> {
  const { since } = await countRefusals(context, sinceMs - SLACK_MS)
  return Object.values(since!).reduce((all, one) => all + one, 0)
}

/** The same as a step does it, told and written down. */
export async function tellRefusals(context: StepContext, sinceMs: number | undefined): Promise<void> {
  const counted = await countRefusals(context, sinceMs)
  context.set(refusalsByAddress, counted)
  context.run.fact('refusals.rows', counted.rows)
  context.run.fact('refusals.addresses', Object.keys(counted.byAddress).length)
  await context.tools.files.write(
    join(context.run.artifactsDir, 'refusals.json'),
    `${JSON.stringify(counted, null, 2)}\n`,
  )
}

/** What no daemon of this contract can tell afterwards. */
export const ADMIN_ACTIONS_UNKNOWN =
  'what the leaked token was let in to do: the audit log holds refused requests only, so recent admin actions cannot be read from it; the sweep shows what they left behind'
