import { files } from '../../adapters/files.ts'
import { RunproofError } from '../../model/error.ts'
import type { PreparedRun, Settings } from '../prepare-run.ts'
import { version } from '../version.ts'
import type { BrokenRun } from './broken-run.ts'

/**
 * Refuses to go on with another runbook, plan or policy than the run began with.
 *
 * @throws RunproofError NOT_RESUMABLE with what there was and what there is; USAGE for secrets that have to be given again
 */
export async function refuseChanged(
  { run, origin }: BrokenRun,
  { plan, path, secrets }: PreparedRun,
  { policy }: Pick<Settings, 'policy'>,
): Promise<void> {
  const steps = plan.steps.map(({ id }) => id)
  const differences = [
    differs(`the file of runbook ${run.runbook}`, origin.runbookSha256, await files.sha256(path)),
    ...[...new Set([...Object.keys(origin.policy), ...Object.keys(policy.facts)])].map(name =>
      differs(name, origin.policy[name] ?? 'none', policy.facts[name] ?? 'none'),
    ),
    differs('the version of runproof', origin.tool, version()),
    differs('the steps', run.steps.join(', '), steps.join(', ')),
  ].filter(one => one !== undefined)
  if (differences.length > 0)
    throw new RunproofError('NOT_RESUMABLE', `${run.runId} began with something else: ${differences.join('; ')}`, {
      hint: `put back what there was and resume, or begin at the beginning: runproof run ${run.runbook}`,
    })
  const missing = origin.secrets.filter(({ name, generated }) => !generated && secrets[name] === undefined)
  if (missing.length > 0)
    throw new RunproofError(
      'USAGE',
      `${run.runId} was given ${missing.map(({ name }) => name).join(', ')}: secrets are not stored, and have to be given again`,
      { hint: missing.map(({ name }) => `--secret ${name}=file:PATH`).join(' ') },
    )
}

function differs(what: string, then: string, now: string): string | undefined {
  return then === now ? undefined : `${what} was ${then}, and is ${now}`
}
