import { join } from 'node:path'
import { files } from '../../adapters/files.ts'
import { EVIDENCE_FILE } from '../../evidence/layout.ts'
import { terminalLine } from '../../reporters/text/terminal.ts'
import type { RunFlags } from '../commands/run.ts'
import { exitCodeOf } from '../exit-code.ts'
import { parsePairs } from '../options.ts'
import { placesFor } from '../places.ts'
import { loadRunbook } from '../registry.ts'
import { unchangedRunbook } from '../resume/conditions.ts'
import { brokenRunOf, readyToGoOn } from '../resume/go-on-with.ts'
import { tellNotices } from '../source-notice.ts'
import { annotate } from './annotate.ts'
import { prepareRun, readSettings, readSkips, secretsOf } from './prepare-run.ts'
import { readReports, writeReports } from './report-files.ts'
import { runSealed } from './sealed-run.ts'
import { openSession } from './session.ts'
import { tellVerdict } from './verdict.ts'

/**
 * Runs a runbook and seals what happened.
 *
 * @returns the exit code; 0 only when evidence was validated, scanned, signed and renamed into place
 */
export async function runRunbook(name: string | undefined, given: RunFlags): Promise<number> {
  const places = placesFor(process.env, given)
  await tellNotices(places.stateDir, process.stderr)
  const { broken, flags } = await brokenRunOf(given, places)
  const settings = await readSettings(flags)
  using _desk = settings.desk
  const wanted = await readReports(flags.report)
  const loaded = await loadRunbook(broken === undefined ? name! : await unchangedRunbook(broken))
  const prepared = prepareRun(loaded, settings.target, {
    params: broken?.origin.params ?? parsePairs('--param', flags.param),
    secrets: await secretsOf(flags, [loaded]),
    skips: [...(broken?.origin.allowedSkips ?? []), ...readSkips(flags.allowSkip)],
  })
  const goingOn = broken === undefined ? undefined : await readyToGoOn(broken, prepared, settings, flags)

  using session = openSession()
  const { evidence, dir, goOnBy } = await runSealed(prepared, settings, session, session.display.whole, goingOn)

  if (settings.json) process.stdout.write(await files.readText(join(dir, EVIDENCE_FILE)))
  else {
    process.stderr.write('\n')
    tellVerdict(evidence, dir)
    if (goOnBy !== undefined) process.stdout.write(`${terminalLine(`go on     ${goOnBy}`)}\n`)
  }
  await annotate([evidence], [], process.env)
  await writeReports(wanted, [evidence], [])
  return exitCodeOf(evidence.outcome)
}
