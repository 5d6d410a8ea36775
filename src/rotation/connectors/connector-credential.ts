import { join } from 'node:path'
import { client } from '../../daemon/client.ts'
import { randomSecret } from '../../daemon/random-secret.ts'
import { capture, keptCapture } from '../../model/capture.ts'
import type { CheckContext, Json } from '../../model/check.ts'
import type { RestartingConfiguration, Signing } from '../../model/connectors-api.ts'
import { RunproofError, toRunproofError } from '../../model/error.ts'
import type { StepContext } from '../../model/runbook.ts'
import { Secret, SHORTEST_SECRET } from '../../model/secret.ts'
import {
  becomes,
  postWebhook,
  ROUTES_SLOT,
  routesWith,
  sidecar,
  sidecarSetup,
  untilOneLease,
} from '../../suite/sidecar.ts'
import { newSecret, takeNewSecret } from '../new-secret.ts'
import { heldLeases, type SlotSet, setSlot } from '../slots/slot.ts'
import { answeringAnew, connectorBefore, connectorDoor, instanceOf, type Restarted } from './connector.ts'

/** How webhooks of one route were signed, and how they are. */
export interface Signatures {
  /** Undefined where the value holds no route that is signed. */
  readonly now: { readonly signing: Signing; readonly secret: Secret } | undefined
  /** Undefined where the old value was not given, or does not have that route. */
  readonly before: { readonly signing: Signing; readonly secret: Secret } | undefined
}
export const signatures = capture<Signatures>('signatures', 'how webhooks are signed with the old and the new value')

export const connectorSetup = capture<RestartingConfiguration>(
  'connector-configuration',
  'the whole configuration of the connector',
)

export const credentialSet = keptCapture<SlotSet>('credential-set', 'how the credential was replaced')
export const restarted = keptCapture<Restarted>('restarted', 'how the process was started anew')

/** The credential of the connector that is made to be rotated. */
export const OWN_CREDENTIAL_SLOT = ROUTES_SLOT

/** Takes the new value; on a daemon of its own one that its connector can read. */
export function takeNewCredential(context: StepContext): void {
  if (context.values.find(sidecar) === undefined) {
    takeNewSecret(context)
    return
  }
  context.set(newSecret, routesWith(context, randomSecret('new')))
}

/** @param old - the value of before, where the operator gave it */
export function signaturesOf(context: StepContext, old: Secret | undefined): Signatures {
  const own = context.values.find(sidecar)
  const before = own === undefined ? old : routesWith(context, own.secret)
  if (old !== undefined) context.protect(old)
  const signings = (value: Secret | undefined) =>
    value === undefined ? [] : context.target.connectors.signings(value.reveal())
  const [now] = signings(context.values.get(newSecret))
  const then = signings(before).find(({ route, secret }) => route === now?.route && secret.length >= SHORTEST_SECRET)
  const protectedSecret = (name: string, signing: Signing) => {
    const secret = new Secret(name, signing.secret)
    context.protect(secret)
    return { signing, secret }
  }
  return {
    now: now === undefined ? undefined : protectedSecret('new-signing-secret', now),
    before: then === undefined ? undefined : protectedSecret('old-signing-secret', then),
  }
}

/**
 * The whole configuration, from the operator's file: the daemon shows neither values nor slots of it.
 *
 * @throws RunproofError FILE_UNREADABLE, ANSWER_MALFORMED, PARAM_INVALID
 */
export async function configurationOf(context: StepContext): Promise<RestartingConfiguration> {
  const generation = context.run.runId
  const own = context.values.find(sidecar)
  const file = context.params['connector-file']
  const given = own === undefined ? await context.tools.files.readJson(file!) : sidecarSetup(context, own.port, 'first')
  return context.target.connectors.restarting(given as Json, generation)
}

export async function setCredential(context: CheckContext): Promise<SlotSet> {
  const { slot, status, leases: known } = context.values.get(connectorBefore)
  const held = await heldLeases(context, known, slot)
  const set = await setSlot(context, slot!, 'generic', context.values.get(newSecret))
  return { slot: slot!, set, changedBeforeMs: status!.updatedAtMs, ...held }
}

/** Puts the connector again with another value of a variable that nobody reads, and waits for the new process. */
export async function restartProcess(context: CheckContext, put: () => Promise<Restarted['put']>): Promise<Restarted> {
  const { name, leases, view } = context.values.get(connectorBefore)
  const { sharedToken } = context.values.get(connectorDoor)
  const instanceBefore = await instanceOf(context, sharedToken)
  const done = await put()
  const fetches = view!.credentialKeys.length > 0 && done?.exitCode === 0
  const leasesAfter = fetches ? await untilOneLease(context, leases, name) : []
  const answering = sharedToken === undefined ? undefined : await answeringAnew(context, sharedToken, instanceBefore)
  if (answering === undefined) await listens(context)
  return { instanceBefore, answering, leases, leasesAfter, ...(done === undefined ? {} : { put: done }) }
}

/** Words that put a configuration which names slots only. */
export function putOnLine(context: CheckContext): () => Promise<Restarted['put']> {
  const { configuration } = context.values.get(connectorSetup)
  return () => put(context, ['--json', JSON.stringify(configuration)])
}

/** The operator's configuration may hold values: it goes by a file that only we may read, and that is removed. */
export function putByFile(context: StepContext): () => Promise<Restarted['put']> {
  const { configuration } = context.values.get(connectorSetup)
  const file = join(context.run.scratchDir, 'connector.json')
  return async () => {
    await context.tools.files.write(file, JSON.stringify(configuration), 0o600)
    try {
      return await put(context, ['--file', file])
    } finally {
      await context.tools.files.remove(file)
    }
  }
}

function put(context: CheckContext, source: readonly string[]) {
  const { kind, read } = context.target.connectors
  const { name } = context.values.get(connectorBefore)
  return client(context, ['connectors', `put-${kind}`, name, ...source], read.connector)
}

export interface WebhookAnswer {
  /** 0 where nothing listens. */
  readonly status: number
  readonly verdict: string
}

/** What a webhook is answered that is signed so. @throws RunproofError INTERNAL where the process is out of reach */
export async function tryWebhook(
  context: CheckContext,
  { signing, secret }: { readonly signing: Signing; readonly secret: Secret },
): Promise<WebhookAnswer> {
  const { door } = context.values.get(connectorDoor)
  if (door === undefined) throw new RunproofError('INTERNAL', 'a process that is out of reach is sent a webhook')
  try {
    return await postWebhook(context, { door }, secret, signing)
  } catch (thrown) {
    if (toRunproofError(thrown).code !== 'TARGET_UNREACHABLE') throw thrown
    return { status: 0, verdict: 'nothing listens' }
  }
}

/** Waits until the new process judges signatures, whose token is not known to us; the old one may be answering for a moment. */
async function listens(context: CheckContext): Promise<void> {
  const { now, before } = context.values.get(signatures)
  if (now === undefined || context.values.get(connectorDoor).door === undefined) return
  const stranger = { signing: now.signing, secret: randomSecret('secret-of-nobody') }
  await becomes(context, async () =>
    now.signing.takesNoneOfOurs
      ? (await tryWebhook(context, now)).status === 200
      : (await tryWebhook(context, before ?? stranger)).status === 401,
  )
}
