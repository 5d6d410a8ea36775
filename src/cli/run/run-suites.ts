import { join } from 'node:path'
import { files } from '../../adapters/files.ts'
import { inPool } from '../../engine/pool.ts'
import { EVIDENCE_FILE } from '../../evidence/layout.ts'
import { toRunproofError } from '../../model/error.ts'
import type { SmokeFlags } from '../commands/smoke.ts'
import { placesFor } from '../places.ts'
import { tellNotices } from '../source-notice.ts'
import { annotate } from './annotate.ts'
import { positive, readSettings } from './prepare-run.ts'
import { readReports, refuseSingleReports, writeReports } from './report-files.ts'
import { runSealed } from './sealed-run.ts'
import { openSession } from './session.ts'
import { chooseSuites } from './suites.ts'
import { type SuiteEnd, suitesExitCode, tellSuites, withoutEvidence } from './suites-verdict.ts'

/**
 * Runs smoke suites side by side, each sealed as a run of its own, and says what they came to together.
 *
 * @returns the exit code; 0 only when every suite passed and its evidence is in place
 */
export async function runSuites(names: readonly string[], flags: SmokeFlags): Promise<number> {
  await tellNotices(placesFor(process.env, flags).stateDir, process.stderr)
  const settings = await readSettings(flags)
  const jobs = positive('--jobs', flags.jobs)
  const wanted = await readReports(flags.report)
  const { runs, leftOut, skipped } = await chooseSuites(names, settings.target, flags)
  if (runs.length !== 1 || skipped.length > 0) refuseSingleReports(wanted)

  using session = openSession()
  const ends = await inPool(runs, jobs, async (prepared): Promise<SuiteEnd> => {
    const { id } = prepared.plan.runbook
    try {
      const sealed = await runSealed(prepared, settings, session, run =>
        runs.length === 1 ? session.display.whole(run) : session.display.brief(id, run),
      )
      return { id, sealed }
    } catch (thrown) {
      return { id, error: toRunproofError(thrown) }
    }
  })

  const sealed = ends.flatMap(end => ('sealed' in end ? [end.sealed] : []))
  if (settings.json) {
    const documents = await Promise.all(sealed.map(({ dir }) => files.readText(join(dir, EVIDENCE_FILE))))
    process.stdout.write(`[${documents.join(',')}]\n`)
  }
  process.stderr.write('\n')
  tellSuites(ends, { leftOut, skipped }, settings.json ? process.stderr : process.stdout)
  const evidence = sealed.map(one => one.evidence)
  const without = withoutEvidence(ends, skipped)
  await annotate(evidence, without, process.env)
  await writeReports(wanted, evidence, without)
  return suitesExitCode(ends, skipped)
}
