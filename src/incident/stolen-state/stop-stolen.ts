import { join } from 'node:path'
import { type Deployment, deployment } from '../../drill/backup-subjects.ts'
import { askLock, lockState } from '../../drill/lock.ts'
import { runningAgain } from '../../drill/subjects.ts'
import { formatCommand } from '../../model/command.ts'
import { parseCommand } from '../../model/command-param.ts'
import { parseDuration } from '../../model/duration.ts'
import { RunproofError, toRunproofError } from '../../model/error.ts'
import type { StepContext } from '../../model/runbook.ts'

/** What the operator says of the daemon whose state root was copied. Nothing of it is asked: it may be anybody’s by now. */
async function describeStolen(context: StepContext): Promise<void> {
  const { params, target, tools, run } = context
  const stateRoot = await tools.files.realPath(params['state-root']!)
  if ((await tools.files.facts(stateRoot))?.type !== 'directory')
    throw new RunproofError('FILE_UNREADABLE', `${stateRoot} is no directory`)
  const scratchDir = join(run.scratchDir, 'counterproofs')
  await tools.files.makeDirectory(scratchDir)
  const described: Deployment = {
    stateRoot,
    workspaceRoot: undefined,
    sentinel: undefined,
    binary: params['binary'] ?? target.bundledBinary,
    routesFile: params['routes-file'],
    masterKeyFile: params['master-key-file'],
    adminTokenFile: params['admin-token-file'],
    readonlyTokenFile: params['readonly-token-file'],
    connectorsConfig: undefined,
    mcpConfig: undefined,
    hooksFile: undefined,
    skillRoots: [],
    outDir: scratchDir,
    scratchDir,
  }
  context.set(deployment, described)
  if (params['master-key-file'] !== undefined)
    context.protect(await tools.files.readSecret(params['master-key-file'], 'master-key'))
}

/**
 * Stops the daemon, and waits until nobody holds its state root. It is not started again, whatever becomes of the run.
 *
 * @throws RunproofError COMMAND_FAILED, TIMEOUT; that it still runs is for the check to say
 */
export async function stopStolen(context: StepContext): Promise<void> {
  const { params, values } = context
  const own = values.find(runningAgain)
  if (own !== undefined) {
    await own.stop({ graceMs: 20_000 })
    return
  }
  const stopMs = parseDuration(params['stop-timeout']!)
  // First: a key or a directory that is misnamed keeps nobody from stopping, nor does a stop that failed from replacing the tokens.
  const failure = await runStopCommand(context, stopMs).catch(toRunproofError)
  await describeStolen(context)
  const { stateRoot } = context.values.get(deployment)
  if (failure !== undefined) {
    // A run that broke off may have stopped it, and is run again from its beginning.
    if (failure.code !== 'COMMAND_FAILED' || (await lockState(context, stateRoot)) !== 'free') throw failure
    context.run.assume(`${failure.message}; nobody holds the lock of ${stateRoot}: the daemon was stopped already`)
    return
  }
  await askLock(context, stateRoot, stopMs)
}

/**
 * After a break: the daemon was stopped, and has to be still.
 *
 * @throws RunproofError COMMAND_FAILED where somebody holds its state root again
 */
export async function stillStopped(context: StepContext): Promise<void> {
  await describeStolen(context)
  const { stateRoot } = context.values.get(deployment)
  if ((await lockState(context, stateRoot)) === 'held')
    throw new RunproofError('COMMAND_FAILED', `somebody started a daemon on ${stateRoot} again since the break`, {
      hint: 'stop it, keep whatever started it from doing so, and go on once more',
    })
}

/** @throws RunproofError COMMAND_FAILED, TIMEOUT */
async function runStopCommand(context: StepContext, stopMs: number): Promise<undefined> {
  const given = context.params['stop-command']
  if (given === undefined) return
  const command = { argv: parseCommand(given) }
  const { exitCode, signal, timedOut } = await context.runIn(context.tools.commands, command, { timeoutMs: stopMs })
  const hint = 'stop the daemon by hand, then run again'
  if (timedOut)
    throw new RunproofError('TIMEOUT', `the stop command did not end within ${stopMs} ms: ${formatCommand(command)}`, {
      hint,
    })
  if (exitCode !== 0)
    throw new RunproofError(
      'COMMAND_FAILED',
      `the stop command ended with exit ${exitCode ?? signal}: ${formatCommand(command)}`,
      { hint },
    )
}
