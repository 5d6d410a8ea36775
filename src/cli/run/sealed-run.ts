import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { clock } from '../../adapters/clock.ts'
import { files } from '../../adapters/files.ts'
import { refuseTakenOver } from '../../adapters/process/resume-lock.ts'
import { BINARY_FACT, importFacts } from '../../docs/stale.ts'
import { execute } from '../../engine/execute.ts'
import type { RunResult } from '../../engine/run-input.ts'
import { continueJournal, openJournal } from '../../evidence/journal-file.ts'
import { ARTIFACTS_DIR, JOURNAL_FILE, UNSEALED_PREFIX } from '../../evidence/layout.ts'
import { publishable } from '../../evidence/publishable.ts'
import type { Evidence } from '../../evidence/schema.ts'
import { seal, type Unsealed } from '../../evidence/seal.ts'
import { machineSigner } from '../../evidence/signing-key.ts'
import { toRunproofError } from '../../model/error.ts'
import { worstOutcome } from '../../model/outcome.ts'
import { errnoOf, fileError } from '../../model/system-error.ts'
import { machineFacts } from '../machine.ts'
import { operatorName } from '../operator.ts'
import { loadReports } from '../registry.ts'
import { type GoingOnWith, resumingFrom } from '../resume/go-on-with.ts'
import { originOf } from '../resume/origin.ts'
import { clearAbandonedScratch, nextRunId, takeOver } from '../resume/take-over.ts'
import { resumeCommand } from '../resume/tell.ts'
import { noticeDir } from '../source-notice.ts'
import { attachTo } from '../step-mode/attach-file.ts'
import { version } from '../version.ts'
import { refuseUnnamed } from './approve.ts'
import { importedFiles } from './imported-files.ts'
import { lacking, nginxFor } from './offered.ts'
import type { PreparedRun, Settings } from './prepare-run.ts'
import type { Display, Follower } from './progress.ts'
import { protectSecrets } from './protected-secrets.ts'
import { factsBefore } from './run-facts.ts'
import { claimScratch, keepUnsealed, makeRunDir, publish } from './run-place.ts'
import { toolsFor } from './tools.ts'

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

/** Who follows the run, once it is known what must not be shown and what is shown shorter. */
type FollowedBy = (run: Parameters<Display['whole']>[0]) => Follower

/**
 * Runs what was prepared and seals what happened. From its journal on whatever happens ends in evidence, or in an error
 * that names where the unsealed record lies.
 */
export async function runSealed(
  { plan, path, allowedSkips, secrets }: PreparedRun,
  { target, places, counterproofs, width, approve, policy, desk, people, approvalMs, yesToAll }: Settings,
  session: Session,
  followedBy: FollowedBy,
  goingOn?: GoingOnWith,
): Promise<SealedRun> {
  const { runbook } = plan
  refuseUnnamed(target, yesToAll || undefined, plan.inUse)
  const signer = await machineSigner(places.stateDir, files)
  const runbookSha256 = await files.sha256(path)
  const importedSha256 = await importedFiles(path)
  const known = protectSecrets(Object.values(secrets))
  const startedAt = clock.now()
  const began = clock.monotonicMs()
  const runId =
    goingOn !== undefined
      ? nextRunId(goingOn.broken)
      : `${runbook.id}-${startedAt.toISOString().replaceAll(/[-:]|\.\d+/g, '')}-${randomBytes(3).toString('hex')}`
  const follower = followedBy({
    redact: text => known.redact(text),
    shorten: { [join(places.workDir, runId)]: '$RUN' },
  })

  const runDir = join(places.reportsDir, `${UNSEALED_PREFIX}${runId}`)
  const finalDir = join(places.reportsDir, runId)
  if (goingOn !== undefined) await clearAbandonedScratch(runId, places)
  await using lease = await claimScratch({ workDir: places.workDir, runId, runDir })
  const journalFile = join(runDir, JOURNAL_FILE)
  const redact = (text: string) => known.redact(text)
  const fence = () => refuseTakenOver(places.reportsDir, runId)
  if (goingOn !== undefined) await takeOver(goingOn.broken, goingOn.by, clock, redact)
  await makeRunDir(join(runDir, ARTIFACTS_DIR))
  const journal =
    goingOn === undefined
      ? openJournal(journalFile, clock, redact, fence)
      : continueJournal(journalFile, clock, redact, fence)
  const origin = originOf(
    { plan, path, allowedSkips, secrets },
    { runbookSha256, importedSha256, counterproofs, policy },
  )
  const tools = toolsFor({ signer, lease, noticeDir: noticeDir(places.stateDir) })
  try {
    const machine = await machineFacts(tools.instances)
    const artifactsDir = join(runDir, ARTIFACTS_DIR)
    const attended = { plan, attach: attachTo(artifactsDir, bytes => known.redactBytes(bytes)), artifactsDir, redact }
    const attest = desk?.attester(attended)
    const conductor = await desk?.conductor(attended)
    const nginx = await nginxFor(plan, tools)
    const result = await execute({
      plan,
      runId,
      tools,
      journal,
      watch: progress => follower.show(progress),
      approve,
      secrets,
      protect: secret => known.add(secret),
      knownSecrets: () => known.all(),
      published: value => publishable(value, redact),
      scratchDir: lease.scratchDir,
      artifactsDir,
      people,
      ...(attest === undefined ? {} : { attest }),
      ...(conductor === undefined ? {} : { conductor }),
      ...(approvalMs === undefined ? {} : { patience: { approvalMs } }),
      counterproofs,
      width,
      allowedSkips,
      lacking: check => lacking(check, { barrier: machine.barrier, nginx }),
      signal: session.signal,
      rules: policy.rules,
      before: await factsBefore(plan, undefined, { ...policy.facts, ...importFacts(importedSha256) }),
      origin,
      ...(goingOn === undefined ? {} : { resuming: await resumingFrom(journalFile, goingOn) }),
    })

    const run: Unsealed = {
      schema: 'runproof-evidence-2',
      runId,
      tool: { name: 'runproof', version: version(), node: process.versions.node },
      runbook: { id: runbook.id, title: runbook.title, purpose: runbook.purpose, sha256: runbookSha256 },
      target: { id: target.id, title: target.title, real: target.real, ...binaryDigest(result.facts) },
      operator: operatorOf(people.operator),
      machine,
      params: definedOnly(plan.params),
      secretNames: Object.keys(secrets).sort(),
      counterproofs,
      startedAt: startedAt.toISOString(),
      endedAt: clock.now().toISOString(),
      durationMs: clock.monotonicMs() - began,
      ...result,
      ...strayed(result, await session.strays()),
    }
    journal.append('run-ended', { outcome: run.outcome })
    const { lastHash, records } = journal.close()
    const evidence = await seal({
      run: publishable(run, text => known.redact(text)),
      runDir,
      finalDir,
      journal: { sha256: await files.sha256(join(runDir, JOURNAL_FILE)), lastHash, records },
      secrets: known.all(),
      reports: await loadReports(),
      files,
      leaks: tools.leaks,
      signer,
      publish,
    })
    const goOnBy = evidence.outcome === 'interrupted' ? resumeCommand(runId, origin, places) : undefined
    return { evidence, dir: finalDir, ...(goOnBy === undefined ? {} : { goOnBy }) }
  } catch (thrown) {
    return await keepUnsealed(
      errnoOf(thrown) === undefined ? toRunproofError(thrown) : fileError(thrown, runDir, 'seal'),
      { runDir, finalDir, goOnBy: resumeCommand(runId, origin, places) },
    )
  }
}

/** The account is a fact; a name is what somebody said. */
function operatorOf(name: string): Evidence['operator'] {
  const user = operatorName()
  return { user, host: hostname(), ...(name === user ? {} : { name }) }
}

/** An error that no step awaited is nobody's record, and yet something went wrong: no verdict. */
function strayed(run: RunResult, errors: readonly Error[]): Partial<Unsealed> {
  if (errors.length === 0) return {}
  return {
    outcome: worstOutcome([run.outcome, 'errored']),
    assumptions: [...run.assumptions, ...errors.map(error => `an error outside of every step: ${error.message}`)],
  }
}

function definedOnly(params: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(params).filter((entry): entry is [string, string] => entry[1] !== undefined))
}

function binaryDigest(facts: Evidence['facts']): { binarySha256?: string } {
  const digest = facts[BINARY_FACT]
  return typeof digest === 'string' ? { binarySha256: digest } : {}
}
