import type { StepRecord } from '../evidence/schema.ts'
import { RunproofError } from '../model/error.ts'
import type { Outcome } from '../model/outcome.ts'
import type { Manual, Step } from '../model/runbook.ts'
import type { Asked } from './people.ts'
import type { RunState } from './run-state.ts'

/** What a person said of what only a person can do. */
export type Attested =
  | {
      readonly confirmed: true
      readonly by: string
      /** A file that lies among the artifacts already. */
      readonly attachment?: { readonly path: string; readonly sha256: string }
    }
  | { readonly confirmed: false; readonly reason: string }

/** Asks a person to confirm. It may take as long as it takes: what is done by hand has no deadline of ours. */
export type Attester = (step: Step, manual: Manual, asked: Asked, signal: AbortSignal) => Promise<Attested>

const REHEARSED = 'rehearsed without a person'

/** How the work of a person ended: with a record, or without one where nobody was there. */
export type ManualEnd =
  | { readonly attested: NonNullable<StepRecord['attestation']>; readonly said: string }
  | { readonly outcome: Outcome; readonly reason: string }

/**
 * A step that a person does: asked for by name, and on record before anything goes on. Without a person it is skipped: by itself
 * where a runbook is only rehearsed, else against the verdict of the run.
 *
 * @throws RunproofError INTERRUPTED; DISK_FULL, FILE_UNREADABLE when it could not be put on record
 */
export async function attest(run: RunState, step: Step, manual: Manual): Promise<ManualEnd> {
  const { journal, signal, attest: ask, plan } = run.input
  const rehearsed = !plan.target.real && plan.inUse === undefined
  if (ask === undefined) return unattested(run, step.id, 'there is no person to ask', rehearsed)

  const asked = run.people.askedFor(step.role)
  const inRole = asked.role === undefined ? {} : { role: asked.role }
  const { instruction, confirm } = manual
  journal.append('manual-asked', { step: step.id, instruction, confirm, ...inRole, of: asked.of })
  const answer = await ask(step, manual, asked, signal)
  if (signal.aborted) throw new RunproofError('INTERRUPTED', `step ${step.id} was interrupted`)
  if (!answer.confirmed) return unattested(run, step.id, answer.reason, rehearsed)
  if (asked.other && answer.by !== asked.of)
    return unattested(run, step.id, `${answer.by} confirmed, and ${asked.of} holds the role ${asked.role}`, rehearsed)

  const said = {
    by: answer.by,
    ...inRole,
    statement: confirm,
    ...(answer.attachment === undefined ? {} : { attachment: answer.attachment }),
  }
  const at = journal.append('attested', { step: step.id, ...said })
  if (manual.attachment !== undefined && answer.attachment === undefined)
    run.notTested.add(`step ${step.id}: nothing was attached (${manual.attachment})`)
  const who = asked.role === undefined ? answer.by : `${answer.by} (${asked.role})`
  return { attested: { ...said, at }, said: `attested by ${who}: ${confirm}` }
}

function unattested(run: RunState, id: string, why: string, rehearsed: boolean): ManualEnd {
  if (rehearsed && !run.skipAllowed(id)) run.allowedSkips.push({ id, reason: REHEARSED })
  if (rehearsed) return { outcome: 'skipped', reason: `${REHEARSED}: ${why}` }
  const way = run.skipAllowed(id) ? '' : `; --allow-skip ${id}=WHY says that it may be left out`
  return { outcome: 'skipped', reason: `nobody confirmed it: ${why}${way}` }
}
