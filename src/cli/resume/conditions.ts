import { isAbsolute, join } from 'node:path'
import { files } from '../../adapters/files.ts'
import { RunproofError } from '../../model/error.ts'
import { ROOT } from '../installation.ts'
import { importedFiles } from '../run/imported-files.ts'
import type { PreparedRun, Settings } from '../run/prepare-run.ts'
import { version } from '../version.ts'
import type { BrokenRun } from './broken-run.ts'

/**
 * The file of the runbook that a run began with, and those that it imports, before anything of them is loaded.
 *
 * @throws RunproofError NOT_RESUMABLE where it is another one by now; FILE_UNREADABLE
 */
export async function unchangedRunbook({ run, origin }: Pick<BrokenRun, 'run' | 'origin'>): Promise<string> {
  const path = isAbsolute(origin.runbookFile) ? origin.runbookFile : join(ROOT, origin.runbookFile)
  const { runbookSha256, importedSha256 } = origin
  const differences = [
    differing(`the file of runbook ${run.runbook}`, runbookSha256, await files.sha256(path)),
    ...(importedSha256 === undefined
      ? []
      : differingDigests(name => `${name}, which it imports,`, importedSha256, await importedFiles(path))),
  ].filter(one => one !== undefined)
  if (differences.length > 0) throw beganOtherwise(run, differences)
  return path
}

/**
 * Refuses to go on with another plan or policy than the run began with.
 *
 * @throws RunproofError NOT_RESUMABLE with what there was and what there is; USAGE for secrets that have to be given again
 */
export function refuseChanged(
  { run, origin }: BrokenRun,
  { plan, secrets }: PreparedRun,
  { policy }: Pick<Settings, 'policy'>,
): void {
  const steps = plan.steps.map(({ id }) => id)
  const differences = [
    ...differingDigests(name => name, origin.policy, policy.facts),
    differing('the version of runproof', origin.tool, version()),
    differing('the steps', run.steps.join(', '), steps.join(', ')),
  ].filter(one => one !== undefined)
  if (differences.length > 0) throw beganOtherwise(run, differences)
  const missing = origin.secrets.filter(({ name, generated }) => !generated && secrets[name] === undefined)
  if (missing.length > 0)
    throw new RunproofError(
      'USAGE',
      `${run.runId} was given ${missing.map(({ name }) => name).join(', ')}: secrets are not stored, and have to be given again`,
      { hint: missing.map(({ name }) => `--secret ${name}=file:PATH`).join(' ') },
    )
}

function beganOtherwise({ runId, runbook }: BrokenRun['run'], differences: readonly string[]): RunproofError {
  return new RunproofError('NOT_RESUMABLE', `${runId} began with something else: ${differences.join('; ')}`, {
    hint: `put back what there was and resume, or begin at the beginning: runproof run ${runbook}`,
  })
}

type Digests = Readonly<Record<string, string>>

function differingDigests(
  what: (name: string) => string,
  then: Digests,
  now: Digests,
): readonly (string | undefined)[] {
  const names = [...new Set([...Object.keys(then), ...Object.keys(now)])]
  return names.map(name => differing(what(name), then[name] ?? 'none', now[name] ?? 'none'))
}

function differing(what: string, then: string, now: string): string | undefined {
  return then === now ? undefined : `${what} was ${then}, and is ${now}`
}
