import { type Ran, refused } from '../../daemon/client.ts'
import { changed, defineCheck, failed, passed } from '../../model/check.ts'
import { Secret } from '../../model/secret.ts'
import { newSecret } from '../../rotation/new-secret.ts'
import { whyNoKey } from '../../rotation/slots/key-rules.ts'
import { CANARY_SESSION, containment, keySet, type RouteKey, routeKey } from '../../rotation/slots/route-key.ts'
import { knownLeases } from '../../rotation/slots/slot.ts'
import { routeCredential } from '../../suite/live-recipe.ts'
import { withoutProvider } from '../../suite/provider.ts'
import { shownMembers } from './leases-revoked.ts'
import { LIVE_LEASE } from './live-lease.ts'
import { refusesRun, SLOT_REVOKED } from './revoked-refused.ts'
import { type Dead, judgeDead, oldLeasesDead, slotNewer } from './slot-set.ts'

/** The slot is there, and canaries have a route that reads it: without one nothing could be proven afterwards. */
export const slotRead = defineCheck<RouteKey>({
  id: 'slot-read',
  title: 'The slot is there, and a route reads it',

  probe: async ({ values }) => values.get(routeKey),

  judge({ slot, status, readers, route, exitCodes }) {
    if (status === undefined || status.id !== slot)
      return failed(`there is no slot ${slot}; nothing was written`, { actual: [...exitCodes] })
    if (readers.length === 0) return failed(`no route reads ${slot}; nothing was written`)
    if (route === undefined)
      return failed(`the route that was named does not read ${slot}; nothing was written`, {
        actual: readers.map(({ id }) => id),
      })
    return passed({ actual: { slot, readBy: readers.map(({ id }) => id), canariesThrough: route.id } })
  },

  counterproofs: [
    {
      id: 'slot-missing',
      breaks: 'there is no such slot',
      because: /there is no slot/,
      observation: seen => ({ ...seen, status: undefined }),
    },
    {
      id: 'nobody-reads',
      breaks: 'no route reads it',
      because: /no route reads/,
      observation: seen => ({ ...seen, readers: [], route: undefined }),
    },
    {
      id: 'other-route',
      breaks: 'the route that was named reads another slot',
      because: /does not read/,
      observation: seen => ({ ...seen, route: undefined }),
    },
  ],
})

interface KeySeen {
  readonly unfit: string | undefined
  readonly generated: boolean
  /** The provider is a fixture, which is told of any key. */
  readonly isRehearsal: boolean
}

/** What is wrong with a key is found before the slot is touched: setting it takes the old one away for ever. */
export const newKeyFits = defineCheck<KeySeen>({
  id: 'new-key-fits',
  title: 'The new key is one word, not the old one where that is known, and the provider can know it',

  async probe(context) {
    const { values } = context
    const next = values.get(newSecret)
    return {
      unfit: whyNoKey(next, values.find(routeCredential)),
      generated: next.generated,
      isRehearsal: withoutProvider(context) === undefined,
    }
  },

  judge({ unfit, generated, isRehearsal }) {
    if (unfit !== undefined) return failed(`the new key is refused: ${unfit}; it was not set`)
    return generated && !isRehearsal
      ? failed(
          'the new key was generated here, and the provider cannot know it: give the one it issued; it was not set',
        )
      : passed({ actual: { generated } })
  },

  counterproofs: [
    {
      id: 'generated',
      breaks: 'the key was generated here, for a provider of the world',
      because: /cannot know it/,
      observation: seen => ({ ...seen, generated: true, isRehearsal: false }),
    },
    {
      id: 'two-lines',
      breaks: 'the new key has a line break in it',
      because: /line break/,
      subject: async context =>
        changed(context, { values: context.values.with(newSecret, new Secret('new', 'two\nlines-of-a-file')) }),
    },
    {
      id: 'same-key',
      breaks: 'the new key is the old one',
      because: /it is to replace/,
      subject: async context =>
        changed(context, { values: context.values.with(newSecret, context.values.get(routeCredential)) }),
    },
  ],
})

/** A lease may have run out before the slot was set; a containment revokes them all before. */
export const keyChanged = slotNewer(keySet)
export const keyLeasesDead = oldLeasesDead(keySet, ({ values }) =>
  values.find(containment) === undefined
    ? 'no lease on the slot was good any more when it was set'
    : 'the containment had revoked them before',
)

interface Contained extends Dead {
  readonly slot: string
  readonly printed: Ran<{ readonly slotId: string; readonly revokedLeases: number }>
}

/** The revocation took every lease along that we knew of, and counted them. */
export const slotContained = defineCheck<Contained>({
  id: 'slot-contained',
  title: 'Revoking the slot kills the leases on it, and counts at least those that we knew',

  async probe(context) {
    const contained = context.values.get(containment)
    const leases = await knownLeases(context, contained.leases)
    const { slot, printed, leases: held, goodUntilMs } = contained
    const mayBeForgotten = context.tools.clock.now().getTime() >= goodUntilMs
    return { slot, printed, held, leases, mayBeForgotten, shown: shownMembers(context, leases) }
  },

  judge({ slot, printed, held, leases, mayBeForgotten, shown }) {
    const { exitCode, view } = printed
    if (exitCode !== 0 || view === undefined) return refused('runtime auth revoke-slot', printed)
    if (view.slotId !== slot) return failed('another slot was revoked', { expected: slot, actual: view.slotId })
    if (view.revokedLeases < held.length)
      return failed(`the answer counts ${view.revokedLeases} leases`, { expected: held.length })
    if (held.length === 0) return passed({ actual: { slot, revokedLeases: view.revokedLeases } })
    const judgement = judgeDead({ held, leases, mayBeForgotten, shown })
    return judgement.outcome === 'failed'
      ? judgement
      : passed({ actual: { slot, revokedLeases: view.revokedLeases, known: held.length } })
  },

  counterproofs: [
    {
      id: 'contained-other',
      breaks: 'another slot is answered for',
      because: /another slot/,
      observation: ({ printed, ...rest }) => ({
        ...rest,
        printed: { ...printed, view: { ...printed.view!, slotId: 'other.slot' } },
      }),
    },
    {
      id: 'contained-uncounted',
      breaks: 'a lease that was good before is not counted',
      because: /counts 0 leases/,
      observation: ({ printed, ...rest }) => ({
        ...rest,
        held: ['a-lease'],
        printed: { ...printed, view: { ...printed.view!, revokedLeases: 0 } },
      }),
    },
    {
      id: 'contained-alive',
      breaks: 'a lease that was good before still is',
      because: /active: true/,
      observation: ({ printed, ...rest }) => ({
        ...rest,
        held: ['a-lease'],
        leases: [LIVE_LEASE],
        printed: { ...printed, view: { ...printed.view!, revokedLeases: 1 } },
      }),
    },
  ],
})

export const containedRefuses = refusesRun({
  id: 'contained-refuses',
  title: 'A run that needs the revoked slot gets no key, although every light is green',
  sessionOf: () => CANARY_SESSION,
  routeOf: ({ values }) => values.get(routeKey).route!.id,
  says: SLOT_REVOKED,
})
