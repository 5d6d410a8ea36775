import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { daemon, isolated } from '../../daemon/subjects.ts'
import { capture, keptCapture } from '../../model/capture.ts'
import type { AgentConfig, CaptureAgentView, CaptureLease } from '../../model/capture-agents.ts'
import type { CheckContext, Json } from '../../model/check.ts'
import { RunproofError, toRunproofError } from '../../model/error.ts'
import { Secret } from '../../model/secret.ts'
import { ask, askFor, jsonOf } from '../../suite/ask.ts'
import { beat, enrol, freshKey, PATIENT, protectTokens, upload } from '../../suite/capture-agents.ts'

/** The machine of a rehearsal. */
export const REHEARSED = 'runproof-rotated'

/** What of a machine is to be the same afterwards, and what is to be replaced. */
export interface MachineBefore
  extends Pick<CaptureAgentView, 'machineId' | 'batchId' | 'osProfile' | 'sourceIds' | 'intervalMs' | 'graceMs'> {
  /** Version of the heartbeat token. */
  readonly tokenVersion: number
  readonly live: readonly Pick<CaptureLease, 'leaseId' | 'sourceId' | 'tokenVersion'>[]
  /** Of the tokens; undefined where no lease was live. */
  readonly lifetimeMs: number | undefined
}
export const machineBefore = keptCapture<MachineBefore>('machine-before', 'the machine before its tokens are replaced')

/** Tokens of a machine, each with what it opens. */
export interface AgentTokens {
  readonly machineId: string
  readonly batchId: string
  readonly heartbeatToken: Secret
  readonly sources: readonly { readonly sourceId: string; readonly uploadToken: Secret }[]
}
/** Not kept, as no secret is: known in a rehearsal, and where the operator gave the file of now. */
export const oldAgentTokens = capture<AgentTokens>('old-agent-tokens', 'the tokens that are replaced')

export interface Rotated {
  readonly batchId: string
  /** By the daemon's clock: what it hears of the machine after it is shown with a new token. */
  readonly issuedAtMs: number
  readonly deadlineMs: number
  /** The configuration file that has the new tokens. */
  readonly file: string
}
export const rotated = keptCapture<Rotated>('machine-rotated', 'the new batch, and the file that has its tokens')

/** What each old token was answered while it was good. */
export interface OpenedBefore {
  readonly heartbeat: number
  readonly uploads: readonly number[]
}
export const openedBefore = capture<OpenedBefore>('opened-before', 'what the old tokens opened')

/** How the machine of a rehearsal fares with the file it was brought. */
export const openedAfter = capture<OpenedBefore>('opened-after', 'what the tokens in the new file open')

/** @throws RunproofError PARAM_INVALID where there is no such machine, or it was revoked */
export async function lookAtMachine(context: CheckContext, machineId: string): Promise<MachineBefore> {
  const { paths, read } = context.target.captureAgents
  const known = await askFor(context, paths.agents, read.agents)
  const view = known.find(one => one.machineId === machineId)
  if (view === undefined)
    throw new RunproofError('PARAM_INVALID', `the daemon has no capture agent on ${machineId}`, {
      hint: known.length === 0 ? 'it has none at all' : `it has ${known.map(one => one.machineId).join(', ')}`,
    })
  if (view.status === 'revoked')
    throw new RunproofError(
      'PARAM_INVALID',
      `the agent on ${machineId} was revoked: ${view.revokedReason ?? 'no reason given'}`,
      {
        hint: 'a rotation would take it in again; if that is meant, provision it by hand',
      },
    )
  return beforeOf(view)
}

function beforeOf(view: CaptureAgentView): MachineBefore {
  const { machineId, batchId, osProfile, sourceIds, intervalMs, graceMs, tokenVersion } = view
  const live = view.leases.filter(isLive)
  const [first] = live
  return {
    ...{ machineId, batchId, osProfile, sourceIds, intervalMs, graceMs, tokenVersion },
    live: live.map(lease => ({ leaseId: lease.leaseId, sourceId: lease.sourceId, tokenVersion: lease.tokenVersion })),
    lifetimeMs: first === undefined ? undefined : first.expiresAtMs - first.issuedAtMs,
  }
}

export const isLive = ({ revokedAtMs, supersededBy }: CaptureLease): boolean =>
  revokedAtMs === undefined && supersededBy === undefined

/**
 * Provisions the machine as it was under a new batch, and writes the file with its tokens, which are told once.
 *
 * @param also - members of the request that no view shows
 * @throws RunproofError COMMAND_FAILED, ANSWER_MALFORMED, and what writing the file throws, each with what became of the machine
 */
export async function rotateMachine(
  context: CheckContext,
  before: MachineBefore,
  {
    outDir,
    agentUrl,
    also,
  }: { readonly outDir: string; readonly agentUrl: string; readonly also: Readonly<Record<string, Json>> },
): Promise<Rotated> {
  const { tools, target } = context
  const { paths, reprovision, read, configFile } = target.captureAgents
  const batchId = `runproof-${randomBytes(8).toString('hex')}`
  const { lifetimeMs } = before
  const answer = await ask(context, paths.provisions, {
    body: reprovision({ batchId, view: before, daemonBaseUrl: agentUrl, lifetimeMs, also }),
  })
  protectTokens(context, answer.text)
  if (answer.status !== 200)
    throw new RunproofError(
      'COMMAND_FAILED',
      `provisioning ${before.machineId} gave ${answer.status}: its old tokens are as good as before`,
    )
  const dead = `the old tokens of ${before.machineId} are dead`
  const again = { hint: 'run the rotation again: it issues others' }
  const { agents } = read.provisioned(jsonOf(paths.provisions, answer.text))
  const agent = agents.find(one => one.machineId === before.machineId)
  if (agent === undefined || agents.length !== 1)
    throw new RunproofError('ANSWER_MALFORMED', `${dead}, and ${paths.provisions} told of other machines`, again)
  const file = join(outDir, configFile(before.machineId))
  try {
    await tools.files.write(file, new Secret('capture-config', agent.config), 0o600)
  } catch (cause) {
    throw new RunproofError(
      toRunproofError(cause).code,
      `${dead}, and ${file} could not be written, so nobody has the new ones`,
      {
        ...again,
        cause,
      },
    )
  }
  const view = await askFor(context, paths.agent(before.machineId), read.agent)
  const issuedAtMs = Math.max(...view.leases.filter(isLive).map(lease => lease.issuedAtMs))
  return { batchId, issuedAtMs, deadlineMs: view.deadlineMs, file }
}

/** The tokens in a configuration file, secrets from now on. @throws RunproofError FILE_UNREADABLE, ANSWER_MALFORMED */
export async function readAgentFile(context: CheckContext, file: string): Promise<AgentTokens> {
  const text = await context.tools.files.readText(file, 1 << 20)
  protectTokens(context, text)
  const { heartbeatToken, sources, ...rest }: AgentConfig = context.target.captureAgents.read.config(text)
  return {
    ...rest,
    heartbeatToken: new Secret('capture-heartbeat-token', heartbeatToken),
    sources: sources.map(({ sourceId, uploadToken }) => ({
      sourceId,
      uploadToken: new Secret('capture-upload-token', uploadToken),
    })),
  }
}

/** Plays the machine: a heartbeat, and an upload of each source. */
export async function playAgent(context: CheckContext, tokens: AgentTokens): Promise<OpenedBefore> {
  const { status: heartbeat } = await beat(context, tokens, tokens.heartbeatToken)
  const uploads: number[] = []
  for (const { sourceId, uploadToken } of tokens.sources)
    uploads.push((await upload(context, sourceId, uploadToken, freshKey())).status)
  return { heartbeat, uploads }
}

/** A machine with tokens, made for a rehearsal. */
export async function makeMachine(context: CheckContext, machineId: string): Promise<AgentTokens> {
  const { batchId, heartbeatToken, sources } = await enrol(context, machineId, PATIENT)
  return { machineId, batchId, heartbeatToken, sources }
}

/** Where the file with the new tokens goes. In a rehearsal that is the daemon's own place, and removed with it. */
export function outDirOf({ params, values }: CheckContext): string {
  return params['out-dir'] ?? join(values.get(isolated).instance.place.tmp, 'agent')
}

/** Where the machine reaches the daemon. */
export function agentUrlOf({ params, values }: CheckContext): string {
  return params['agent-url'] ?? values.get(daemon).instance.place.baseUrl
}

export function alsoOf({ params }: CheckContext): Readonly<Record<string, Json>> {
  return params['also'] === undefined ? {} : (JSON.parse(params['also']) as Record<string, Json>)
}
