import { randomBytes } from 'node:crypto'
import { copyFile, mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname, join } from 'node:path'
import { files, syncDirectory, syncFile } from '../../adapters/files.ts'
import { isOwnDirectory } from '../../adapters/own-directory.ts'
import { identify, isUnseen, mayLive } from '../../adapters/process/identity.ts'
import { readLease } from '../../adapters/process/lease.ts'
import { removeTree } from '../../adapters/process/remove-tree.ts'
import {
  giveRunBack,
  makeResumedDir,
  RESUMED_DIR,
  readTakenOver,
  type TakenOver,
  takeRunOver,
} from '../../adapters/process/resume-lock.ts'
import { continueJournal, type JournalFile } from '../../evidence/journal-file.ts'
import { ARTIFACTS_DIR, JOURNAL_FILE, UNSEALED_PREFIX } from '../../evidence/layout.ts'
import { readTree } from '../../evidence/tree.ts'
import { RunproofError } from '../../model/error.ts'
import type { ProcessIdentity } from '../../model/instance.ts'
import type { Clock } from '../../model/ports.ts'
import { errnoOf, fileError } from '../../model/system-error.ts'
import { operatorName } from '../operator.ts'
import type { Places } from '../places.ts'
import { version } from '../version.ts'
import type { BrokenRun } from './broken-run.ts'
import { unseenProcess } from './unseen-process.ts'

/** Written beside a file before it takes its name; one that a kill left is nobody's artifact. */
const HALF_WRITTEN = /(^|\/)\.[0-9a-f]{12}\.tmp$/

/** The id of the run that goes on: that of the first one, and the number of its process. */
export function nextRunId({ run }: Pick<BrokenRun, 'run'>): string {
  return `${run.firstRunId}-${run.epoch + 1}`
}

/**
 * Makes the directory of the run that goes on and takes the old one over, in this order: everything is made ready aside, with
 * the break on record; the old run is taken, which only one can do; its journal is seen not to have grown meanwhile; the new
 * directory gets its name. Whoever dies in between has changed nothing but that.
 *
 * @throws RunproofError NOT_RESUMABLE when somebody else was faster, or the old run wrote again; DISK_FULL, FILE_UNREADABLE;
 *   the old run is then as it was
 */
export async function takeOver(
  broken: BrokenRun,
  by: string,
  clock: Clock,
  redact: (text: string) => string,
): Promise<void> {
  const { reportsDir, run } = broken
  const as = nextRunId(broken)
  const maker = identify(process.pid)!
  const staged = [as, namespaceOf(maker), maker.pid, randomBytes(4).toString('hex')].join('.')
  const place = join(reportsDir, RESUMED_DIR, staged)
  const runDir = join(reportsDir, `${UNSEALED_PREFIX}${as}`)
  try {
    makeResumedDir(reportsDir)
    const whole = await stage(broken, place)
    putBreakOnRecord(broken, continueJournal(join(place, JOURNAL_FILE), clock, redact), as, by)
    await syncDirectory(place)
    const taken: TakenOver = {
      runId: run.runId,
      as,
      holder: maker,
      host: hostname(),
      user: operatorName(),
      takenAt: clock.now().toISOString(),
      staged,
    }
    if (!takeRunOver(reportsDir, taken)) throw alreadyTaken(reportsDir, run.runId)
    try {
      await refuseGrown(broken, whole)
      await rename(place, runDir)
    } catch (thrown) {
      // Taken by nobody's run it could never be gone on with.
      giveRunBack(reportsDir, run.runId)
      throw thrown
    }
    await syncDirectory(reportsDir)
  } catch (thrown) {
    await rm(place, { recursive: true, force: true })
    throw fileError(thrown, place, 'make ready')
  }
}

/** @param whole - the text of its journal, as it was copied from */
async function refuseGrown({ dir, run }: BrokenRun, whole: string): Promise<void> {
  if ((await files.readText(join(dir, JOURNAL_FILE))) === whole) return
  throw new RunproofError('NOT_RESUMABLE', `${run.runId} has just written to its journal: it still runs somewhere`, {
    hint: 'stop that process first; on another machine it cannot be seen from here',
  })
}

/** @returns the text of the old journal, as it was copied from */
async function stage({ dir }: BrokenRun, place: string): Promise<string> {
  await mkdir(join(place, ARTIFACTS_DIR), { recursive: true, mode: 0o700 })
  const text = await files.readText(join(dir, JOURNAL_FILE))
  const end = text.lastIndexOf('\n') + 1
  await writeFile(join(place, JOURNAL_FILE), text.slice(0, end), { mode: 0o600, flag: 'wx' })
  const artifacts = join(dir, ARTIFACTS_DIR)
  if ((await files.facts(artifacts)) === undefined) return text
  for (const path of (await readTree(files, artifacts)).files) {
    if (HALF_WRITTEN.test(path)) continue
    const to = join(place, ARTIFACTS_DIR, path)
    await mkdir(dirname(to), { recursive: true, mode: 0o700 })
    await copyFile(join(artifacts, path), to)
    await syncFile(to)
  }
  return text
}

function putBreakOnRecord(
  { run, kind, tornBytes, saidEnded }: BrokenRun,
  journal: JournalFile,
  as: string,
  by: string,
): void {
  journal.append('run-broken', {
    runId: run.runId,
    kind,
    lastRecordAt: run.lastRecordAt,
    ...(tornBytes > 0 ? { tornBytes } : {}),
  })
  journal.append('run-resumed', {
    runId: as,
    from: run.runId,
    epoch: run.epoch + 1,
    by,
    host: hostname(),
    holder: { ...identify(process.pid)! },
    tool: version(),
  })
  if (saidEnded !== undefined)
    journal.append('told', {
      assumed: `${unseenProcess(saidEnded)} of ${run.runId}, which can't be seen from here, had ended: so ${by} said (--ended)`,
    })
  journal.close()
}

function alreadyTaken(reportsDir: string, runId: string): RunproofError {
  const taken = readTakenOver(reportsDir, runId)
  return new RunproofError(
    'NOT_RESUMABLE',
    taken === undefined
      ? `${runId} is being taken over by somebody else`
      : `${runId} was taken over as ${taken.as} at ${taken.takenAt} by ${taken.user} on ${taken.host}, a moment ago`,
    { hint: 'nothing was done here; watch the other one' },
  )
}

/**
 * Scratch space of a process that died before it took the run over, in which nothing has happened.
 *
 * @throws RunproofError NOT_RESUMABLE when that process lives, or may live: it is faster
 */
export async function clearAbandonedScratch(runId: string, { workDir }: Pick<Places, 'workDir'>): Promise<void> {
  const place = join(workDir, runId)
  const lease = readLease(place)
  if (lease === undefined) return
  const { holder } = lease
  if (isUnseen(holder))
    throw new RunproofError('NOT_RESUMABLE', `${unseenProcess(holder)} has begun to go on with that run as ${runId}`, {
      hint: `look there; once it has ended, remove ${place}`,
    })
  if (mayLive(holder))
    throw new RunproofError('NOT_RESUMABLE', `process ${holder.pid} is going on with that run as ${runId}`, {
      hint: 'nothing was done here; watch the other one',
    })
  await removeTree(place)
}

/** Gives the directory of a run its name whose process died right after it had taken the old one over. */
export async function finishStaging(reportsDir: string, { as, staged, holder }: TakenOver): Promise<void> {
  if (mayLive(holder) || !isOwnDirectory(join(reportsDir, RESUMED_DIR))) return
  try {
    await rename(join(reportsDir, RESUMED_DIR, staged), join(reportsDir, `${UNSEALED_PREFIX}${as}`))
  } catch (thrown) {
    if (errnoOf(thrown) !== 'ENOENT') throw fileError(thrown, reportsDir, 'finish a resume in')
  }
}

/** Removes what was made ready by processes that died before they took anything over; nothing in a directory of others. */
export async function removeAbandoned(reportsDir: string): Promise<readonly string[]> {
  const directory = join(reportsDir, RESUMED_DIR)
  if (!isOwnDirectory(directory)) return []
  const names = await files.list(directory)
  const taken = new Set<string>()
  const removed: string[] = []
  for (const name of names.filter(one => one.endsWith('.json'))) {
    const one = readTakenOver(reportsDir, name.slice(0, -'.json'.length))
    if (one === undefined) continue
    await finishStaging(reportsDir, one)
    taken.add(one.staged)
  }
  for (const name of names.filter(one => !one.endsWith('.json') && !taken.has(one))) {
    if (await isBeingMade(join(directory, name))) continue
    await rm(join(directory, name), { recursive: true, force: true })
    removed.push(join(directory, name))
  }
  return removed
}

function namespaceOf({ pidNamespace = '0' }: ProcessIdentity): string {
  return pidNamespace
}

/** Its maker is in the journal, from its last record on; before that there is nothing to be kept. */
async function isBeingMade(place: string): Promise<boolean> {
  const [, pidNamespace, pid] = /(?:\.(\d+))?\.(\d+)\.[0-9a-f]{8}$/.exec(place) ?? []
  if (pid === undefined) return false
  // Nobody can see from here whether another container is making it.
  if (pidNamespace !== undefined && pidNamespace !== namespaceOf(identify(process.pid)!)) return true
  return identify(Number(pid)) !== undefined
}
