import { join } from 'node:path'
import { type Daemon, daemon } from '../../daemon/subjects.ts'
import { runningAgain, source } from '../../drill/subjects.ts'
import { keptCapture } from '../../model/capture.ts'
import type { AnyCheck } from '../../model/check.ts'
import { toRunproofError } from '../../model/error.ts'
import type { PlanInput, Step, StepContext } from '../../model/runbook.ts'
import { connectRunning } from '../../suite/connect.ts'
import { CONTAIN_COMMANDS, CONTAINED, type Settings, setSettings, settingsNow } from '../first-containment.ts'
import { type Snapshot, snapshots, takeSnapshot } from '../snapshot/snapshot.ts'
import { SNAPSHOT_COMMANDS } from '../snapshot/snapshot-items.ts'

const PAGE = 'production-runbooks'

/** What the daemon of the stolen state root was set to before it was stopped. Kept: it cannot be asked again. */
export interface ContainedRunning {
  readonly before: Settings
  readonly after: Settings
}
export const containedRunning = keptCapture<ContainedRunning>(
  'contained-running',
  'the settings of the daemon of the stolen state root, before and after it was contained',
)

/**
 * While the daemon of the stolen state root still runs it is set to refuse what would need an approval, and what only a running
 * daemon tells is kept: afterwards there are its files alone.
 */
export function containRunning(
  { target }: PlanInput,
  checks: { readonly contained: AnyCheck; readonly whole: AnyCheck },
): Step {
  const { program } = target
  return {
    id: 'contain-running',
    title: 'Refuse what would need an approval, and keep the evidence, before the daemon is stopped',
    effect: 'write',
    docs: { page: PAGE, command: 'runtime set-permission-mode dont-ask' },
    timeoutMs: 180_000,
    role: 'incident-commander',
    yields: [containedRunning, snapshots.before],
    resume: 'repeatable',
    irreversible:
      'nothing is put back on a daemon that is stopped next; what comes back is a backup with its own settings',
    run: {
      describe:
        'set the permission mode to dont-ask and the debug level to off; collect status, settings, sessions, runs, slots without values, doctor and the audit log into artifacts/before',
      commands: [...CONTAIN_COMMANDS, ...SNAPSHOT_COMMANDS].map(words => `${program} ${words}`),
      execute: containAndKeep,
    },
    verify: [checks.contained, checks.whole],
  }
}

/** @throws RunproofError what containing throws, once the evidence was kept all the same */
async function containAndKeep(context: StepContext): Promise<void> {
  const values = context.values.with(daemon, await reach(context))
  // The restored daemon is the one that the later steps ask.
  const inner: StepContext = { ...context, values }
  const before = await settingsNow(inner)
  context.run.fact('incident.previousPermissionMode', before.permissionMode)
  context.run.fact('incident.previousDebugLevel', before.debugLevel)
  const failure = await setSettings(inner, CONTAINED).then(() => undefined, toRunproofError)
  if (context.signal.aborted) throw failure
  context.set(snapshots.before, await keepEvidence(inner))
  if (failure !== undefined) throw failure
  context.set(containedRunning, { before, after: await settingsNow(inner) })
  context.run.fact('incident.containedAt', context.tools.clock.now().toISOString())
}

const keepEvidence = (context: StepContext): Promise<Snapshot> =>
  takeSnapshot(context, join(context.run.artifactsDir, 'before'), 'before', {})

/** The daemon at base-url=; in a rehearsal the source that the run itself started. */
async function reach(context: StepContext): Promise<Daemon> {
  const { params, values, tools, protect } = context
  if (params['base-url'] !== undefined) return connectRunning(context, true)
  const { binary, stateRoot, adminTokenFile, readonlyTokenFile } = values.get(source)
  const adminToken = await tools.files.readSecret(adminTokenFile, 'admin-token-of-the-source')
  const readonlyToken = await tools.files.readSecret(readonlyTokenFile, 'readonly-token-of-the-source')
  for (const token of [adminToken, readonlyToken]) protect(token)
  const tokens = { adminToken, adminTokenFile, readonlyToken, readonlyTokenFile }
  return { reached: 'isolated', instance: values.get(runningAgain), binary, stateRoot, ...tokens }
}
