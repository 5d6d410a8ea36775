import { files } from '../../adapters/files.ts'
import { followJournal } from '../../engine/broken-run.ts'
import type { Resuming, Settled } from '../../engine/pick-up.ts'
import { verifyJournal } from '../../evidence/journal.ts'
import { RunproofError } from '../../model/error.ts'
import type { RunFlags } from '../commands/run.ts'
import type { Places } from '../places.ts'
import type { PreparedRun, Settings } from '../run/prepare-run.ts'
import { refuseUnapproved } from './approvals.ts'
import { type BrokenRun, findBrokenRun } from './broken-run.ts'
import { refuseChanged } from './conditions.ts'
import { askWhetherDone, settleSteps } from './settle.ts'

/** A run that is gone on with, once everything about it was answered. */
export interface GoingOnWith {
  readonly broken: BrokenRun
  readonly settled: ReadonlyMap<string, Settled>
  /** Who goes on. */
  readonly by: string
}

/**
 * The run that `--resume` names, where it does, and the flags with what the run was begun with.
 *
 * @throws RunproofError USAGE for a flag that has its value from the run; what {@link findBrokenRun} throws
 */
export async function brokenRunOf(
  flags: RunFlags,
  places: Places,
): Promise<{ readonly broken: BrokenRun | undefined; readonly flags: RunFlags }> {
  const { resume, stated = [] } = flags
  if (resume === undefined) return { broken: undefined, flags }
  const stray = [
    ...(flags.param.length > 0 ? ['--param'] : []),
    ...(stated.includes('counterproofs') ? ['--counterproofs'] : []),
    ...(flags.plan === true ? ['--plan'] : []),
  ][0]
  if (stray !== undefined)
    throw new RunproofError('USAGE', `${stray} does not go with --resume: a run goes on as it was begun`, {
      hint: `leave ${stray} out`,
    })
  const broken = await findBrokenRun(resume, places, flags.ended === true)
  const { target } = broken.run
  if (stated.includes('target') && flags.target !== target)
    throw new RunproofError(
      'NOT_RESUMABLE',
      `${broken.run.runId} acts on ${target}, and --target says ${flags.target}`,
      {
        hint: 'leave --target out',
      },
    )
  return { broken, flags: { ...flags, target, counterproofs: broken.origin.counterproofs } }
}

/** Everything that has to be so, and is answered, before the run is taken over. */
export async function readyToGoOn(
  broken: BrokenRun,
  prepared: PreparedRun,
  settings: Settings,
  flags: Pick<RunFlags, 'done' | 'repeat'>,
): Promise<GoingOnWith> {
  refuseChanged(broken, prepared, settings)
  const answers = { done: flags.done ?? [], repeat: flags.repeat ?? [] }
  const by = settings.people.operator
  const settled = await settleSteps(
    prepared.plan,
    broken.run,
    answers,
    settings.terminal ? askWhetherDone : undefined,
    by,
  )
  await refuseUnapproved(broken.run, prepared, settings, settled)
  return { broken, settled, by }
}

/** What the engine goes on with: the journal as this process has it now, with the break in it. */
export async function resumingFrom(journalFile: string, { settled }: Pick<GoingOnWith, 'settled'>): Promise<Resuming> {
  const { records } = verifyJournal(await files.readText(journalFile))
  return { from: followJournal(records), settled }
}
