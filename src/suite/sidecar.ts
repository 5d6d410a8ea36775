import { createHmac, randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { client, type Ran } from '../daemon/client.ts'
import { randomSecret } from '../daemon/random-secret.ts'
import { daemon, isolated } from '../daemon/subjects.ts'
import type { LeaseView } from '../model/access-api.ts'
import { capture } from '../model/capture.ts'
import type { CheckContext, Json } from '../model/check.ts'
import type { ConnectorView, SidecarHealth, Signing } from '../model/connectors-api.ts'
import { RunproofError } from '../model/error.ts'
import type { HttpClient } from '../model/http.ts'
import type { StepContext } from '../model/runbook.ts'
import { Secret } from '../model/secret.ts'
import type { SlotView } from '../model/target.ts'
import { ask, askFor, jsonOf } from './ask.ts'
import { SIDECAR } from './live-recipe.ts'
import { providerRequests, withoutProvider } from './provider.ts'
import { asAdmin, readLeases, readSubject } from './revocations.ts'

/** What the vendor's own script waits. */
const WITHIN_MS = 30_000
const POLL_MS = 50
const NEWEST = 100

export const CONNECTOR = 'runproof-probe'
const SHARED_SLOT = `sidecars.${CONNECTOR}.shared`
export const ROUTES_SLOT = `sidecars.${CONNECTOR}.routes`

/** What a daemon has done so far that a webhook is not to add to. */
export interface Work {
  readonly runs: number
  /** Zero where the provider keeps no log for us. */
  readonly providerRequests: number
}

/** A webhook process under the daemon's care, and how it came to be. */
export interface Sidecar {
  readonly port: number
  readonly door: HttpClient
  readonly sharedToken: Secret
  /** Webhooks are signed with it. */
  readonly secret: Secret
  readonly sets: readonly Ran<SlotView>[]
  readonly put: Ran<ConnectorView>
  /** Leases that were good once it was ready. */
  readonly leases: readonly string[]
  readonly workBefore: Work
}

/** The same process after the secret of its webhooks was replaced. */
export interface RotatedSidecar {
  readonly secret: Secret
  readonly set: Ran<SlotView>
  /** The lease of the first process, after its secret was replaced and before the process was. */
  readonly oldLease: LeaseView
  readonly put: Ran<ConnectorView>
  readonly leases: readonly string[]
}

export interface ContainedSidecar {
  readonly slot: string
  readonly printed: Ran<{ readonly slotId: string; readonly revokedLeases: number }>
}

export interface RemovedSidecar {
  readonly connector: Ran<boolean>
  readonly slots: readonly { readonly id: string; readonly ran: Ran<boolean> }[]
}

export const sidecar = capture<Sidecar>('sidecar', 'the webhook process that the daemon started')
export const rotatedSidecar = capture<RotatedSidecar>('sidecar-rotated', 'the webhook process with another secret')
export const containedSidecar = capture<ContainedSidecar>(
  'sidecar-contained',
  'how the slot of the webhook was revoked',
)
export const removedSidecar = capture<RemovedSidecar>('sidecar-removed', 'how the connector and its slots were deleted')

/** Of a running daemon only what the sidecar would have made counts: others use it meanwhile. */
export async function workSoFar(context: CheckContext): Promise<Work> {
  const { http, read, runs, connectors } = context.target
  if (context.values.get(daemon).reached === 'running') {
    const newest = await askFor(context, runs.paths.newest(NEWEST), runs.read.runs)
    const made = newest.filter(({ sessionId }) => connectors.makesSession(CONNECTOR, sessionId))
    return { runs: made.length, providerRequests: 0 }
  }
  const { runsTotal } = await askFor(context, http.status, read.status)
  const requests = withoutProvider(context) === undefined ? (await providerRequests(context)).length : 0
  return { runs: runsTotal, providerRequests: requests }
}

/**
 * Stores a token and a webhook secret, has the daemon start a webhook process with them, and waits until it is ready and
 * holds one lease. That it never is so is an observation, not an error: what was made has to be taken away all the same.
 *
 * @param place - where it is to listen, and the way there
 * @throws RunproofError NOT_EMPTY when there is a connector of that name
 */
export async function startSidecar(
  context: CheckContext,
  { port, door }: Pick<Sidecar, 'port' | 'door'> = insideOf(context),
): Promise<Sidecar> {
  const { paths } = context.target.connectors
  const there = await ask(context, paths.connector(CONNECTOR), asAdmin(context))
  if (there.status !== 404)
    throw new RunproofError('NOT_EMPTY', `${paths.connector(CONNECTOR)} answered ${there.status}, so it is not free`, {
      hint: `is it left from a run that was killed? connectors delete ${context.target.connectors.kind} ${CONNECTOR}`,
    })
  const workBefore = await workSoFar(context)
  const sharedToken = randomSecret('sidecar-token')
  const secret = randomSecret('webhook-secret')
  const sets = [
    await setSlot(context, SHARED_SLOT, sharedToken),
    await setSlot(context, ROUTES_SLOT, routesWith(context, secret)),
  ]
  const put = await putConnector(context, port, 'first')
  const made = { port, door, sharedToken, secret, sets, put, workBefore }
  const ready = await untilReady(context, made)
  return { ...made, leases: ready ? await untilOneLease(context, []) : [] }
}

/** Replaces the webhook secret, looks at what became of the old lease, and has the process started anew. */
export async function rotateSidecar(context: CheckContext, before: Sidecar): Promise<RotatedSidecar> {
  const secret = randomSecret('webhook-secret-rotated')
  const set = await setSlot(context, ROUTES_SLOT, routesWith(context, secret))
  const [oldLease] = await readLeases(context, before.leases.slice(0, 1))
  if (oldLease === undefined)
    throw new RunproofError('COMMAND_FAILED', 'the sidecar held no lease that could be revoked')
  const put = await putConnector(context, before.port, 'second')
  const leases = await untilOneLease(context, before.leases)
  await untilReady(context, before)
  return { secret, set, oldLease, put, leases }
}

export async function containSidecar(context: CheckContext): Promise<ContainedSidecar> {
  const words = ['runtime', 'auth', 'revoke-slot', ROUTES_SLOT]
  return { slot: ROUTES_SLOT, printed: await client(context, words, context.target.read.slotRevocation) }
}

/** Deletes the connector and both slots. A connector that the revocation has removed already is no error. */
export async function removeSidecar(context: CheckContext): Promise<RemovedSidecar> {
  const { read } = context.target.access
  const connector = await client(
    context,
    ['connectors', 'delete', context.target.connectors.kind, CONNECTOR],
    read.accepted,
  )
  const slots = []
  for (const id of [ROUTES_SLOT, SHARED_SLOT])
    slots.push({ id, ran: await client(context, ['secrets', 'delete', id], read.accepted) })
  return { connector, slots }
}

/**
 * What a webhook is answered that is signed with this secret.
 *
 * @param signing - how, default: as the suite's own one
 */
export async function postWebhook(
  context: CheckContext,
  { door }: Pick<Sidecar, 'door'>,
  secret: Secret,
  signing?: Signing,
): Promise<{ readonly status: number; readonly verdict: string }> {
  const { request, read } = context.target.connectors
  const delivery = `runproof-${randomBytes(8).toString('hex')}`
  const body = JSON.stringify({ event_type: 'ignored', title: delivery })
  const { path, headers } = request(delivery, createHmac('sha256', secret.reveal()).update(body).digest('hex'), signing)
  const answer = await door.request(path, { method: 'POST', headers, body, signal: context.signal })
  return { status: answer.status, verdict: read.verdict(jsonOf(path, answer.text)) }
}

/** How the process says it is; `silent` where something listens and does not answer, undefined where nothing does. */
export async function sidecarHealth(
  context: CheckContext,
  of: Pick<Sidecar, 'door' | 'sharedToken'>,
): Promise<string | undefined> {
  const answer = await askHealth(context, of)
  return typeof answer === 'object' ? answer.status : answer
}

/** The same, with which start of it answered. */
export async function askHealth(
  context: CheckContext,
  { door, sharedToken }: Pick<Sidecar, 'door' | 'sharedToken'>,
): Promise<SidecarHealth | string | undefined> {
  const { paths, read } = context.target.connectors
  try {
    const answer = await door.request(paths.health, { bearer: sharedToken, timeoutMs: 3_000, signal: context.signal })
    return answer.status === 200 ? read.health(jsonOf(paths.health, answer.text)) : `status ${answer.status}`
  } catch (thrown) {
    if (thrown instanceof RunproofError && thrown.code === 'TIMEOUT') return 'silent'
    if (thrown instanceof RunproofError && thrown.code === 'TARGET_UNREACHABLE') return undefined
    throw thrown
  }
}

/** Waits until something is so, up to 30 s or the check's deadline. @returns whether it became so */
export async function becomes(context: CheckContext, isSo: () => Promise<boolean>): Promise<boolean> {
  const { clock } = context.tools
  const deadline = clock.monotonicMs() + Math.min(WITHIN_MS, context.deadlineMs)
  while (!(await isSo())) {
    if (clock.monotonicMs() > deadline) return false
    await delay(POLL_MS, undefined, { signal: context.signal }).catch(() => {})
    if (context.signal.aborted) throw new RunproofError('INTERRUPTED', 'waiting was interrupted')
  }
  return true
}

/** A free port of this machine, where the sidecar of a running daemon is to listen, and the way there. */
export async function placeOutside({ tools, run }: StepContext): Promise<Pick<Sidecar, 'port' | 'door'>> {
  const beacon = await tools.interposer.beacon()
  await beacon[Symbol.asyncDispose]()
  const door = await tools.http.connect({ baseUrl: `http://127.0.0.1:${beacon.port}` })
  run.defer('connections to the sidecar', () => door.close())
  return { port: beacon.port, door }
}

function insideOf({ values }: CheckContext): Pick<Sidecar, 'port' | 'door'> {
  const { instance } = values.get(isolated)
  return { port: instance.place.tunnels[SIDECAR]!, door: instance.through(SIDECAR) }
}

function setSlot(context: CheckContext, slot: string, value: Secret): Promise<Ran<SlotView>> {
  context.protect(value)
  const read = (document: Parameters<typeof context.target.read.slots>[0]) => context.target.read.slots([document])[0]!
  return client(context, ['secrets', 'set', slot, '--provider', 'generic', '--stdin'], read, { stdin: value })
}

export function routesWith(context: CheckContext, secret: Secret): Secret {
  context.protect(secret)
  return new Secret(`${secret.name}-routes`, context.target.connectors.routes(secret.reveal()))
}

function putConnector(context: CheckContext, port: number, generation: string): Promise<Ran<ConnectorView>> {
  const { read, kind } = context.target.connectors
  const words = [
    'connectors',
    `put-${kind}`,
    CONNECTOR,
    '--json',
    JSON.stringify(sidecarSetup(context, port, generation)),
  ]
  return client(context, words, read.connector)
}

/** The whole configuration of the suite's own connector. */
export function sidecarSetup(context: CheckContext, port: number, generation: string): Json {
  const command = context.target.companions.connector
  const slots = { sharedSlot: SHARED_SLOT, routesSlot: ROUTES_SLOT }
  return context.target.connectors.webhook({ command, args: ['webhook'], port, ...slots, generation })
}

function untilReady(context: CheckContext, made: Pick<Sidecar, 'door' | 'sharedToken'>): Promise<boolean> {
  return becomes(context, async () => (await sidecarHealth(context, made)) === 'ready')
}

/** One lease of the connector, other than these, once there is no other. */
export async function untilOneLease(
  context: CheckContext,
  known: readonly string[],
  name = CONNECTOR,
): Promise<readonly string[]> {
  const { access } = context.target
  const subject = access.connectorSubject(name)
  let leases: readonly string[] = []
  await becomes(context, async () => {
    const { status } = await ask(context, access.paths.subject(subject), asAdmin(context))
    leases = status === 404 ? [] : (await readSubject(context, subject)).leases.connector
    return leases.length === 1 && !known.includes(leases[0]!)
  })
  return leases
}

/** Ids of the slots that belong to the connector. */
export const SIDECAR_SLOTS = [SHARED_SLOT, ROUTES_SLOT] as const
