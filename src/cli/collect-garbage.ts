import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { files } from '../adapters/files.ts'
import { isOwnDirectory } from '../adapters/own-directory.ts'
import { mayLive } from '../adapters/process/identity.ts'
import { isTakenOver } from '../adapters/process/resume-lock.ts'
import { type Swept, sweep } from '../adapters/process/sweep.ts'
import { clearLeft } from '../adapters/replace-file/clear-left.ts'
import { followJournal } from '../engine/broken-run.ts'
import { verifyJournal } from '../evidence/journal.ts'
import { JOURNAL_FILE, UNSEALED_PREFIX } from '../evidence/layout.ts'
import type { JournalRecord } from '../evidence/schema.ts'
import { toRunproofError } from '../model/error.ts'
import { shownJson } from '../reporters/text/json.ts'
import { terminalLine } from '../reporters/text/terminal.ts'
import { type Places, placesFor } from './places.ts'
import { removeAbandoned } from './resume/take-over.ts'
import { howToGoOn } from './resume/tell.ts'
import { unseenProcess } from './resume/unseen-process.ts'
import { sourceNotices } from './source-notice.ts'

/** @returns 0 when nothing is left, 3 when something could not be removed */
export async function collectGarbage(options: { reports?: string; work?: string; json?: boolean }): Promise<number> {
  const places = placesFor(process.env, options)
  const notices = await sourceNotices(places.stateDir)
  const swept = await sweep(places.workDir)
  const abandoned = await removeAbandoned(places.reportsDir)
  const unsealed = await unsealedRuns(places)

  const found = { notices, swept, abandoned, unsealed }
  if (options.json === true) process.stdout.write(`${shownJson(found, 2)}\n`)
  // Whoever may make a directory there chose its name.
  else for (const line of linesOf(found)) process.stdout.write(`${terminalLine(line)}\n`)
  return swept.some(one => one.failed.length > 0) ? 3 : 0
}

interface Found {
  readonly notices: readonly string[]
  readonly swept: readonly Swept[]
  readonly abandoned: readonly string[]
  readonly unsealed: readonly UnsealedRun[]
}

function linesOf({ notices, swept, abandoned, unsealed }: Found): readonly string[] {
  const lines = [
    ...notices.flatMap(notice => notice.split('\n')),
    ...swept.flatMap(({ runId, killed, removed, failed, unseen }) =>
      unseen === undefined
        ? [
            `swept     ${runId}: ${killed.length} processes ended, ${removed.length} directories removed`,
            ...failed.map(reason => `left      ${reason}`),
          ]
        : [`left      ${runId}: nobody can see from here whether ${unseenProcess(unseen)} has ended`],
    ),
    ...abandoned.map(dir => `swept     ${dir}: a resume that took nothing over`),
    ...unsealed.flatMap(({ dir, journal, goOn, cleared }) => [
      `unsealed  ${dir}: ${journal}`,
      ...cleared,
      ...(goOn === undefined ? [] : [`go on     ${goOn}`]),
    ]),
  ]
  return lines.length === 0 ? ['nothing to clear'] : lines
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
    const isSwept = (await files.facts(join(places.workDir, runId))) === undefined
    const { said, records } = await journalOf(join(dir, JOURNAL_FILE))
    // That of a run in another container may be where only that one sees it.
    const holder = followed(records)?.holder
    const isDead = isSwept && (holder === undefined || !mayLive(holder))
    const ended = isDead ? 'its run is dead' : 'its run may still be going'
    // In a directory that others can write to, they would say which command goes on and which files are looked beside.
    const isOwn = isOwnDirectory(dir)
    const goOn = isDead && isOwn ? howToGoOn(runId, records, places) : undefined
    // What goes on with a run may be replacing the same file at this moment.
    const isOver = isDead && isOwn && !isTakenOver(places.reportsDir, runId)
    const cleared = isOver ? await clearCopies(records) : []
    runs.push({ dir, journal: `${ended}; ${said}`, ...(goOn === undefined ? {} : { goOn }), cleared })
  }
  return runs
}

/** A replacement that was killed may leave a copy of the new token beside the file. The next one removes it; so does this. */
async function clearCopies(records: readonly JournalRecord[]): Promise<readonly string[]> {
  const { params = {} } = followed(records)?.origin ?? {}
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

function followed(records: readonly JournalRecord[]) {
  try {
    return records.length === 0 ? undefined : followJournal(records)
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
