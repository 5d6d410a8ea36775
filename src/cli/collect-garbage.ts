import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { files } from '../adapters/files.ts'
import { isTakenOver } from '../adapters/process/resume-lock.ts'
import { sweep } from '../adapters/process/sweep.ts'
import { clearLeft } from '../adapters/replace-file/clear-left.ts'
import { followJournal } from '../engine/broken-run.ts'
import { verifyJournal } from '../evidence/journal.ts'
import { JOURNAL_FILE, UNSEALED_PREFIX } from '../evidence/layout.ts'
import type { JournalRecord } from '../evidence/schema.ts'
import { toRunproofError } from '../model/error.ts'
import { type Places, placesFor } from './places.ts'
import { removeAbandoned } from './resume/take-over.ts'
import { howToGoOn } from './resume/tell.ts'
import { sourceNotices } from './source-notice.ts'

/** @returns 0 when nothing is left, 3 when something could not be removed */
export async function collectGarbage(options: { reports?: string; work?: string; json?: boolean }): Promise<number> {
  const places = placesFor(process.env, options)
  const notices = await sourceNotices(places.stateDir)
  const swept = await sweep(places.workDir)
  const abandoned = await removeAbandoned(places.reportsDir)
  const unsealed = await unsealedRuns(places)

  if (options.json === true)
    process.stdout.write(`${JSON.stringify({ notices, swept, abandoned, unsealed }, null, 2)}\n`)
  else {
    for (const notice of notices) process.stdout.write(`${notice}\n`)
    for (const { runId, killed, removed, failed } of swept) {
      process.stdout.write(
        `swept     ${runId}: ${killed.length} processes ended, ${removed.length} directories removed\n`,
      )
      for (const reason of failed) process.stdout.write(`left      ${reason}\n`)
    }
    for (const dir of abandoned) process.stdout.write(`swept     ${dir}: a resume that took nothing over\n`)
    for (const { dir, journal, goOn, cleared } of unsealed) {
      process.stdout.write(`unsealed  ${dir}: ${journal}\n`)
      for (const said of cleared) process.stdout.write(`${said}\n`)
      if (goOn !== undefined) process.stdout.write(`go on     ${goOn}\n`)
    }
    if (notices.length + swept.length + abandoned.length + unsealed.length === 0)
      process.stdout.write('nothing to clear\n')
  }
  return swept.some(one => one.failed.length > 0) ? 3 : 0
}

interface UnsealedRun {
  readonly dir: string
  readonly journal: string
  /** The command that goes on with it, or what became of it. */
  readonly goOn?: string
  /** What became of copies of a secret that it had left beside token files, in words. */
  readonly cleared: readonly string[]
}

/** Directories of runs that ended without a seal. Kept: a journal may be the only record there is. */
async function unsealedRuns(places: Places): Promise<readonly UnsealedRun[]> {
  const names = await readdir(places.reportsDir).catch(() => [])
  const runs: UnsealedRun[] = []
  for (const name of names.filter(one => one.startsWith(UNSEALED_PREFIX)).sort()) {
    const runId = name.slice(UNSEALED_PREFIX.length)
    const dir = join(places.reportsDir, name)
    // The sweep has removed the scratch directory of every run that is dead.
    const isDead = (await files.facts(join(places.workDir, runId))) === undefined
    const ended = isDead ? 'its run is dead' : 'its run may still be going'
    const { said, records } = await journalOf(join(dir, JOURNAL_FILE))
    const goOn = isDead ? howToGoOn(runId, records, places) : undefined
    // What goes on with a run may be replacing the same file at this moment.
    const isOver = isDead && !isTakenOver(places.reportsDir, runId)
    const cleared = isOver ? await clearCopies(records) : []
    runs.push({ dir, journal: `${ended}; ${said}`, ...(goOn === undefined ? {} : { goOn }), cleared })
  }
  return runs
}

/** A replacement that was killed may leave a copy of the new token beside the file. The next one removes it; so does this. */
async function clearCopies(records: readonly JournalRecord[]): Promise<readonly string[]> {
  const { params = {} } = originOf(records) ?? {}
  const said: string[] = []
  for (const [name, path] of Object.entries(params)) {
    if (!name.endsWith('-token-file')) continue
    try {
      const removed = await clearLeft(path)
      if (removed > 0) said.push(`swept     ${path}: ${removed} copies of a secret that were left beside it`)
    } catch (thrown) {
      said.push(`left      ${toRunproofError(thrown).message}`)
    }
  }
  return said
}

function originOf(records: readonly JournalRecord[]) {
  try {
    return records.length === 0 ? undefined : followJournal(records).origin
  } catch {
    return undefined
  }
}

async function journalOf(path: string): Promise<{ readonly said: string; readonly records: readonly JournalRecord[] }> {
  try {
    const { records, tornBytes } = verifyJournal(await files.readText(path))
    const torn = tornBytes > 0 ? ` and ${tornBytes} bytes of a torn one` : ''
    return { said: `journal intact, ${records.length} records${torn}`, records }
  } catch (thrown) {
    return { said: toRunproofError(thrown).message, records: [] }
  }
}
