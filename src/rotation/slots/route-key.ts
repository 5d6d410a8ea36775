import { client, type Ran } from '../../daemon/client.ts'
import { ROUTE_SLOT } from '../../daemon/make-site.ts'
import { keptCapture } from '../../model/capture.ts'
import type { CheckContext } from '../../model/check.ts'
import { jsonAnswer } from '../../model/json-answer.ts'
import type { StepContext } from '../../model/runbook.ts'
import type { Secret } from '../../model/secret.ts'
import type { RouteView, SlotView } from '../../model/target.ts'
import { PROBE } from '../../suite/acts.ts'
import { ask, askFor } from '../../suite/ask.ts'
import { keySha256, routeCredential } from '../../suite/live-recipe.ts'
import { openSession } from '../../suite/probe-run.ts'
import { providerRequests, switchProvider, withoutProvider } from '../../suite/provider.ts'
import { type Attempted, attemptRun } from '../../suite/refused-runs.ts'
import { asAdmin } from '../../suite/revocations.ts'
import { newSecret } from '../new-secret.ts'
import { type Meanwhile, whileRunsGoOn } from './meanwhile.ts'
import { type GoodLeases, getSlot, goodLeases, heldLeases, type SlotSet, setSlot } from './slot.ts'

/** Sessions cannot be deleted, so it is the one that suites take on a running daemon. */
export const CANARY_SESSION = PROBE
/** Within which a run has to end. */
const CANARY_MS = 60_000

/** The slot that is rotated, and what reads it. */
export interface RouteKey {
  readonly slot: string
  /** Undefined where there is no such slot. */
  readonly status: SlotView | undefined
  /** All routes that read it. */
  readonly readers: readonly RouteView[]
  /** The one that canaries go through; undefined where none of them does. */
  readonly route: RouteView | undefined
  /** How the client was ended that was asked for the slot and for the routes. */
  readonly exitCodes: readonly (number | null)[]
}
export const routeKey = keptCapture<RouteKey>('route-key', 'the slot, and the route that canaries go through')

/** A run that was made to see which key works, and what the provider beside the daemon was shown for it. */
export interface Canary extends Attempted {
  /** Names of the keys, one for each request; undefined where the provider keeps no log for us. */
  readonly keys: readonly string[] | undefined
  /** Leases on the slot that were good after it. */
  readonly leases: readonly string[]
}
export const oldCanary = keptCapture<Canary>('old-canary', 'the run with the old key')
export const newCanary = keptCapture<Canary>('new-canary', 'the run with the new key')
export const lastCanary = keptCapture<Canary>('last-canary', 'the run after the old key was withdrawn')

/** A slot that was revoked before it is set. */
export interface Containment extends GoodLeases {
  readonly slot: string
  readonly printed: Ran<{ readonly slotId: string; readonly revokedLeases: number }>
}
export const containment = keptCapture<Containment>('containment', 'how the slot was revoked before it was set')

export interface KeySet extends SlotSet {
  /** Runs of ours that went on while it was set; undefined where none was submitted. */
  readonly meanwhile: Meanwhile | undefined
  readonly endedAt: string
}
export const keySet = keptCapture<KeySet>('key-set', 'how the new key was set')

/** What an operator would look at, and what is green also while a revocation blocks the slot. */
export interface Lights {
  readonly readiness: boolean
  readonly 'doctor routes --check-auth': boolean
  readonly 'secrets get': boolean
}

/** The slot, the routes that read it, and the one of them that canaries go through. */
export async function findRouteKey(context: CheckContext, slot: string, wanted: string | undefined): Promise<RouteKey> {
  const { paths, read } = context.target.runs
  const status = await getSlot(context, slot)
  const diagnosis = await client(context, ['doctor', 'routes', '--check-auth'], context.target.read.routes)
  const readers = (diagnosis.view?.routes ?? []).filter(route => route.slot === slot)
  const { activeRoute } = await askFor(context, paths.runtime, read.runtime)
  const route =
    wanted === undefined
      ? (readers.find(({ id }) => id === activeRoute) ?? readers[0])
      : readers.find(({ id }) => id === wanted)
  return { slot, status: status.view, readers, route, exitCodes: [status.exitCode, diagnosis.exitCode] }
}

/** Has the provider beside the daemon take both keys, and call each by its name; does nothing where there is none. */
export async function nameKeys(context: CheckContext): Promise<void> {
  if (withoutProvider(context) !== undefined) return
  const [old, next] = [context.values.get(routeCredential), context.values.get(newSecret)].map(keySha256)
  await switchProvider(context, { key_sha256: '', key_names: { [old!]: 'old', [next!]: 'new' } })
}

/** Submits a run through the route and waits for its end, whatever that is. @throws RunproofError TIMEOUT, ANSWER_MALFORMED */
export async function tryCanary(context: CheckContext): Promise<Canary> {
  const { slot, route } = context.values.get(routeKey)
  const { agentId } = await openSession(context, CANARY_SESSION)
  const before = (await loggedKeys(context))?.length
  const attempted = await attemptRun(context, CANARY_SESSION, CANARY_MS, route!.id)
  const keys = (await loggedKeys(context))?.slice(before)
  const leases = attempted.run === undefined ? [] : await leasesOf(context, agentId, slot)
  return { ...attempted, keys, leases }
}

/** What the provider beside the daemon was shown, request by request, or undefined where there is none. */
export async function loggedKeys(context: CheckContext, sinceMs = 0): Promise<readonly string[] | undefined> {
  if (withoutProvider(context) !== undefined) return undefined
  const requests = await providerRequests(context)
  return requests.filter(({ atMs }) => atMs >= sinceMs).map(({ key }) => key ?? 'unknown')
}

async function leasesOf(context: CheckContext, agentId: string, slot: string): Promise<readonly string[]> {
  const { paths, read, agentSubject } = context.target.access
  const path = paths.subject(agentSubject(agentId))
  const answer = await ask(context, path, asAdmin(context))
  // Nobody knows an agent that was never given anything.
  if (answer.status === 404) return []
  return goodLeases(context, read.subject(jsonAnswer(path, answer)).leases.route, slot)
}

export async function readLights(context: CheckContext): Promise<Lights> {
  const { http, read } = context.target
  const status = await askFor(context, http.status, read.status)
  const diagnosis = await client(context, ['doctor', 'routes', '--check-auth'], read.routes)
  const slot = await getSlot(context, context.values.get(routeKey).slot)
  return {
    readiness: status.activeRouteReady && status.routeErrorCount === 0,
    'doctor routes --check-auth': diagnosis.exitCode === 0 && diagnosis.view?.ok === true,
    'secrets get': slot.exitCode === 0,
  }
}

/** The slot, also where it could not be looked at: a diagnosis that fails keeps nobody from blocking it. */
export function slotNamed({ params, values }: CheckContext): string {
  return values.find(routeKey)?.slot ?? params['auth-ref'] ?? ROUTE_SLOT
}

export async function revokeRouteSlot(context: CheckContext, known: readonly string[]): Promise<Containment> {
  const slot = slotNamed(context)
  const held = await heldLeases(context, known, slot)
  const words = ['runtime', 'auth', 'revoke-slot', slot]
  return { slot, ...held, printed: await client(context, words, context.target.read.slotRevocation) }
}

/**
 * Sets the slot to the new key.
 *
 * @param known - leases that were good some time before
 * @param goOn - whether runs are submitted meanwhile
 */
export async function setRouteKey(
  context: StepContext,
  known: readonly string[],
  goOn: boolean,
  onSet: () => void,
): Promise<KeySet> {
  const { slot, status, route } = context.values.get(routeKey)
  const { organization, project } = context.params
  const options = [
    ...(organization === undefined ? [] : ['--organization', organization]),
    ...(project === undefined ? [] : ['--project', project]),
  ]
  const held = await heldLeases(context, known, slot)
  const work = async () => {
    const set = await setSlot(context, slot, route!.provider, keyOf(context), options)
    if (set.exitCode === 0) onSet()
    return set
  }
  const { result, meanwhile } = goOn
    ? await whileRunsGoOn(context, route!.id, work)
    : { result: await work(), meanwhile: undefined }
  const endedAt = context.tools.clock.now().toISOString()
  return { slot, set: result, changedBeforeMs: status!.updatedAtMs, ...held, meanwhile, endedAt }
}

export function keyOf({ values }: CheckContext): Secret {
  return values.get(newSecret)
}
