import type { Command } from '../model/command.ts'
import { RunproofError } from '../model/error.ts'
import type { RunOptions, RunResult } from '../model/run-command.ts'
import type { AuditText } from './audit.ts'
import type { DiskUse } from './sample.ts'

/** Of the log, from its end: at 250 bytes a row, nine refusals a second for half an hour. */
const MOST_AUDIT_BYTES = 4 * 1024 * 1024
const NO_STATE_ROOT = 44
const NO_LOG = 45

/**
 * Prints the end of the log, and before it whether that is all of it. `$1` state root, `$2` lock file, `$3` log, `$4` bytes.
 * A state root without its lock file is another directory, and of that a missing log would say nothing. Nor would a log that
 * is only not seen, behind a directory that may not be entered.
 */
const READ_AUDIT = `
test -f "$1/$2" || exit ${NO_STATE_ROOT}
if ! test -e "$1/$3" && ! test -L "$1/$3"; then
  above=$1/$3
  while test "$above" != "$1" && test "$above" != /; do
    above=$(dirname -- "$above")
    test ! -e "$above" || test -x "$above" || exit 1
  done
  exit ${NO_LOG}
fi
test "$(wc -c <"$1/$3")" -le "$4" && echo whole || echo cut
tail -c "$4" -- "$1/$3"
`

/** The files of a daemon, through whatever runs commands where they are. */
export interface HostFiles {
  readonly stateRoot: string
  run(command: Command, options: RunOptions): Promise<RunResult>
}

export interface StateFiles {
  readonly lockFile: string
  readonly auditLog: string
}

interface Limits {
  readonly timeoutMs: number
  readonly signal?: AbortSignal
}

/**
 * The end of the audit log; a log that is not there is empty, since it is made at the first refusal.
 *
 * @throws RunproofError FILE_UNREADABLE, TIMEOUT, TOOL_MISSING, INTERRUPTED
 */
export async function readAuditLog(
  { stateRoot, run }: HostFiles,
  { lockFile, auditLog }: StateFiles,
  limits: Limits,
): Promise<AuditText> {
  const argv = ['sh', '-c', READ_AUDIT, 'sh', stateRoot, lockFile, auditLog, String(MOST_AUDIT_BYTES)] as const
  const result = await run({ argv }, { ...limits, maxOutputBytes: 2 * MOST_AUDIT_BYTES })
  if (result.exitCode === NO_LOG) return { text: '', whole: true }
  if (result.exitCode === NO_STATE_ROOT)
    throw new RunproofError('FILE_UNREADABLE', `${stateRoot} is no state root of a daemon: it has no ${lockFile}`)
  refuse(result, `${stateRoot}/${auditLog}`)
  const end = result.stdout.indexOf('\n')
  return { text: result.stdout.slice(end + 1), whole: result.stdout.slice(0, end) === 'whole' }
}

/**
 * What `stat` says of the file system under the state root.
 *
 * @throws RunproofError FILE_UNREADABLE, TIMEOUT, TOOL_MISSING, INTERRUPTED
 */
export async function readDiskUse({ stateRoot, run }: HostFiles, limits: Limits): Promise<DiskUse> {
  const result = await run({ argv: ['stat', '-f', '-c', '%S %b %f %a %c %d', '--', stateRoot] }, limits)
  refuse(result, stateRoot)
  const numbers = result.stdout.trim().split(' ').map(Number)
  const [size, total, free, available, inodes, freeInodes] = numbers as [number, number, number, number, number, number]
  if (numbers.length !== 6 || numbers.some(number => !Number.isSafeInteger(number) || number < 0))
    throw new RunproofError('FILE_UNREADABLE', `stat said no six numbers of the file system of ${stateRoot}`)
  return { totalBytes: total * size, freeBytes: free * size, availableBytes: available * size, inodes, freeInodes }
}

function refuse(result: RunResult, path: string): void {
  if (result.timedOut) throw new RunproofError('TIMEOUT', `${path} could not be read in time`)
  if (result.exitCode !== 0)
    throw new RunproofError('FILE_UNREADABLE', `${path} can't be read`, { hint: 'who may read it, and is it there?' })
}
