import { withBrokenDaemon, withProxy } from '../daemon/break.ts'
import { type Ran, refused } from '../daemon/client.ts'
import { randomSecret } from '../daemon/random-secret.ts'
import type { LeaseView } from '../model/access-api.ts'
import { type CheckContext, changed, defineCheck, failed, type Json, passed } from '../model/check.ts'
import { ask, askFor } from '../suite/ask.ts'
import { asAdmin, readLeases, readSubject } from '../suite/revocations.ts'
import {
  becomes,
  CONNECTOR,
  containedSidecar,
  containSidecar,
  postWebhook,
  removedSidecar,
  rotatedSidecar,
  rotateSidecar,
  SIDECAR_SLOTS,
  sidecar,
  sidecarHealth,
  startSidecar,
  type Work,
  workSoFar,
} from '../suite/sidecar.ts'
import { judgeSlot, notRevoked, shownMembers } from './leases-revoked.ts'
import { withoutFaults } from './without-faults.ts'

interface Started {
  readonly ran: readonly Ran<unknown>[]
  readonly credentialKeys: readonly string[]
  /** Names of secrets whose value stands in the connector's view. */
  readonly shown: readonly string[]
  readonly health: string | undefined
  /** Status of asking for its health without the token. */
  readonly unauthorized: number
}

/** The daemon keeps a process of ours running, which fetched its own credential, and nothing shows a value. */
export const sidecarStarted = defineCheck<Started>({
  id: 'sidecar-started',
  title: 'The sidecar is ready, asks for its token, and no view shows a value that it was given',
  covers: ['7.3/29', '7.3/30', '7.3/31', '9.A/19', '9.A/20', '9.A/21'],
  needs: ['admin-token', 'binary', 'host-files'],

  async probe(context) {
    const made = context.values.get(sidecar)
    const { paths, read } = context.target.connectors
    const view = await askFor(context, paths.connector(CONNECTOR), read.connector)
    const secrets = [made.sharedToken, made.secret]
    return {
      ran: [...made.sets, made.put],
      credentialKeys: view.credentialKeys,
      shown: secrets.filter(secret => view.text.includes(secret.reveal())).map(({ name }) => name),
      health: await sidecarHealth(context, made),
      unauthorized: (await made.door.request(paths.health, { signal: context.signal })).status,
    }
  },

  judge({ ran, credentialKeys, shown, health, unauthorized }) {
    const wrong = ran.find(({ exitCode }) => exitCode !== 0)
    if (wrong !== undefined) return refused('storing its slots or putting it', wrong)
    if (shown.length > 0) return failed(`the view of the connector shows ${shown.join(', ')}`)
    if (credentialKeys.length !== 1) return failed('the connector names no credential', { actual: [...credentialKeys] })
    if (health !== 'ready') return failed('the sidecar is not ready', { expected: 'ready', actual: health ?? null })
    return unauthorized === 401
      ? passed({ actual: { health } })
      : failed('the sidecar answers without its token', { expected: 401, actual: unauthorized })
  },

  counterproofs: [
    {
      id: 'sidecar-degraded',
      breaks: 'the sidecar has no routes',
      because: /not ready/,
      observation: observed => ({ ...observed, health: 'degraded' }),
    },
    {
      id: 'sidecar-open',
      breaks: 'the sidecar answers everybody',
      because: /without its token/,
      observation: observed => ({ ...observed, unauthorized: 200 }),
    },
    {
      id: 'value-shown',
      breaks: 'the view of the connector shows the secret of its webhooks',
      because: /shows webhook-secret/,
      subject: (context, scope) => {
        const value = context.values.get(sidecar).secret.reveal()
        return withProxy(context, scope, {
          rewriteBody: (_, text) => text.replace('"name"', `"secret":"${value}","name"`),
        })
      },
    },
  ],
})

interface Leased {
  readonly leases: readonly LeaseView[]
  readonly shown: readonly string[]
}

/** The process holds exactly one lease, and nothing shows what it is proven by. */
export const sidecarLeased = defineCheck<Leased>({
  id: 'sidecar-leased',
  title: 'The sidecar holds exactly one good lease, and its digest is shown nowhere',
  covers: ['7.3/32', '9.A/22'],
  needs: ['admin-token', 'binary', 'host-files'],

  async probe(context) {
    const { access } = context.target
    const subject = await readSubject(context, access.connectorSubject(CONNECTOR))
    const leases = await readLeases(context, subject.leases.connector)
    return { leases, shown: shownMembers(context, leases) }
  },

  judge({ leases, shown }) {
    const [only] = leases
    if (only === undefined || leases.length > 1) return failed(`${leases.length} leases are good`, { expected: 1 })
    if (only.revoked || !only.active) return failed('a lease is listed as good and is not')
    return shown.length === 0 ? passed({ actual: only.id }) : failed(`a lease shows ${shown.join(', ')}`)
  },

  counterproofs: [
    {
      id: 'no-lease',
      breaks: 'no lease is good',
      because: /0 leases/,
      observation: observed => ({ ...observed, leases: [] }),
    },
    {
      id: 'lease-dead',
      breaks: 'the lease is no good',
      because: /is not/,
      subject: (context, scope) =>
        withProxy(context, scope, { rewriteBody: (_, text) => text.replace('"active":true', '"active":false') }),
    },
    {
      id: 'lease-digest-shown',
      breaks: 'the lease shows the digest of its token',
      because: /shows token_digest/,
      subject: (context, scope) =>
        withProxy(context, scope, {
          rewriteBody: (_, text) => text.replace('"subject_epoch"', '"token_digest":"x","subject_epoch"'),
        }),
    },
  ],
})

type Verdict = Awaited<ReturnType<typeof postWebhook>>

interface Signed {
  readonly right: Verdict
  readonly wrong: Verdict
}

/** A webhook counts when it is signed with the secret, and not otherwise. */
export const webhookSigned = defineCheck<Signed>({
  id: 'webhook-signed',
  title: 'A webhook that is signed with the secret is taken, one that is signed with another is refused',
  covers: ['7.3/33', '9.A/23'],
  needs: ['admin-token', 'binary', 'host-files'],

  async probe(context) {
    const made = context.values.get(sidecar)
    return {
      right: await postWebhook(context, made, made.secret),
      wrong: await postWebhook(context, made, randomSecret('webhook-secret-of-nobody')),
    }
  },

  judge: ({ right, wrong }) => judgeSignatures(right, wrong),

  counterproofs: [
    {
      id: 'any-signature',
      breaks: 'any signature is taken',
      because: /was taken/,
      observation: observed => ({ ...observed, wrong: observed.right }),
    },
    {
      id: 'other-secret',
      breaks: 'the webhook is signed with another secret than the one that was stored',
      because: /was refused/,
      subject: async context => {
        const made = context.values.get(sidecar)
        return changed(context, {
          values: context.values.with(sidecar, { ...made, secret: randomSecret('webhook-secret-of-nobody') }),
        })
      },
    },
  ],
})

const IGNORED: Verdict = { status: 200, verdict: 'ignored' }
const INVALID: Verdict = { status: 401, verdict: 'invalid signature' }

function judgeSignatures(right: Verdict, wrong: Verdict) {
  if (right.status !== IGNORED.status || right.verdict !== IGNORED.verdict)
    return failed('a webhook with the right signature was refused', { expected: { ...IGNORED }, actual: { ...right } })
  return wrong.status === INVALID.status && wrong.verdict === INVALID.verdict
    ? passed({ expected: { ...INVALID }, actual: { ...wrong } })
    : failed('a webhook with the wrong signature was taken', { expected: { ...INVALID }, actual: { ...wrong } })
}

interface Overwritten {
  readonly set: Ran<unknown>
  readonly lease: LeaseView
  readonly shown: readonly string[]
}

/** Storing another value ends the leases on the old one, before anybody starts anything anew. */
export const oldLeaseDead = defineCheck<Overwritten>({
  id: 'old-lease-dead',
  title: 'Overwriting the secret kills the lease on the old value at once',
  covers: ['7.3/34', '7.3/35', '9.A/24', '9.A/25'],
  needs: ['admin-token', 'binary', 'host-files'],

  async probe(context) {
    const { set, oldLease } = context.values.get(rotatedSidecar)
    return { set, lease: oldLease, shown: shownMembers(context, [oldLease]) }
  },

  judge({ set, lease, shown }) {
    if (set.exitCode !== 0) return refused('secrets set', set)
    const alive = notRevoked([lease], shown)
    return alive === undefined ? passed({ actual: lease.id }) : failed(alive)
  },

  counterproofs: [
    {
      id: 'old-digest-shown',
      breaks: 'the dead lease shows a digest',
      because: /shows token_digest/,
      observation: observed => ({ ...observed, shown: ['token_digest'] }),
    },
    {
      id: 'old-lease-stays',
      breaks: 'a daemon overwrites the slot and leaves the leases on it alone',
      because: /active: true/,
      cost: { instances: 1 },
      unavailable: withoutFaults,
      subject: (context, scope) => rotatedOn(context, scope, 'old-lease-stays-active'),
    },
  ],
})

interface Replaced {
  readonly put: Ran<unknown>
  readonly oldLeases: readonly string[]
  readonly leases: readonly string[]
  readonly withOld: Verdict
  readonly withNew: Verdict
}

/** The process that was started anew has a lease of its own and knows the new secret only. */
export const sidecarRotated = defineCheck<Replaced>({
  id: 'sidecar-rotated',
  title: 'After a restart another lease is good, the old signature is refused and the new one taken',
  covers: ['7.3/36', '7.3/37', '7.3/38', '9.A/26', '9.A/27', '9.A/28', '9.A/29'],
  needs: ['admin-token', 'binary', 'host-files'],

  async probe(context) {
    const first = context.values.get(sidecar)
    const { put, leases, secret } = context.values.get(rotatedSidecar)
    // Settled together: with one process, what one of them is answered cannot be of another time than the other.
    const [withOld, withNew] = await Promise.all([
      postWebhook(context, first, first.secret),
      postWebhook(context, first, secret),
    ])
    return { put, oldLeases: first.leases, leases, withOld, withNew }
  },

  judge({ put, oldLeases, leases, withOld, withNew }) {
    if (put.exitCode !== 0) return refused('putting the connector again', put)
    if (leases.length !== 1) return failed(`${leases.length} leases are good`, { expected: 1 })
    const kept = leases.find(id => oldLeases.includes(id))
    if (kept !== undefined) return failed('the lease is the one of before', { actual: kept })
    return judgeSignatures(withNew, withOld)
  },

  counterproofs: [
    {
      id: 'same-lease',
      breaks: 'the lease is still the one of before',
      because: /the one of before/,
      observation: observed => ({ ...observed, leases: observed.oldLeases }),
    },
    {
      id: 'new-refused',
      breaks: 'the new signature is refused',
      because: /right signature was refused/,
      observation: observed => ({ ...observed, withNew: INVALID }),
    },
    {
      id: 'old-signature',
      breaks: 'a daemon goes on handing out the old secret, so that the old signature stays good',
      because: /right signature was refused|wrong signature was taken/,
      cost: { instances: 1 },
      unavailable: withoutFaults,
      subject: (context, scope) => rotatedOn(context, scope, 'old-signature-accepted'),
    },
  ],
})

/** Another daemon with a fault, on which the same was done. */
async function rotatedOn(context: CheckContext, scope: AsyncDisposableStack, fault: string): Promise<CheckContext> {
  const broken = await withBrokenDaemon(context, scope, { extras: { faults: [fault] } })
  const made = await startSidecar(broken)
  const rotated = await rotateSidecar(broken, made)
  return changed(broken, { values: broken.values.with(sidecar, made).with(rotatedSidecar, rotated) })
}

interface Unmoved {
  readonly before: Work
  readonly after: Work
}

/** Webhooks that ask for nothing, and rotations, cost no run. */
export const noExtraRun = defineCheck<Unmoved>({
  id: 'no-extra-run',
  title: 'None of these webhooks made a run or reached the provider',
  covers: ['9.A/23'],
  needs: ['admin-token', 'binary', 'host-files'],

  probe: async context => ({ before: context.values.get(sidecar).workBefore, after: await workSoFar(context) }),

  judge({ before, after }) {
    const details = { expected: { ...before }, actual: { ...after } }
    if (after.runs !== before.runs) return failed('there are other runs than before', details)
    return after.providerRequests === before.providerRequests
      ? passed(details)
      : failed('the provider was asked', details)
  },

  counterproofs: [
    {
      id: 'provider-reached',
      breaks: 'the provider was asked meanwhile',
      because: /provider was asked/,
      observation: ({ before, after }) => ({
        before,
        after: { ...after, providerRequests: after.providerRequests + 1 },
      }),
    },
    {
      id: 'run-made',
      breaks: 'the daemon counts a run more',
      because: /other runs/,
      subject: (context, scope) =>
        withProxy(context, scope, {
          rewriteBody: (path, text) => {
            if (path !== context.target.http.status) return text
            const { runs } = context.values.get(sidecar).workBefore
            return text.replace(`"runs":{"total":${runs}`, `"runs":{"total":${runs + 1}`)
          },
        }),
    },
  ],
})

interface Contained {
  readonly slot: string
  readonly printed: Ran<{ readonly slotId: string; readonly revokedLeases: number }>
  readonly leases: readonly LeaseView[]
  readonly shown: readonly string[]
  readonly stopped: boolean
}

/** Revoking the slot ends the process that lives on it. */
export const sidecarContained = defineCheck<Contained>({
  id: 'sidecar-contained',
  title: 'Revoking the slot kills the sidecar’s lease, counts it, and stops the sidecar',
  covers: ['7.3/39', '9.A/30', '9.A/31'],
  needs: ['admin-token', 'binary', 'host-files'],

  async probe(context) {
    const { slot, printed } = context.values.get(containedSidecar)
    const leases = await readLeases(context, context.values.get(rotatedSidecar).leases)
    const made = context.values.get(sidecar)
    return {
      slot,
      printed,
      leases,
      shown: shownMembers(context, leases),
      stopped: await becomes(context, async () => (await sidecarHealth(context, made)) === undefined),
    }
  },

  judge({ slot, printed, leases, shown, stopped }) {
    const judgement = judgeSlot(slot, printed, leases, shown)
    if (judgement.outcome === 'failed') return judgement
    return stopped ? judgement : failed('the sidecar still answers')
  },

  counterproofs: [
    {
      id: 'contained-none',
      breaks: 'the answer counts no lease',
      because: /counts 0/,
      observation: ({ printed, ...rest }) => ({
        ...rest,
        printed: { ...printed, view: { ...printed.view!, revokedLeases: 0 } },
      }),
    },
    {
      id: 'contained-alive',
      breaks: 'the lease is still good',
      because: /active: true/,
      subject: (context, scope) =>
        withProxy(context, scope, { rewriteBody: (_, text) => text.replace('"active":false', '"active":true') }),
    },
    {
      id: 'sidecar-goes-on',
      breaks: 'a daemon revokes the slot and lets the sidecar go on',
      because: /still answers/,
      cost: { instances: 1 },
      deadlineMs: 1_500,
      unavailable: withoutFaults,
      subject: async (context, scope) => {
        const patient = changed(context, { deadlineMs: 15_000 })
        const broken = await withBrokenDaemon(patient, scope, { extras: { faults: ['revoke-keeps-connector'] } })
        const made = await startSidecar(broken)
        const values = broken.values
          .with(sidecar, made)
          .with(rotatedSidecar, { ...context.values.get(rotatedSidecar), leases: made.leases })
          .with(containedSidecar, await containSidecar(broken))
        return changed(broken, { values, deadlineMs: context.deadlineMs })
      },
    },
  ],
})

interface Removed {
  readonly connector: Ran<boolean>
  readonly slots: readonly { readonly id: string; readonly ran: Ran<boolean> }[]
  /** Status of asking for each afterwards. */
  readonly there: Readonly<Record<string, number>>
}

/** What the suite made is gone. That the connector went with the revocation already is as good. */
export const sidecarRemoved = defineCheck<Removed>({
  id: 'sidecar-removed',
  title: 'The connector and its slots can be deleted, and are gone then',
  covers: ['7.3/40', '7.3/41', '9.A/32', '9.A/33'],
  needs: ['admin-token', 'binary', 'host-files'],

  async probe(context) {
    const { connectors, access } = context.target
    const status = async (path: string) => (await ask(context, path, asAdmin(context))).status
    const there: Record<string, number> = { connector: await status(connectors.paths.connector(CONNECTOR)) }
    for (const id of SIDECAR_SLOTS) there[id] = await status(access.paths.slot(id))
    return { ...context.values.get(removedSidecar), there }
  },

  judge({ connector, slots, there }) {
    const goneBefore = connector.exitCode === 5
    if (!goneBefore && (connector.exitCode !== 0 || connector.view !== true))
      return refused('connectors delete', connector)
    for (const { id, ran } of slots) {
      if (ran.exitCode !== 0 || ran.view !== true) return refused(`secrets delete ${id}`, ran)
    }
    const left = Object.keys(there).filter(name => there[name] !== 404)
    return slots.length > 0 && left.length === 0
      ? passed({ actual: { connector: goneBefore ? 'gone with the revocation' : 'deleted', slots: slots.length } })
      : failed(`still there: ${left.join(', ')}`, { actual: there as Json })
  },

  counterproofs: [
    {
      id: 'slot-in-use',
      breaks: 'a slot is said to be still in use',
      because: /exit 6/,
      observation: observed => ({
        ...observed,
        slots: observed.slots.map(({ id, ran }) => ({ id, ran: { ...ran, exitCode: 6, view: undefined } })),
      }),
    },
    {
      id: 'connector-left',
      breaks: 'the connector is still there',
      because: /still there: connector/,
      subject: (context, scope) =>
        withProxy(context, scope, {
          answer: {
            status: 200,
            headers: { 'content-type': 'application/json' },
            body: '{}',
            paths: [context.target.connectors.paths.connector(CONNECTOR)],
          },
        }),
    },
  ],
})
