import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { clock } from '../../adapters/clock.ts'
import { files } from '../../adapters/files.ts'
import { refuseTakenOver } from '../../adapters/process/resume-lock.ts'
import type { Origin } from '../../engine/broken-run.ts'
import { continueJournal, type JournalFile, openJournal } from '../../evidence/journal-file.ts'
import { ARTIFACTS_DIR, JOURNAL_FILE, UNSEALED_PREFIX } from '../../evidence/layout.ts'
import { machineSigner } from '../../evidence/signing-key.ts'
import type { Signer } from '../../model/signer.ts'
import type { Places } from '../places.ts'
import type { GoingOnWith } from '../resume/go-on-with.ts'
import { originOf } from '../resume/origin.ts'
import { nextRunId, takeOver } from '../resume/take-over.ts'
import { refuseUnnamed } from './approve.ts'
import { importedFiles } from './imported-files.ts'
import type { PreparedRun, Settings } from './prepare-run.ts'
import { type ProtectedSecrets, protectSecrets } from './protected-secrets.ts'
import { makeRunDir } from './run-place.ts'

/** A run that has its name, its places and its clocks; nothing of it is on disk yet. */
export interface BegunRun {
  readonly runId: string
  /** Where it lies while it goes on, and where once it is sealed. */
  readonly runDir: string
  readonly finalDir: string
  readonly artifactsDir: string
  readonly journalFile: string
  readonly origin: Origin
  readonly signer: Signer
  readonly known: ProtectedSecrets
  readonly startedAt: Date
  readonly beganMs: number
  readonly goingOn: GoingOnWith | undefined
}

/** @throws RunproofError USAGE for an approval that names nothing; FILE_UNREADABLE; what making the signing key throws */
export async function beginRun(
  prepared: PreparedRun,
  { target, places, counterproofs, policy, yesToAll }: Settings,
  goingOn: GoingOnWith | undefined,
): Promise<BegunRun> {
  const { plan, path, secrets } = prepared
  refuseUnnamed(target, yesToAll || undefined, plan.inUse)
  const signer = await machineSigner(places.stateDir, files)
  const digests = { runbookSha256: await files.sha256(path), importedSha256: await importedFiles(path) }
  const startedAt = clock.now()
  const runId = goingOn === undefined ? newRunId(plan.runbook.id, startedAt) : nextRunId(goingOn.broken)
  const runDir = join(places.reportsDir, `${UNSEALED_PREFIX}${runId}`)
  return {
    runId,
    runDir,
    finalDir: join(places.reportsDir, runId),
    artifactsDir: join(runDir, ARTIFACTS_DIR),
    journalFile: join(runDir, JOURNAL_FILE),
    origin: originOf(prepared, { ...digests, counterproofs, policy }),
    signer,
    known: protectSecrets(Object.values(secrets)),
    startedAt,
    beganMs: clock.monotonicMs(),
    goingOn,
  }
}

function newRunId(runbook: string, at: Date): string {
  return `${runbook}-${at.toISOString().replaceAll(/[-:]|\.\d+/g, '')}-${randomBytes(3).toString('hex')}`
}

/**
 * The journal of a run, in a directory of its own: a new one, or that of the run it goes on with, taken over. From here on whatever
 * happens is on record.
 *
 * @throws RunproofError NOT_RESUMABLE when somebody else was faster; DISK_FULL, FILE_UNREADABLE
 */
export async function openRecord(
  { runId, artifactsDir, journalFile, known, goingOn }: BegunRun,
  { reportsDir }: Pick<Places, 'reportsDir'>,
): Promise<JournalFile> {
  const redact = (text: string) => known.redact(text)
  if (goingOn !== undefined) await takeOver(goingOn.broken, goingOn.by, clock, redact)
  await makeRunDir(artifactsDir)
  const open = goingOn === undefined ? openJournal : continueJournal
  return open(journalFile, clock, redact, () => refuseTakenOver(reportsDir, runId))
}
