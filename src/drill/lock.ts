import { join } from 'node:path'
import type { CheckContext } from '../model/check.ts'
import { RunproofError } from '../model/error.ts'
import type { StepContext } from '../model/runbook.ts'

/** `unknown`: there is no lock file, and so nothing to say that a daemon runs, or that none does. */
export type LockState = 'held' | 'free' | 'unknown'

type Asking = Pick<CheckContext, 'runIn' | 'tools' | 'target'>

/**
 * Whether a process holds the lock of a state root. Only tries: the file is not written, and the lock is given back at once.
 *
 * @param waitMs - how long to wait for it to be free
 * @throws RunproofError PATH_UNSAFE when something else than a file has its name
 */
export async function lockState(context: Asking, stateRoot: string, waitMs = 0): Promise<LockState> {
  const { tools, target } = context
  const lockFile = join(stateRoot, target.layout.lockFile)
  // flock would make the file, through a link even where the link leads; and wait at a pipe for a writer.
  const facts = await tools.files.facts(lockFile)
  if (facts === undefined) return 'unknown'
  if (facts.type !== 'file') {
    throw new RunproofError('PATH_UNSAFE', `${lockFile} is no file but: ${facts.type}`, {
      hint: 'a state root of this daemon has a plain file there; is it the right directory?',
    })
  }
  const patience = waitMs === 0 ? ['--nonblock'] : ['--timeout', String(waitMs / 1_000)]
  const tried = await context.runIn(
    tools.commands,
    { argv: ['flock', ...patience, '--conflict-exit-code', '9', lockFile, 'true'] },
    { timeoutMs: waitMs + 10_000 },
  )
  if (tried.exitCode === 0) return 'free'
  if (tried.exitCode === 9) return 'held'
  throw new RunproofError('COMMAND_FAILED', `flock on ${lockFile} ended with exit ${tried.exitCode ?? tried.signal}`)
}

export async function lockHeld(context: Asking, stateRoot: string): Promise<boolean> {
  return (await lockState(context, stateRoot)) === 'held'
}

/** The same; what a missing lock file leaves open is said in the evidence. */
export async function askLock(context: StepContext, stateRoot: string, waitMs = 0): Promise<LockState> {
  const state = await lockState(context, stateRoot, waitMs)
  if (state === 'unknown') {
    context.run.assume(
      `nothing wrote to ${stateRoot} meanwhile: it has no lock file (${context.target.layout.lockFile}) to show whether a daemon runs on it`,
    )
  }
  return state
}
