import { createHash } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { CheckContext } from '../model/check.ts'
import { formatCommand } from '../model/command.ts'
import { RunproofError } from '../model/error.ts'
import type { StepContext } from '../model/runbook.ts'
import type { StatusView } from '../model/target.ts'
import { deployment, type LiveSource, live, stoppedAtMs } from './backup-subjects.ts'
import { askLock, lockHeld } from './lock.ts'
import { askSource } from './take-facts.ts'

const ASK_AGAIN_MS = 200

/** One source has one notice, whatever run stopped it. @param stateRoot - its real path */
export function noticeIdOf(stateRoot: string): string {
  return createHash('sha256').update(stateRoot).digest('hex').slice(0, 16)
}

/** @throws RunproofError COMMAND_FAILED when it does not answer */
export async function liveStatus(
  context: CheckContext,
  { binary, baseUrl, adminTokenFile }: LiveSource,
): Promise<StatusView> {
  const online = { runner: context.tools.commands, binary, baseUrl, tokenFile: adminTokenFile }
  return context.target.read.status(await askSource(context, online, ['status']))
}

/**
 * Stops the source with its operator's command. Before that it is noted where a crash can't take it, so that whoever comes
 * next hears first how to start the source; and where stopping is cut short, the source is started again when the run ends.
 *
 * @throws RunproofError COMMAND_FAILED, TIMEOUT; a command that says it stopped the source and did not is for the check
 */
export async function stopSource(context: StepContext): Promise<void> {
  const { tools, values, run } = context
  const { stopCommand, stopMs, noticeId } = values.get(live)
  const { stateRoot } = values.get(deployment)
  let whole = false
  await tools.notices.put(noticeId, noticeText(context))
  run.defer('the source, in case it was only half stopped', async () => {
    if (!whole) await startAgain(outliving(context))
  })

  context.set(stoppedAtMs, tools.clock.monotonicMs())
  const deadline = tools.clock.monotonicMs() + stopMs
  const stopped = await context.runIn(tools.commands, { argv: stopCommand }, { timeoutMs: stopMs })
  if (stopped.timedOut) {
    throw new RunproofError('TIMEOUT', `the stop command did not end within ${stopMs} ms: ${words(stopCommand)}`, {
      hint: 'the source is started again if it stopped; --param stop-timeout=5m allows more time',
    })
  }
  if (stopped.exitCode !== 0) {
    throw new RunproofError(
      'COMMAND_FAILED',
      `the stop command ended with exit ${stopped.exitCode ?? stopped.signal}: ${words(stopCommand)}`,
      { hint: 'the source is started again if it stopped; try the command by hand' },
    )
  }
  // Many stop commands only send the signal; the daemon drains for some seconds.
  await askLock(context, stateRoot, Math.max(1_000, deadline - tools.clock.monotonicMs()))
  whole = true
}

/**
 * Starts the source with its operator's command and takes the notice down once it serves. Does nothing where the notice is
 * gone already, and starts nothing where the source never stopped.
 *
 * @throws RunproofError COMMAND_FAILED, TIMEOUT; the notice then stays
 */
export async function startAgain(context: CheckContext): Promise<void> {
  const { tools, values, signal } = context
  const source = values.get(live)
  const { stateRoot } = values.get(deployment)
  if (!(await tools.notices.has(source.noticeId))) return
  const deadline = tools.clock.monotonicMs() + source.startMs
  const again = async (what: string) => {
    if (tools.clock.monotonicMs() > deadline) {
      throw new RunproofError('TIMEOUT', `${what} within ${source.startMs} ms`, { hint: startHint(source) })
    }
    await pause(ASK_AGAIN_MS, undefined, { signal })
  }

  while (await lockHeld(context, stateRoot)) {
    if (await serves(context)) return tools.notices.remove(source.noticeId)
    await again(`the lock of ${stateRoot} was held and nobody answered at ${source.baseUrl}, and neither ended`)
  }
  const started = await context.runIn(
    tools.commands,
    { argv: source.startCommand },
    { timeoutMs: Math.max(1_000, deadline - tools.clock.monotonicMs()) },
  )
  if (started.timedOut || started.exitCode !== 0) {
    const how = started.timedOut ? 'did not end in time' : `ended with exit ${started.exitCode ?? started.signal}`
    throw new RunproofError(
      'COMMAND_FAILED',
      `THE SOURCE IS STOPPED: its start command ${how}: ${words(source.startCommand)}`,
      {
        hint: startHint(source),
      },
    )
  }
  while (!(await serves(context))) await again(`THE SOURCE DOES NOT SERVE: no status from ${source.baseUrl}`)
  await tools.notices.remove(source.noticeId)
}

/** Whether the daemon on this very state root answers. */
async function serves(context: CheckContext): Promise<boolean> {
  try {
    const { stateRoot } = await liveStatus(context, context.values.get(live))
    return await sameRoot(context, stateRoot, context.values.get(deployment).stateRoot)
  } catch (thrown) {
    if (thrown instanceof RunproofError && ['COMMAND_FAILED', 'FILE_UNREADABLE'].includes(thrown.code)) return false
    throw thrown
  }
}

/** @param claimed - where the daemon says that its state root is; nowhere on this machine where it runs on another one */
export async function sameRoot({ tools }: CheckContext, claimed: string, stateRoot: string): Promise<boolean> {
  if ((await tools.files.facts(claimed)) === undefined) return false
  return (await tools.files.realPath(claimed)) === (await tools.files.realPath(stateRoot))
}

/** The context for work after its step is over: its commands are no part of the step's record. */
function outliving(context: StepContext): CheckContext {
  const { tools } = context
  const signal = new AbortController().signal
  return {
    ...context,
    signal,
    runIn: (runner, command, options = {}) => {
      context.run.assume(`run after its step was cut short: ${formatCommand(command)}`)
      return runner.run(command, { timeoutMs: 30_000, ...options, signal })
    },
    tools,
  }
}

function noticeText({ values, tools, run }: StepContext): string {
  const source = values.get(live)
  return `SOURCE STOPPED: ${values.get(deployment).stateRoot} was stopped by run ${run.runId} at ${tools.clock.now().toISOString()}, and that run has not seen it serve again.
  start it  ${words(source.startCommand)}
  then      rm ${tools.notices.place(source.noticeId)}
`
}

function startHint(source: LiveSource): string {
  return `start it: ${words(source.startCommand)}`
}

function words(argv: readonly [string, ...string[]]): string {
  return formatCommand({ argv })
}
