import { randomBytes } from 'node:crypto'
import { daemon } from '../daemon/subjects.ts'
import { capture } from '../model/capture.ts'
import type { CaptureAgentView, HeartbeatReply, ProvisionedAgent } from '../model/capture-agents.ts'
import type { CheckContext } from '../model/check.ts'
import { RunproofError } from '../model/error.ts'
import type { Answer } from '../model/http.ts'
import { jsonAnswer, parseJson } from '../model/json-answer.ts'
import { Secret } from '../model/secret.ts'
import { ask, askFor } from './ask.ts'

/** Machines of this suite. They stay known after their end, so that every run has the same ones, in a batch of its own. */
export const MACHINE = 'runproof-smoke'
export const LATE_MACHINE = 'runproof-smoke-late'
export const FILES_MACHINE = 'runproof-smoke-files'

export interface Times {
  readonly intervalMs: number
  readonly graceMs: number
}

/** Long enough that nothing becomes late while a suite runs. */
export const PATIENT: Times = { intervalMs: 600_000, graceMs: 600_000 }
/** How long the suite waits on purpose is the sum. */
export const HASTY: Times = { intervalMs: 300, graceMs: 300 }

/** What a machine was told when it was provisioned, its tokens as secrets. */
export interface Enrolment extends Omit<ProvisionedAgent, 'heartbeatToken' | 'sources' | 'config'> {
  readonly batchId: string
  readonly heartbeatToken: Secret
  readonly sources: readonly {
    readonly sourceId: string
    readonly leaseId: string
    readonly expiresAtMs: number
    readonly uploadToken: Secret
  }[]
  /** Whether the configuration file holds every one of its tokens. */
  readonly configComplete: boolean
}

export const enrolled = capture<Enrolment>('capture-agent', 'the provisioned machine')
export const enrolledAgain = capture<Enrolment>('capture-agent-again', 'the same machine, provisioned with a new batch')
export const enrolledLate = capture<Enrolment>('capture-agent-late', 'the machine that will be late')

/** Every token of an enrolment. */
export function tokensOf({ heartbeatToken, sources }: Enrolment): readonly Secret[] {
  return [heartbeatToken, ...sources.map(source => source.uploadToken)]
}

/**
 * Provisions a machine with a batch of its own. A machine that is known gets new tokens.
 *
 * @throws RunproofError ANSWER_MALFORMED
 */
export async function enrol(context: CheckContext, machineId: string, times: Times): Promise<Enrolment> {
  const { captureAgents: api } = context.target
  const { instance } = context.values.get(daemon)
  const batchId = `runproof-${randomBytes(8).toString('hex')}`
  const request = { batchId, machineId, daemonBaseUrl: instance.place.baseUrl, ...times }
  const answer = await ask(context, api.paths.provisions, { body: api.provision(request) })
  protectTokens(context, answer.text)
  const reply = api.read.provisioned(jsonAnswer(api.paths.provisions, answer))
  const agent = reply.agents.find(one => one.machineId === machineId)
  if (agent === undefined || reply.agents.length !== 1 || reply.batchId !== batchId)
    throw new RunproofError('ANSWER_MALFORMED', `${api.paths.provisions} provisioned something else than ${machineId}`)
  const { heartbeatToken, sources, config, ...rest } = agent
  return {
    ...rest,
    batchId,
    heartbeatToken: new Secret('capture-heartbeat-token', heartbeatToken),
    sources: sources.map(({ sourceId, leaseId, expiresAtMs, uploadToken }) => ({
      sourceId,
      leaseId,
      expiresAtMs,
      uploadToken: new Secret('capture-upload-token', uploadToken),
    })),
    configComplete: [heartbeatToken, ...sources.map(source => source.uploadToken)].every(one => config.includes(one)),
  }
}

/** Makes everything that looks like a token a secret of the run, before anything is done with the text. */
export function protectTokens(context: CheckContext, text: string): number {
  const tokens = [...text.matchAll(context.target.captureAgents.token)]
  for (const [value] of tokens) context.protect(new Secret('capture-token', value))
  return tokens.length
}

export function viewOf(context: CheckContext, machineId: string): Promise<CaptureAgentView> {
  const { paths, read } = context.target.captureAgents
  return askFor(context, paths.agent(machineId), read.agent)
}

/** Sends a heartbeat that saw the first source only. */
export function beat(
  context: CheckContext,
  {
    machineId,
    sources,
  }: Pick<Enrolment, 'machineId'> & { readonly sources: readonly Pick<Enrolment['sources'][number], 'sourceId'>[] },
  bearer: Secret | 'none',
): Promise<Answer> {
  const { paths, heartbeat } = context.target.captureAgents
  return ask(context, paths.heartbeat(machineId), { bearer, body: heartbeat([sources[0]!.sourceId], AGENT_VERSION) })
}

export const AGENT_VERSION = '1.2.3'

/** @throws RunproofError ANSWER_MALFORMED for a heartbeat that is not accepted */
export async function beatWell(context: CheckContext, enrolment: Enrolment): Promise<HeartbeatReply> {
  const { paths, read } = context.target.captureAgents
  const answer = await beat(context, enrolment, enrolment.heartbeatToken)
  return read.heartbeat(jsonAnswer(paths.heartbeat(enrolment.machineId), answer))
}

export function upload(
  context: CheckContext,
  sourceId: string,
  bearer: Secret | 'none',
  key: string,
  text = 'a page of a smoke suite',
): Promise<Answer> {
  const { paths, observation } = context.target.captureAgents
  return ask(context, paths.uploads(sourceId), { bearer, body: observation(key, text) })
}

export const freshKey = (): string => `runproof-${randomBytes(8).toString('hex')}`

/** How a daemon refused: 401 in the same words for every reason is what it owes. */
export interface Refusal {
  readonly what: string
  readonly status: number
  /** Empty when it was no refusal. */
  readonly said: string
}

/** @throws RunproofError ANSWER_MALFORMED for a refusal that is no problem document */
export function refusalOf(context: CheckContext, what: string, { status, text }: Answer): Refusal {
  return {
    what,
    status,
    said: status === 401 ? context.target.captureAgents.read.refusal(parseJson(text, `${what} was refused with`)) : '',
  }
}

/** Shows every token of an enrolment where it once opened something. */
export async function showAll(
  context: CheckContext,
  enrolment: Pick<Enrolment, 'machineId' | 'heartbeatToken'> & {
    readonly sources: readonly Pick<Enrolment['sources'][number], 'sourceId' | 'uploadToken'>[]
  },
): Promise<readonly Refusal[]> {
  const refusals = [refusalOf(context, 'a heartbeat', await beat(context, enrolment, enrolment.heartbeatToken))]
  for (const { sourceId, uploadToken } of enrolment.sources)
    refusals.push(
      refusalOf(context, `an upload to ${sourceId}`, await upload(context, sourceId, uploadToken, freshKey())),
    )
  return refusals
}

/** Why these refusals are not what they should be, or undefined. */
export function wrongRefusal(refusals: readonly Refusal[]): string | undefined {
  if (refusals.length === 0) return 'nothing was tried, so nothing was refused'
  const limited = refusals.find(({ status }) => status === 429)
  if (limited !== undefined) return `${limited.what} gave 429: the limiter spoke, and nothing is known of the token`
  const other = refusals.find(({ status }) => status !== 401)
  if (other !== undefined) return `${other.what} gave ${other.status}, expected 401`
  const told = refusals.find(({ said }) => said !== refusals[0]!.said)
  return told === undefined ? undefined : `${told.what} is refused in other words than ${refusals[0]!.what}`
}

/** Ends a machine. */
export function revoke(context: CheckContext, machineId: string): Promise<Answer> {
  return ask(context, context.target.captureAgents.paths.revoke(machineId), { body: { reason: REASON } })
}

export const REASON = 'smoke suite is over'
