import type { Origin } from '../../engine/broken-run.ts'
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
    `${process.env['RUNPROOF_INVOKED_AS'] ?? 'runproof'} run --resume ${runId}`,
    ...secrets.filter(({ generated }) => !generated).map(({ name }) => `--secret ${name}=…`),
    ...(reportsDir === usual.reportsDir ? [] : [`--reports ${reportsDir}`]),
    ...(workDir === usual.workDir ? [] : [`--work ${workDir}`]),
  ].join(' ')
}
