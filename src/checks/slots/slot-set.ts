import { withProxy } from '../../daemon/break.ts'
import { type Ran, refused } from '../../daemon/client.ts'
import type { LeaseView } from '../../model/access-api.ts'
import type { Capture } from '../../model/capture.ts'
import {
  type Check,
  type CheckContext,
  defineCheck,
  failed,
  passed,
  type SubjectCounterproof,
} from '../../model/check.ts'
import type { SlotView } from '../../model/target.ts'
import { knownLeases, type SlotChange, type SlotSet, slotChangedAtMs } from '../../rotation/slots/slot.ts'
import { notRevoked, shownMembers } from './leases-revoked.ts'

interface Changed {
  readonly set: Ran<SlotView>
  readonly slot: string
  readonly beforeMs: number
  /** As the daemon tells it now. */
  readonly nowMs: number | undefined
}

/** The slot says itself that it was changed: a client that printed success is no evidence. */
export function slotNewer(of: Capture<SlotChange>): Check<Changed> {
  return defineCheck<Changed>({
    id: 'slot-newer',
    title: 'The slot says that it was changed, later than before, and by nobody else since',

    async probe(context) {
      const { slot, set, changedBeforeMs } = context.values.get(of)
      return { slot, set, beforeMs: changedBeforeMs, nowMs: await slotChangedAtMs(context, slot) }
    },

    judge({ set, slot, beforeMs, nowMs }) {
      if (set.exitCode !== 0 || set.view === undefined) return refused('secrets set', set)
      if (set.view.id !== slot) return failed('another slot was set', { expected: slot, actual: set.view.id })
      if (nowMs === undefined) return failed(`there is no slot ${slot} any more`)
      const actual = new Date(nowMs).toISOString()
      if (nowMs <= beforeMs)
        return failed('the slot has not changed', {
          expected: `later than ${new Date(beforeMs).toISOString()}`,
          actual,
        })
      const expected = new Date(set.view.updatedAtMs).toISOString()
      return nowMs === set.view.updatedAtMs
        ? passed({ actual: { slot, changedAt: actual } })
        : failed('the slot was set once more, by somebody else: which value it holds is not known', {
            expected,
            actual,
          })
    },

    counterproofs: [
      {
        id: 'other-slot',
        breaks: 'another slot was set',
        because: /another slot/,
        observation: ({ set, ...rest }) => ({ ...rest, set: { ...set, view: { ...set.view!, id: 'other.slot' } } }),
      },
      {
        id: 'set-again',
        breaks: 'somebody else sets it a moment later',
        because: /by somebody else/,
        observation: seen => ({ ...seen, nowMs: seen.nowMs! + 1 }),
      },
      {
        id: 'as-before',
        breaks: 'the daemon says that the slot was changed when it was before',
        because: /has not changed/,
        subject: (context, scope) => {
          const { changedBeforeMs } = context.values.get(of)
          return withProxy(context, scope, {
            rewriteBody: (_, text) => text.replace(/"updated_at_ms":\d+/, `"updated_at_ms":${changedBeforeMs}`),
          })
        },
      },
    ],
  })
}

export interface Dead {
  readonly held: readonly string[]
  /** Whether time enough has passed for the daemon to forget them. */
  readonly mayBeForgotten: boolean
  readonly leases: readonly LeaseView[]
  readonly shown: readonly string[]
}

/**
 * Leases on the old value that were good right before are dead, one by one. A daemon that has forgotten one says as much.
 *
 * @param why - why there were none, where there were none
 */
export function oldLeasesDead(
  of: Capture<SlotSet>,
  why: (context: CheckContext) => string = () => 'no lease on the slot was good any more when it was set',
  broken: readonly SubjectCounterproof[] = [],
): Check<Dead> {
  return defineCheck<Dead>({
    id: 'old-leases-dead',
    title: 'Every lease on the old value that was good before is dead, and shows no digest',

    untested: context => (context.values.get(of).leases.length > 0 ? undefined : why(context)),

    async probe(context) {
      const { leases: held, goodUntilMs } = context.values.get(of)
      const leases = await knownLeases(context, held)
      const mayBeForgotten = context.tools.clock.now().getTime() >= goodUntilMs
      return { held, leases, mayBeForgotten, shown: shownMembers(context, leases) }
    },

    judge: judgeDead,

    counterproofs: [
      {
        id: 'none-held',
        breaks: 'no lease was good before',
        because: /no lease was good before/,
        observation: seen => ({ ...seen, held: [], leases: [] }),
      },
      {
        id: 'all-forgotten',
        breaks: 'the daemon knows none of them any more, before their time',
        because: /knows none/,
        observation: seen => ({ ...seen, leases: [], mayBeForgotten: false }),
      },
      {
        id: 'old-digest',
        breaks: 'a dead lease shows a digest',
        because: /shows token_digest/,
        observation: seen => ({ ...seen, shown: ['token_digest'] }),
      },
      {
        id: 'still-good',
        breaks: 'the daemon calls a lease on the old value good',
        because: /active: true/,
        subject: (context, scope) =>
          withProxy(context, scope, { rewriteBody: (_, text) => text.replace('"active":false', '"active":true') }),
      },
      ...broken,
    ],
  })
}

export function judgeDead({ held, leases, mayBeForgotten, shown }: Dead) {
  if (held.length === 0) return failed('no lease was good before, so nothing was revoked')
  // One that it does not know any more opens nothing; that it knows none at all says more of the answers than of the leases.
  if (leases.length === 0 && !mayBeForgotten)
    return failed('the daemon knows none of the leases of before, although none has run out', { actual: [...held] })
  const alive = leases.length === 0 ? undefined : notRevoked(leases, shown)
  return alive === undefined
    ? passed({ actual: { held: held.length, dead: leases.length, forgotten: held.length - leases.length } })
    : failed(alive)
}
