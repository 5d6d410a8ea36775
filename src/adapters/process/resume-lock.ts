import { randomBytes } from 'node:crypto'
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { RunproofError } from '../../model/error.ts'
import type { ProcessIdentity } from '../../model/instance.ts'
import { errnoOf, fileError } from '../../model/system-error.ts'
import { isOwnDirectory } from '../own-directory.ts'

/** Beside the runs: which of them were taken over, and what is being made ready for that. */
export const RESUMED_DIR = '.resumed'

/** Who went on with a run. Never taken away: a run is gone on with once. */
export interface TakenOver {
  readonly runId: string
  /** The run that goes on with it. */
  readonly as: string
  readonly holder: ProcessIdentity
  readonly host: string
  readonly user: string
  readonly takenAt: string
  /** Name in {@link RESUMED_DIR} of the directory that becomes the new run's. */
  readonly staged: string
}

/** A name in a directory: no path, and nothing hidden. */
const PLAIN_NAME = /^[\w-][\w.-]*$/

function lockFile(reportsDir: string, runId: string): string {
  return join(reportsDir, RESUMED_DIR, `${runId}.json`)
}

/**
 * Makes the directory beside the runs. Whoever could write to it would choose what becomes the directory of a run.
 *
 * @throws RunproofError PATH_UNSAFE where others can; the system's error
 */
export function makeResumedDir(reportsDir: string): void {
  const directory = join(reportsDir, RESUMED_DIR)
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  if (isOwnDirectory(directory)) return
  throw new RunproofError('PATH_UNSAFE', `${directory} is not a directory that only you can write to`, {
    hint: `look whose it is (ls -ld ${directory}) and move it away, or move the run to reports of your own`,
  })
}

/**
 * Takes a run over, for ever. Linked into place whole, so that a reader never finds half of it, and only one can.
 *
 * @returns false when somebody else has taken it
 * @throws RunproofError DISK_FULL, FILE_UNREADABLE
 */
export function takeRunOver(reportsDir: string, taken: TakenOver): boolean {
  const directory = join(reportsDir, RESUMED_DIR)
  const whole = join(directory, `.${randomBytes(6).toString('hex')}.new`)
  try {
    makeResumedDir(reportsDir)
    writeDurably(whole, `${JSON.stringify(taken, null, 2)}\n`)
    linkSync(whole, lockFile(reportsDir, taken.runId))
    syncTaken(reportsDir, taken.runId)
    return true
  } catch (thrown) {
    if (errnoOf(thrown) === 'EEXIST') return false
    throw fileError(thrown, directory, 'take a run over in')
  } finally {
    rmSync(whole, { force: true })
  }
}

/** Gives a run back that this process has just taken over, before anything was done with it. */
export function giveRunBack(reportsDir: string, runId: string): void {
  rmSync(lockFile(reportsDir, runId), { force: true })
}

/** @throws RunproofError STATE_MALFORMED for a lock that cannot be understood; the run is taken over all the same */
export function readTakenOver(reportsDir: string, runId: string): TakenOver | undefined {
  const file = lockFile(reportsDir, runId)
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (thrown) {
    if (errnoOf(thrown) === 'ENOENT' || errnoOf(thrown) === 'ENOTDIR') return undefined
    throw fileError(thrown, file, 'read')
  }
  const taken = parse(text)
  if (taken?.runId === runId) return taken
  throw new RunproofError('STATE_MALFORMED', `${file} does not say who has taken ${runId} over`, {
    hint: 'look for the run that goes on with it beside it, and resume that one',
  })
}

export function isTakenOver(reportsDir: string, runId: string): boolean {
  return existsSync(lockFile(reportsDir, runId))
}

/** Before each record of a run's journal: whoever woke up again after somebody else went on does nothing more. */
export function refuseTakenOver(reportsDir: string, runId: string): void {
  const taken = readTakenOver(reportsDir, runId)
  if (taken === undefined) return
  throw new RunproofError(
    'RUN_FENCED',
    `${runId} was taken over as ${taken.as} at ${taken.takenAt} by ${taken.user} on ${taken.host}: this process does nothing more`,
    { hint: `what goes on is ${taken.as}` },
  )
}

function parse(text: string): TakenOver | undefined {
  try {
    const taken = JSON.parse(text) as TakenOver
    const texts = [taken.runId, taken.as, taken.host, taken.user, taken.takenAt, taken.staged, taken.holder.bootId]
    // They become paths, and what lies there is renamed.
    const names = [taken.as, taken.staged].every(one => PLAIN_NAME.test(one))
    return names && texts.every(one => typeof one === 'string') ? taken : undefined
  } catch {
    return undefined
  }
}

function writeDurably(path: string, text: string): void {
  const descriptor = openSync(path, 'wx', 0o600)
  try {
    const bytes = Buffer.from(text)
    for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at)
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/** What could not be made to last is not taken. */
function syncTaken(reportsDir: string, runId: string): void {
  try {
    syncNow(join(reportsDir, RESUMED_DIR))
  } catch (thrown) {
    giveRunBack(reportsDir, runId)
    throw thrown
  }
}

function syncNow(directory: string): void {
  const descriptor = openSync(directory, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
