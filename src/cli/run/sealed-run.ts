import { files } from '../../adapters/files.ts'
import type { JournalFile } from '../../evidence/journal-file.ts'
import { publishable } from '../../evidence/publishable.ts'
import type { Evidence } from '../../evidence/schema.ts'
import { seal, type Unsealed } from '../../evidence/seal.ts'
import { toRunproofError } from '../../model/error.ts'
import type { Tools } from '../../model/ports.ts'
import { errnoOf, fileError } from '../../model/system-error.ts'
import { machineFacts } from '../machine.ts'
import { loadReports } from '../registry.ts'
import type { GoingOnWith } from '../resume/go-on-with.ts'
import { clearAbandonedScratch } from '../resume/take-over.ts'
import { resumeCommand } from '../resume/tell.ts'
import { noticeDir } from '../source-notice.ts'
import { type BegunRun, beginRun, openRecord } from './begin-run.ts'
import { carryOut, type FollowedBy } from './carry-out.ts'
import type { PreparedRun, Settings } from './prepare-run.ts'
import { claimScratch, keepUnsealed, publish } from './run-place.ts'
import { toolsFor } from './tools.ts'
import { unsealedRun } from './unsealed-run.ts'

/** What all runs of one process share. */
export interface Session {
  /** Aborts at the first signal. */
  readonly signal: AbortSignal
  strays(): Promise<readonly Error[]>
}

export interface SealedRun {
  readonly evidence: Evidence
  /** Where it lies now. */
  readonly dir: string
  /** The command that goes on with it, where it was interrupted and can be gone on with. */
  readonly goOnBy?: string
}

/**
 * Runs what was prepared and seals what happened. From its journal on whatever happens ends in evidence, or in an error
 * that names where the unsealed record lies.
 */
export async function runSealed(
  prepared: PreparedRun,
  settings: Settings,
  session: Session,
  followedBy: FollowedBy,
  goingOn?: GoingOnWith,
): Promise<SealedRun> {
  const { places } = settings
  const begun = await beginRun(prepared, settings, goingOn)
  const { runId, runDir, finalDir, origin, signer } = begun
  if (goingOn !== undefined) await clearAbandonedScratch(runId, places)
  await using lease = await claimScratch({ workDir: places.workDir, runId, runDir })
  const journal = await openRecord(begun, places)
  const tools = toolsFor({ signer, lease, noticeDir: noticeDir(places.stateDir) })
  const goOnBy = resumeCommand(runId, origin, places)
  try {
    const machine = await machineFacts(tools.instances)
    const equipment = { tools, journal, machine, scratchDir: lease.scratchDir, signal: session.signal, followedBy }
    const result = await carryOut(begun, prepared, settings, equipment)
    const run = unsealedRun(begun, prepared, settings, { result, machine, strays: await session.strays() })
    const evidence = await sealed(begun, run, journal, tools)
    return {
      evidence,
      dir: finalDir,
      ...(evidence.outcome === 'interrupted' && goOnBy !== undefined ? { goOnBy } : {}),
    }
  } catch (thrown) {
    const error = errnoOf(thrown) === undefined ? toRunproofError(thrown) : fileError(thrown, runDir, 'seal')
    return await keepUnsealed(error, { runDir, finalDir, goOnBy })
  }
}

async function sealed(
  { runDir, finalDir, journalFile, known, signer }: BegunRun,
  run: Unsealed,
  journal: JournalFile,
  { leaks }: Tools,
): Promise<Evidence> {
  journal.append('run-ended', { outcome: run.outcome })
  const { lastHash, records } = journal.close()
  return seal({
    run: publishable(run, text => known.redact(text)),
    runDir,
    finalDir,
    journal: { sha256: await files.sha256(journalFile), lastHash, records },
    secrets: known.all(),
    reports: await loadReports(),
    files,
    leaks,
    signer,
    publish,
  })
}
