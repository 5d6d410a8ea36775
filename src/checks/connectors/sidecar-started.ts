import { withProxy } from '../../daemon/break.ts'
import { type Ran, refused } from '../../daemon/client.ts'
import { randomSecret } from '../../daemon/random-secret.ts'
import type { LeaseView } from '../../model/access-api.ts'
import { changed, defineCheck, failed, passed } from '../../model/check.ts'
import { askFor } from '../../suite/ask.ts'
import { readLeases, readSubject } from '../../suite/revocations.ts'
import { CONNECTOR, postWebhook, sidecar, sidecarHealth } from '../../suite/sidecar.ts'
import { shownMembers } from '../slots/leases-revoked.ts'

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

export type Verdict = Awaited<ReturnType<typeof postWebhook>>

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
export const INVALID: Verdict = { status: 401, verdict: 'invalid signature' }

export function judgeSignatures(right: Verdict, wrong: Verdict) {
  if (right.status !== IGNORED.status || right.verdict !== IGNORED.verdict)
    return failed('a webhook with the right signature was refused', { expected: { ...IGNORED }, actual: { ...right } })
  return wrong.status === INVALID.status && wrong.verdict === INVALID.verdict
    ? passed({ expected: { ...INVALID }, actual: { ...wrong } })
    : failed('a webhook with the wrong signature was taken', { expected: { ...INVALID }, actual: { ...wrong } })
}
