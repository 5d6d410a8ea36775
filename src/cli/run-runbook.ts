import { join } from 'node:path'
import { files } from '../adapters/files.ts'
import { EVIDENCE_FILE } from '../evidence/layout.ts'
import { annotate } from './annotate.ts'
import type { RunFlags } from './commands/run.ts'
import { exitCodeOf } from './exit-code.ts'
import { parsePairs } from './options.ts'
import { placesFor } from './places.ts'
import { prepareRun, readSettings, readSkips, secretsOf } from './prepare-run.ts'
import { loadRunbook } from './registry.ts'
import { readReports, writeReports } from './report-files.ts'
import { runSealed } from './sealed-run.ts'
import { openSession } from './session.ts'
import { tellNotices } from './source-notice.ts'
import { tellVerdict } from './verdict.ts'

/**
 * Runs a runbook and seals what happened.
 *
 * @returns the exit code; 0 only when evidence was validated, scanned, signed and renamed into place
 */
export async function runRunbook(name: string, flags: RunFlags): Promise<number> {
  await tellNotices(placesFor(process.env, flags).stateDir, process.stderr)
  const settings = await readSettings(flags)
  const wanted = await readReports(flags.report)
  const loaded = await loadRunbook(name)
  const prepared = prepareRun(loaded, settings.target, {
    params: parsePairs('--param', flags.param),
    secrets: await secretsOf(flags, [loaded]),
    skips: readSkips(flags.allowSkip),
  })

  using session = openSession()
  const { evidence, dir } = await runSealed(prepared, settings, session, session.display.whole)

  if (settings.json) process.stdout.write(await files.readText(join(dir, EVIDENCE_FILE)))
  else {
    process.stderr.write('\n')
    tellVerdict(evidence, dir)
  }
  await annotate([evidence], [], process.env)
  await writeReports(wanted, [evidence], [])
  return exitCodeOf(evidence.outcome)
}
