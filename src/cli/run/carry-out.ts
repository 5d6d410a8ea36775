import { join } from 'node:path'
import { importFacts } from '../../docs/stale.ts'
import { execute } from '../../engine/execute.ts'
import type { ExecuteInput, RunResult } from '../../engine/run-input.ts'
import { publishable } from '../../evidence/publishable.ts'
import type { Evidence } from '../../evidence/schema.ts'
import type { Journal, Tools } from '../../model/ports.ts'
import { resumingFrom } from '../resume/go-on-with.ts'
import { attachTo } from '../step-mode/attach-file.ts'
import type { BegunRun } from './begin-run.ts'
import { lacking, nginxFor } from './offered.ts'
import type { PreparedRun, Settings } from './prepare-run.ts'
import type { Display, Follower } from './progress.ts'
import { factsBefore } from './run-facts.ts'

/** Who follows the run, once it is known what must not be shown and what is shown shorter. */
export type FollowedBy = (run: Parameters<Display['whole']>[0]) => Follower

/** What a run works with, once it has its places. */
export interface Equipment {
  readonly tools: Tools
  readonly journal: Journal
  readonly machine: Evidence['machine']
  readonly scratchDir: string
  readonly signal: AbortSignal
  readonly followedBy: FollowedBy
}

/** Hands the engine the world, and whoever is there. */
export async function carryOut(
  begun: BegunRun,
  { plan, allowedSkips, secrets }: PreparedRun,
  settings: Settings,
  { tools, journal, machine, scratchDir, signal, followedBy }: Equipment,
): Promise<RunResult> {
  const { runId, artifactsDir, journalFile, origin, known, goingOn } = begun
  const { places, counterproofs, width, approve, policy, people, approvalMs } = settings
  const redact = (text: string) => known.redact(text)
  const follower = followedBy({ redact, shorten: { [join(places.workDir, runId)]: '$RUN' } })
  const nginx = await nginxFor(plan, tools)
  return execute({
    plan,
    runId,
    tools,
    journal,
    watch: progress => follower.show(progress),
    people,
    approve,
    ...(await attendants(begun, plan, settings)),
    ...(approvalMs === undefined ? {} : { patience: { approvalMs } }),
    secrets,
    protect: secret => known.add(secret),
    knownSecrets: () => known.all(),
    published: value => publishable(value, redact),
    scratchDir,
    artifactsDir,
    counterproofs,
    width,
    allowedSkips,
    lacking: check => lacking(check, { barrier: machine.barrier, nginx }),
    signal,
    rules: policy.rules,
    before: await factsBefore(plan, undefined, { ...policy.facts, ...importFacts(origin.importedSha256 ?? {}) }),
    origin,
    ...(goingOn === undefined ? {} : { resuming: await resumingFrom(journalFile, goingOn) }),
  })
}

/** Who confirms and who decides at the terminal, where there is one. */
async function attendants(
  { artifactsDir, known }: BegunRun,
  plan: PreparedRun['plan'],
  { desk }: Settings,
): Promise<Pick<ExecuteInput, 'attest' | 'conductor'>> {
  const attach = attachTo(artifactsDir, bytes => known.redactBytes(bytes))
  const attended = { plan, attach, artifactsDir, redact: (text: string) => known.redact(text) }
  const attest = desk?.attester(attended)
  const conductor = await desk?.conductor(attended)
  return { ...(attest === undefined ? {} : { attest }), ...(conductor === undefined ? {} : { conductor }) }
}
