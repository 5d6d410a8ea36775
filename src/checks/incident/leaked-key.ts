import { withDaemon, withProxy } from '../../daemon/break.ts'
import { refused } from '../../daemon/client.ts'
import { startBroken } from '../../daemon/start-isolated.ts'
import { isolated } from '../../daemon/subjects.ts'
import { type Banned, banned } from '../../incident/scenarios/provider-key.ts'
import type { LeaseView, SubjectView } from '../../model/access-api.ts'
import { type CheckContext, defineCheck, failed, passed } from '../../model/check.ts'
import type { Secret } from '../../model/secret.ts'
import { newSecret } from '../../rotation/new-secret.ts'
import { knownLeases } from '../../rotation/slots/slot.ts'
import { startCompanion } from '../../suite/companion.ts'
import { keySha256, routeCredential } from '../../suite/live-recipe.ts'
import { PROVIDER } from '../../suite/own-recipe.ts'
import { withoutProvider } from '../../suite/provider.ts'
import { readSubject } from '../../suite/revocations.ts'
import { LIVE_LEASE } from '../slots/live-lease.ts'

/** HTTP status of the provider itself. */
interface AtProvider {
  readonly stolen: number
  readonly ours: number
}

/** Whoever has the stolen key goes to the provider and not to the daemon: revoking a slot does not stop them, the provider does. */
export const stolenKeyRefused = defineCheck<AtProvider>({
  id: 'stolen-key-refused',
  title: 'The provider itself refuses the stolen key, and takes the new one',
  untested: withoutProvider,

  async probe(context) {
    return {
      stolen: await showProvider(context, context.values.get(routeCredential)),
      ours: await showProvider(context, context.values.get(newSecret)),
    }
  },

  judge(seen) {
    const actual = { ...seen }
    if (seen.stolen !== 401)
      return failed(`the provider answers ${seen.stolen} to the stolen key: it still works, past the daemon`, {
        actual,
      })
    return seen.ours === 200
      ? passed({ actual })
      : failed(`the provider answers ${seen.ours} to the new key`, { actual })
  },

  counterproofs: [
    {
      id: 'nobody-served',
      breaks: 'the provider refuses every key',
      because: /to the new key/,
      observation: seen => ({ ...seen, ours: 401 }),
    },
    {
      id: 'not-revoked-there',
      breaks: 'on another daemon nobody revoked the key at its provider',
      because: /it still works, past the daemon/,
      cost: { instances: 1 },
      unavailable: withoutProvider,
      subject: async (context, scope) => {
        const key = keySha256(context.values.get(routeCredential))
        const other = await startBroken(context, scope, {
          beforeStart: inside => startCompanion(context, inside, PROVIDER, ['--key-sha256', key]),
        })
        return withDaemon(context, other)
      },
    },
  ],
})

async function showProvider(context: CheckContext, key: Secret): Promise<number> {
  const { status } = await context.values
    .get(isolated)
    .instance.through(PROVIDER)
    .request('/v1/responses', {
      method: 'POST',
      body: '{"model":"model-x","input":"hello"}',
      headers: { 'content-type': 'application/json' },
      bearer: key,
    })
  return status
}

interface Gone extends Banned {
  readonly after: SubjectView
  readonly leases: readonly LeaseView[]
}

/** Revoked for ever, and with it whatever it held. */
export const subjectBanned = defineCheck<Gone>({
  id: 'subject-banned',
  title: 'The subject is known as revoked, in a newer epoch, and holds nothing',

  async probe(context) {
    const { before, printed } = context.values.get(banned)
    const leases = await knownLeases(context, Object.values(before.leases).flat())
    return { before, printed, after: await readSubject(context, before.id), leases }
  },

  judge({ before, printed, after, leases }) {
    if (printed.exitCode !== 0) return refused('runtime auth revoke-subject', printed)
    if (!after.revoked) return failed(`${after.id} is not revoked`)
    if (after.epoch <= before.epoch) return failed(`${after.id} is in epoch ${after.epoch}, as before`)
    const held = Object.values(after.leases).flat().length
    if (held > 0) return failed(`${after.id} is revoked, and still lists ${held} leases`)
    const alive = leases.find(({ active }) => active)
    return alive === undefined
      ? passed({ actual: { subject: after.id, epoch: after.epoch, dead: leases.length } })
      : failed(`lease ${alive.id} is still good`)
  },

  counterproofs: [
    {
      id: 'not-revoked',
      breaks: 'the daemon answers with success and does nothing',
      because: /is not revoked/,
      observation: seen => ({ ...seen, after: { ...seen.after, revoked: false } }),
    },
    {
      id: 'same-epoch',
      breaks: 'its epoch is the one of before',
      because: /as before/,
      observation: seen => ({ ...seen, after: { ...seen.after, epoch: seen.before.epoch } }),
    },
    {
      id: 'lease-alive',
      breaks: 'a lease that it held is still good',
      because: /is still good/,
      observation: seen => ({
        ...seen,
        leases: [{ ...LIVE_LEASE, subjectId: seen.after.id }],
      }),
    },
    {
      id: 'other-view',
      breaks: 'the daemon goes on telling of it as before',
      because: /is not revoked/,
      subject: (context, scope) =>
        withProxy(context, scope, { rewriteBody: (_, text) => text.replace('"revoked":true', '"revoked":false') }),
    },
  ],
})
