import { join } from 'node:path'
import type { CheckContext } from '../model/check.ts'
import { RunproofError } from '../model/error.ts'

/**
 * Whether a process holds the lock of a state root. Only tries: the file is not written, and the lock is given back at once.
 *
 * @param waitMs - how long to wait for it to be free
 */
export async function lockHeld(
  context: Pick<CheckContext, 'runIn' | 'tools' | 'target'>,
  stateRoot: string,
  waitMs = 0,
): Promise<boolean> {
  const { tools, target } = context
  const lockFile = join(stateRoot, target.layout.lockFile)
  // flock would make the file.
  if ((await tools.files.facts(lockFile)) === undefined) return false
  const patience = waitMs === 0 ? ['--nonblock'] : ['--timeout', String(waitMs / 1_000)]
  const tried = await context.runIn(
    tools.commands,
    { argv: ['flock', ...patience, '--conflict-exit-code', '9', lockFile, 'true'] },
    { timeoutMs: waitMs + 10_000 },
  )
  if (tried.exitCode === 0) return false
  if (tried.exitCode === 9) return true
  throw new RunproofError('COMMAND_FAILED', `flock on ${lockFile} ended with exit ${tried.exitCode ?? tried.signal}`)
}
