import { daemon, isolated } from '../../daemon/subjects.ts'
import type { CheckContext } from '../../model/check.ts'
import { RunproofError } from '../../model/error.ts'
import type { RunResult } from '../../model/run-command.ts'

const MOST_OUTPUT_BYTES = 1024 * 1024

/** Runs a command of the system where the daemon’s files are: inside its barrier, or on this machine. */
export function whereFilesAre(
  context: CheckContext,
  argv: readonly [string, ...string[]],
  timeoutMs: number,
): Promise<RunResult> {
  const runner =
    context.values.get(daemon).reached === 'running' ? context.tools.commands : context.values.get(isolated).instance
  return context.runIn(
    runner,
    { argv },
    { timeoutMs: Math.min(timeoutMs, context.deadlineMs), maxOutputBytes: MOST_OUTPUT_BYTES, signal: context.signal },
  )
}

/** Files below a directory, by name and size. */
export interface Listing {
  readonly files: readonly { readonly name: string; readonly bytes: number }[]
  /** There were more than are listed. */
  readonly cut: boolean
}

/**
 * Lists the regular files below a directory; none where it does not exist.
 *
 * @throws RunproofError TIMEOUT
 */
export async function listFiles(context: CheckContext, directory: string, timeoutMs = 20_000): Promise<Listing> {
  const argv = ['find', directory, '-xdev', '-type', 'f', '-printf', '%s %P\\0'] as const
  const { stdout, stdoutCut, timedOut } = await whereFilesAre(context, argv, timeoutMs)
  if (timedOut) throw new RunproofError('TIMEOUT', `${directory} could not be listed within ${timeoutMs} ms`)
  // What follows the last end of a record is the beginning of one.
  const files = stdout
    .split('\0')
    .slice(0, -1)
    .map(line => ({ name: line.slice(line.indexOf(' ') + 1), bytes: Number(line.slice(0, line.indexOf(' '))) }))
  return { files, cut: stdoutCut }
}
