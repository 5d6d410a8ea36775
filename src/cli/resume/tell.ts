import { readTakenOver } from '../../adapters/process/resume-lock.ts'
import { followJournal, isOver, type Origin } from '../../engine/broken-run.ts'
import type { JournalRecord } from '../../evidence/schema.ts'
import { shellWord } from '../../model/command.ts'
import { toRunproofError } from '../../model/error.ts'
import { INVOKED_AS } from '../invoked-as.ts'
import { type Places, placesFor } from '../places.ts'

/**
 * The command that goes on with a run; undefined for one that can't be gone on with. Secrets that were not made here have to be
 * given again.
 */
export function resumeCommand(
  runId: string,
  { secrets, unresumable }: Pick<Origin, 'secrets' | 'unresumable'>,
  { reportsDir, workDir }: Pick<Places, 'reportsDir' | 'workDir'>,
): string | undefined {
  if (unresumable !== undefined) return undefined
  const usual = placesFor(process.env)
  return [
    `${INVOKED_AS} run --resume ${shellWord(runId)}`,
    ...secrets.filter(({ generated }) => !generated).map(({ name }) => `--secret ${shellWord(name)}=…`),
    ...(reportsDir === usual.reportsDir ? [] : [`--reports ${shellWord(reportsDir)}`]),
    ...(workDir === usual.workDir ? [] : [`--work ${shellWord(workDir)}`]),
  ].join(' ')
}

/** The command that goes on with a run that ended, or what became of it; undefined where there is nothing to go on with. */
export function howToGoOn(runId: string, records: readonly JournalRecord[], places: Places): string | undefined {
  if (records.length === 0) return undefined
  try {
    const taken = readTakenOver(places.reportsDir, runId)
    if (taken !== undefined) return `taken over as ${taken.as} at ${taken.takenAt}`
    const { origin, endedAs } = followJournal(records)
    return origin === undefined || isOver(endedAs) ? undefined : resumeCommand(runId, origin, places)
  } catch (thrown) {
    return `${toRunproofError(thrown).message}`
  }
}
