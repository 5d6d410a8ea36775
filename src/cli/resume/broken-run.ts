import { dirname, join, resolve } from 'node:path'
import { files } from '../../adapters/files.ts'
import { isOwnDirectory } from '../../adapters/own-directory.ts'
import { isAlive, isUnseen } from '../../adapters/process/identity.ts'
import { readLease } from '../../adapters/process/lease.ts'
import { readTakenOver, type TakenOver } from '../../adapters/process/resume-lock.ts'
import { shownPath } from '../../adapters/shown-path.ts'
import { followJournal, isOver, type JournalledRun, type Origin } from '../../engine/broken-run.ts'
import { verifyJournal } from '../../evidence/journal.ts'
import { ENVELOPE_FILE, JOURNAL_FILE, QUARANTINED_SUFFIX, UNSEALED_PREFIX } from '../../evidence/layout.ts'
import { RunproofError } from '../../model/error.ts'
import type { ProcessIdentity } from '../../model/instance.ts'
import { verified } from '../evidence/verify-evidence.ts'
import type { Places } from '../places.ts'
import { finishStaging } from './take-over.ts'
import { unseenProcess } from './unseen-process.ts'

/** A run that broke off and may be gone on with, as far as its own directory tells. */
export interface BrokenRun {
  readonly dir: string
  readonly reportsDir: string
  readonly run: JournalledRun
  readonly origin: Origin
  readonly kind: 'interrupted' | 'died'
  /** Of a record that was being written. */
  readonly tornBytes: number
  /** Its process, where that can't be seen from here, and somebody said that it has ended. */
  readonly saidEnded?: ProcessIdentity
}

/**
 * Finds a run by its id or its directory, and refuses one that there is nothing to go on with.
 *
 * @param saidEnded - whether somebody who looked says that a process in another container has ended
 * @throws RunproofError USAGE for one that is not there; NOT_RESUMABLE with the reason (not the caller's alone among them) and what to do instead; JOURNAL_BROKEN,
 *   EVIDENCE_TAMPERED, EVIDENCE_INVALID for one that was changed
 */
export async function findBrokenRun(given: string, places: Places, saidEnded = false): Promise<BrokenRun> {
  const { reportsDir } = places
  const dir = await directoryOf(given, reportsDir)
  const isSealed = (await files.facts(join(dir, ENVELOPE_FILE))) !== undefined && !isUnsealed(dir)
  if (isSealed) await refuseUntrusted(dir)
  else refuseForeign(dir)
  const journal = Buffer.from(await files.readBytes(join(dir, JOURNAL_FILE)))
  const run = followJournal(verifyJournal(journal.toString()).records)
  // Of the bytes: a character that was torn has more of them once it was read as text.
  const tornBytes = journal.length - (journal.lastIndexOf('\n') + 1)
  const named = nameOf(dir)
  if (run.runId !== named)
    throw new RunproofError(
      'NOT_RESUMABLE',
      `${shownPath(dir)} holds the journal of ${run.runId}, and is called ${named}`,
      {
        hint: 'resume the run by its own directory, under its own name',
      },
    )
  const taken = readTakenOver(reportsDir, run.runId)
  if (taken !== undefined) throw await whatGoesOn(taken, places)
  const { endedAs, origin } = run
  if (isSealed ? endedAs !== 'interrupted' : isOver(endedAs))
    throw new RunproofError(
      'NOT_RESUMABLE',
      `${run.runId} came to its own end: ${endedAs}; there is nothing to go on with`,
      {
        hint: `a new run begins at the beginning: runproof run ${run.runbook}`,
      },
    )
  if (origin === undefined)
    throw new RunproofError(
      'NOT_RESUMABLE',
      `${run.runId} was begun by a version of runproof that did not keep what going on needs`,
      {
        hint: `runproof run ${run.runbook}`,
      },
    )
  const unseen = refuseAlive(run, places, saidEnded)
  if (origin.unresumable !== undefined)
    throw new RunproofError('NOT_RESUMABLE', `${run.runId} can't be gone on with: ${origin.unresumable}`, {
      hint: `a new run begins at the beginning: runproof run ${run.runbook}`,
    })
  const kind = endedAs === 'interrupted' ? 'interrupted' : 'died'
  return { dir, reportsDir, run, origin, kind, tornBytes, ...(unseen === undefined ? {} : { saidEnded: unseen }) }
}

async function directoryOf(given: string, reportsDir: string): Promise<string> {
  const byId = [join(reportsDir, `${UNSEALED_PREFIX}${given}`), join(reportsDir, given)]
  const candidates = given.includes('/') ? [resolve(given)] : [...byId, resolve(given)]
  for (const candidate of candidates) {
    if ((await files.facts(join(candidate, JOURNAL_FILE))) === undefined) continue
    if (candidate.endsWith(QUARANTINED_SUFFIX))
      throw new RunproofError('NOT_RESUMABLE', `${shownPath(candidate)} is in quarantine: a secret was found in it`, {
        hint: 'rotate the secret, and begin a new run',
      })
    if (dirname(candidate) !== reportsDir)
      throw new RunproofError(
        'USAGE',
        `${shownPath(candidate)} is not in ${shownPath(reportsDir)}, where the run that goes on would be`,
        { hint: `--reports ${shownPath(dirname(candidate))}` },
      )
    return candidate
  }
  throw new RunproofError('USAGE', `--resume ${given}: there is no such run in ${shownPath(reportsDir)}`, {
    hint: 'runproof list interrupted names those that can be gone on with; --reports DIR looks elsewhere',
  })
}

function isUnsealed(dir: string): boolean {
  return dir.startsWith(join(dirname(dir), UNSEALED_PREFIX))
}

function nameOf(dir: string): string {
  const name = dir.slice(dirname(dir).length + 1)
  return isUnsealed(dir) ? name.slice(UNSEALED_PREFIX.length) : name
}

/** A journal that is not sealed says which steps need not be run, and which file is: whoever could write it would decide that. */
function refuseForeign(dir: string): void {
  if (isOwnDirectory(dir)) return
  throw new RunproofError('NOT_RESUMABLE', `${shownPath(dir)} is not a directory that only you can write to`, {
    hint: 'go on as the account that began the run, in the directory that it made',
  })
}

/** What a stranger signed says which steps need not be run. */
async function refuseUntrusted(dir: string): Promise<void> {
  const { evidence, signerTrusted } = await verified(dir, [])
  if (signerTrusted) return
  throw new RunproofError('NOT_RESUMABLE', `${evidence.runId} was signed by a key that is not trusted here`, {
    hint: `go on where it ran; its signer is ${evidence.signer.keyId}`,
  })
}

/**
 * By the identity in the journal, and by the lease where it lies in the work directory.
 *
 * @returns the process that can't be seen from here, and was said to have ended
 */
function refuseAlive(
  { runId, holder, host, endedAs }: JournalledRun,
  { workDir }: Places,
  saidEnded: boolean,
): ProcessIdentity | undefined {
  const holders = [holder, readLease(join(workDir, runId))?.holder].filter(one => one !== undefined)
  const alive = holders.find(isAlive)
  // One that wrote its last record acts no more.
  const unseen = endedAs === undefined ? holders.find(isUnseen) : undefined
  if (alive === undefined && unseen !== undefined && !saidEnded) throw mayStillRun(runId, unseen, host)
  if (alive === undefined) return unseen
  throw new RunproofError(
    'NOT_RESUMABLE',
    `${runId} still runs: process ${alive.pid}${host === undefined ? '' : ` on ${host}`}`,
    {
      hint: `let it end, or stop it first: kill -INT ${alive.pid}`,
    },
  )
}

function mayStillRun(runId: string, unseen: ProcessIdentity, host: string | undefined): RunproofError {
  const on = host === undefined ? '' : ` on ${host}`
  return new RunproofError(
    'NOT_RESUMABLE',
    `${runId} is run by ${unseenProcess(unseen)}${on}, and nobody can see from here whether that has ended`,
    { hint: `go on in that container, or see that it has ended, then: runproof run --resume ${runId} --ended` },
  )
}

/** Who has it, and what can be done: the end of the chain of runs that went on. */
async function whatGoesOn(first: TakenOver, places: Places): Promise<RunproofError> {
  let last = first
  for (;;) {
    const next = readTakenOver(places.reportsDir, last.as)
    if (next === undefined) break
    last = next
  }
  await finishStaging(places.reportsDir, last)
  const what = `${first.runId} was taken over as ${first.as} at ${first.takenAt} by ${first.user} on ${first.host}`
  const of = last === first ? 'which' : `${last.as} went on with that, and`
  if (isAlive(last.holder))
    return new RunproofError('NOT_RESUMABLE', `${what}; ${of} still runs: process ${last.holder.pid}`, {
      hint: `let it end, or stop it first: kill -INT ${last.holder.pid}`,
    })
  const sealed = (await files.facts(join(places.reportsDir, last.as))) !== undefined
  if (isUnseen(last.holder) && !sealed)
    return new RunproofError('NOT_RESUMABLE', `${what}; ${of} is run by ${unseenProcess(last.holder)}`, {
      hint: `look there; once it has ended: runproof run --resume ${last.as} --ended`,
    })
  const ended = sealed ? `${of} ended` : `${of} died`
  return new RunproofError('NOT_RESUMABLE', `${what}; ${ended}`, {
    hint: sealed
      ? `runproof evidence show ${shownPath(join(places.reportsDir, last.as))}`
      : `runproof run --resume ${last.as}`,
  })
}
