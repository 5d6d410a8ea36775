import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { files } from '../adapters/files.ts'
import { sweep } from '../adapters/process/sweep.ts'
import { verifyJournal } from '../evidence/journal.ts'
import { JOURNAL_FILE, UNSEALED_PREFIX } from '../evidence/layout.ts'
import { RunproofError } from '../model/error.ts'
import { type Places, placesFor } from './places.ts'
import { sourceNotices } from './source-notice.ts'

/** @returns 0 when nothing is left, 3 when something could not be removed */
export async function collectGarbage(options: { reports?: string; work?: string; json?: boolean }): Promise<number> {
  const places = placesFor(process.env, options)
  const notices = await sourceNotices(places.stateDir)
  const swept = await sweep(places.workDir)
  const unsealed = await unsealedRuns(places)

  if (options.json === true) process.stdout.write(`${JSON.stringify({ notices, swept, unsealed }, null, 2)}\n`)
  else {
    for (const notice of notices) process.stdout.write(`${notice}\n`)
    for (const { runId, killed, removed, failed } of swept) {
      process.stdout.write(
        `swept     ${runId}: ${killed.length} processes ended, ${removed.length} directories removed\n`,
      )
      for (const reason of failed) process.stdout.write(`left      ${reason}\n`)
    }
    for (const { dir, journal } of unsealed) process.stdout.write(`unsealed  ${dir}: ${journal}\n`)
    if (notices.length + swept.length + unsealed.length === 0) process.stdout.write('nothing to clear\n')
  }
  return swept.some(one => one.failed.length > 0) ? 3 : 0
}

/** Directories of runs that ended without a seal. Kept: a journal may be the only record there is. */
async function unsealedRuns({ reportsDir, workDir }: Places): Promise<readonly { dir: string; journal: string }[]> {
  const names = await readdir(reportsDir).catch(() => [])
  const runs: { dir: string; journal: string }[] = []
  for (const name of names.filter(one => one.startsWith(UNSEALED_PREFIX)).sort()) {
    const dir = join(reportsDir, name)
    // The sweep has removed the scratch directory of every run that is dead.
    const scratch = await files.facts(join(workDir, name.slice(UNSEALED_PREFIX.length)))
    const ended = scratch === undefined ? 'its run is dead' : 'its run may still be going'
    runs.push({ dir, journal: `${ended}; ${await journalState(join(dir, JOURNAL_FILE))}` })
  }
  return runs
}

async function journalState(path: string): Promise<string> {
  try {
    const { records, tornBytes } = verifyJournal(await files.readText(path))
    return `journal intact, ${records.length} records${tornBytes > 0 ? ` and ${tornBytes} bytes of a torn one` : ''}`
  } catch (thrown) {
    return thrown instanceof RunproofError ? thrown.message : String(thrown)
  }
}
