import { setTimeout as delay } from 'node:timers/promises'
import type { Ran } from '../../daemon/client.ts'
import { daemon } from '../../daemon/subjects.ts'
import { capture, keptCapture } from '../../model/capture.ts'
import type { CheckContext } from '../../model/check.ts'
import type { ConnectorView } from '../../model/connectors-api.ts'
import { RunproofError } from '../../model/error.ts'
import { hostOf } from '../../model/host-text.ts'
import type { HttpClient } from '../../model/http.ts'
import { jsonAnswer } from '../../model/json-answer.ts'
import type { StepContext } from '../../model/runbook.ts'
import type { Secret } from '../../model/secret.ts'
import type { SlotView } from '../../model/target.ts'
import { ask } from '../../suite/ask.ts'
import { asAdmin } from '../../suite/revocations.ts'
import { askHealth, becomes, sidecar, untilOneLease } from '../../suite/sidecar.ts'
import { newSecret } from '../new-secret.ts'
import { mayBeSet } from '../slots/set-guarded.ts'
import { getSlot, heldLeases, type SlotSet, setSlot } from '../slots/slot.ts'

/** How often, and how far apart, a process that was replaced is asked once more who it is. */
const LOOKS = 3
const BETWEEN_LOOKS_MS = 150

/** A connector whose secret is replaced, as it was before. */
export interface ConnectorBefore {
  readonly name: string
  /** The slot that is set; undefined where the daemon keeps the value elsewhere. */
  readonly slot: string | undefined
  /** Undefined where there is no such slot. */
  readonly status: SlotView | undefined
  /** Undefined where there is no such connector. */
  readonly view: ConnectorView | undefined
  /** Undefined where it was never given a lease. */
  readonly subject: { readonly epoch: number; readonly revoked: boolean } | undefined
  readonly leases: readonly string[]
}
export const connectorBefore = keptCapture<ConnectorBefore>('connector', 'the connector as it was before')

/** The way to the process of the connector, and what it was shown so far. */
export interface ConnectorDoor {
  /** Undefined where it is out of reach from here. */
  readonly door: HttpClient | undefined
  /** The token between daemon and process, before; undefined where nobody gave it. */
  readonly sharedToken: Secret | undefined
  /** After a break the slot may be set already: what was good before is not good any more. */
  readonly mayBeSet: boolean
}
export const connectorDoor = capture<ConnectorDoor>('connector-door', 'the way to the process of the connector')

/** Who answers, and for how long it has been the same. */
export interface Answering {
  /** Undefined where it did not say. */
  readonly instanceId: string | undefined
  readonly status: string
  /** All that were seen afterwards; one, where it was not replaced again. */
  readonly seen: readonly string[]
}

/** A process that was started in place of another. */
export interface Restarted {
  readonly instanceBefore: string | undefined
  /** Undefined where it is out of reach, or the token is not known. */
  readonly answering: Answering | undefined
  /** Good right before. */
  readonly leases: readonly string[]
  readonly leasesAfter: readonly string[]
  /** What had it started, where that was a command. */
  readonly put?: Ran<ConnectorView>
}

export type TokenSet = SlotSet & Restarted
export const tokenSet = keptCapture<TokenSet>('token-set', 'how the shared token was replaced')

/** What is there of a connector. */
export async function lookAtConnector(
  context: CheckContext,
  name: string,
  slotOf: (view: ConnectorView) => string | undefined,
): Promise<ConnectorBefore> {
  const { connectors, access } = context.target
  const path = connectors.paths.connector(name)
  const answer = await ask(context, path, asAdmin(context))
  if (answer.status === 404)
    return { name, slot: undefined, status: undefined, view: undefined, subject: undefined, leases: [] }
  const view = connectors.read.connector(jsonAnswer(path, answer))
  const slot = slotOf(view)
  const status = slot === undefined ? undefined : (await getSlot(context, slot)).view
  const subjectPath = access.paths.subject(access.connectorSubject(name))
  const known = await ask(context, subjectPath, asAdmin(context))
  if (known.status === 404) return { name, slot, status, view, subject: undefined, leases: [] }
  const { epoch, revoked, leases } = access.read.subject(jsonAnswer(subjectPath, known))
  return { name, slot, status, view, subject: { epoch, revoked }, leases: leases.connector }
}

/**
 * The way to the process of the connector: through the barrier of a daemon of its own, or where it listens, if that is this machine.
 *
 * @param sharedToken - the one of before, where the operator gave it
 */
export async function openDoor(context: StepContext, sharedToken: Secret | undefined): Promise<ConnectorDoor> {
  const own = context.values.find(sidecar)
  if (own !== undefined) return { door: own.door, sharedToken: own.sharedToken, mayBeSet: false }
  if (sharedToken !== undefined) context.protect(sharedToken)
  const { view } = context.values.get(connectorBefore)
  if (view === undefined || !view.ownProcess || !isHere(context.values.get(daemon).instance.place.baseUrl)) {
    context.run.notTested('what the process of the connector takes and refuses: it is out of reach, and was not asked')
    return { door: undefined, sharedToken, mayBeSet: mayBeSet(context) }
  }
  const door = await context.tools.http.connect({ baseUrl: view.baseUrl })
  context.run.defer('connections to the connector', () => door.close())
  return { door, sharedToken, mayBeSet: mayBeSet(context) }
}

/** A process of the daemon listens on loopback only, which is this machine's if the daemon was reached there, too. */
function isHere(url: string): boolean {
  const host = hostOf(new URL(url))
  return host === 'localhost' || host === '::1' || host.startsWith('127.')
}

/** Which start of the process answers to this token. */
export async function instanceOf(context: CheckContext, token: Secret | undefined): Promise<string | undefined> {
  const { door } = context.values.get(connectorDoor)
  if (door === undefined || token === undefined) return undefined
  const answer = await askHealth(context, { door, sharedToken: token })
  return typeof answer === 'object' ? answer.instanceId : undefined
}

/** Sets the slot of the shared token, and waits for the process that the daemon starts with it. */
export async function setSharedToken(context: CheckContext, onSet = () => {}): Promise<TokenSet> {
  const { name, slot, status, view, leases: known } = context.values.get(connectorBefore)
  const next = context.values.get(newSecret)
  const { sharedToken } = context.values.get(connectorDoor)
  const instanceBefore = await instanceOf(context, sharedToken)
  // Whatever slots they are for: a process has one for all of them.
  const held = await heldLeases(context, known)
  const set = await setSlot(context, slot!, 'generic', next)
  if (set.exitCode === 0) onSet()
  const answering = set.exitCode === 0 ? await answeringAnew(context, next, instanceBefore) : undefined
  const fetches = view!.credentialKeys.length > 0 && view!.ownProcess && set.exitCode === 0
  const leasesAfter = fetches ? await untilOneLease(context, known, name) : []
  return { slot: slot!, set, changedBeforeMs: status!.updatedAtMs, ...held, instanceBefore, answering, leasesAfter }
}

/** Waits for a process that takes the token and is not the one of before; undefined where none is in reach. */
export async function answeringAnew(
  context: CheckContext,
  token: Secret,
  before: string | undefined,
): Promise<Answering | undefined> {
  const { door } = context.values.get(connectorDoor)
  if (door === undefined) return undefined
  const health = () => askHealth(context, { door, sharedToken: token })
  await becomes(context, async () => {
    const answer = await health()
    return typeof answer === 'object' && answer.status === 'ready' && answer.instanceId !== before
  })
  const seen = new Set<string>()
  let last = await health()
  for (let look = 0; look < LOOKS; look += 1) {
    if (typeof last === 'object') seen.add(last.instanceId)
    await delay(BETWEEN_LOOKS_MS, undefined, { signal: context.signal }).catch(() => {
      throw new RunproofError('INTERRUPTED', 'looking at the process of the connector was interrupted')
    })
    last = await health()
  }
  return typeof last === 'object'
    ? { instanceId: last.instanceId, status: last.status, seen: [...seen, last.instanceId].filter(unique) }
    : { instanceId: undefined, status: last ?? 'nothing listens', seen: [...seen] }
}

const unique = (value: string, index: number, all: readonly string[]) => all.indexOf(value) === index

/** Status of handing in no events at all with this token: nothing comes of it. */
export async function handInNothing(context: CheckContext, token: Secret): Promise<number> {
  const { name } = context.values.get(connectorBefore)
  const { paths, noEvents } = context.target.connectors
  return (await ask(context, paths.events(name), { bearer: token, body: noEvents })).status
}

/** Status of asking the process how it is with this token; undefined where it is out of reach. */
export async function askProcess(context: CheckContext, token: Secret): Promise<number | undefined> {
  const { door } = context.values.get(connectorDoor)
  if (door === undefined) return undefined
  const { health } = context.target.connectors.paths
  return (await door.request(health, { bearer: token, timeoutMs: 3_000, signal: context.signal })).status
}
