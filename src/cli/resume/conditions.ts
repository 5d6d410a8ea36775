import { isAbsolute, join } from 'node:path'
import { files } from '../../adapters/files.ts'
import { RunproofError } from '../../model/error.ts'
import { ROOT } from '../installation.ts'
import type { PreparedRun, Settings } from '../run/prepare-run.ts'
import { version } from '../version.ts'
import type { BrokenRun } from './broken-run.ts'

/**
 * The file of the runbook that a run began with, before anything of it is loaded.
 *
 * @throws RunproofError NOT_RESUMABLE where it is another one by now; FILE_UNREADABLE
 */
export async function unchangedRunbook({ run, origin }: Pick<BrokenRun, 'run' | 'origin'>): Promise<string> {
  const path = isAbsolute(origin.runbookFile) ? origin.runbookFile : join(ROOT, origin.runbookFile)
  const differs = differing(`the file of runbook ${run.runbook}`, origin.runbookSha256, await files.sha256(path))
  if (differs !== undefined) throw beganOtherwise(run, [differs])
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
    ...[...new Set([...Object.keys(origin.policy), ...Object.keys(policy.facts)])].map(name =>
      differing(name, origin.policy[name] ?? 'none', policy.facts[name] ?? 'none'),
    ),
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

function differing(what: string, then: string, now: string): string | undefined {
  return then === now ? undefined : `${what} was ${then}, and is ${now}`
}
