import { withProxy } from '../../daemon/break.ts'
import { type Ran, refused } from '../../daemon/client.ts'
import type { LeaseView, SubjectView } from '../../model/access-api.ts'
import { type CheckContext, changed, defineCheck, failed, type Judgement, passed } from '../../model/check.ts'
import {
  holdLeases,
  readLeases,
  readSubject,
  revokeSubject,
  type SlotRevocation,
  type SubjectRevocation,
  slotRevocation,
  subjectRevocation,
} from '../../suite/revocations.ts'

const RUN_MS = 15_000

interface Revoked {
  readonly before: SubjectView
  /** Those that were good before, as they are now. */
  readonly leases: readonly LeaseView[]
  readonly shown: readonly string[]
}

/** Why leases that were good are not dead now, or undefined. None that was good proves nothing. */
export function notRevoked(leases: readonly LeaseView[], shown: readonly string[]): string | undefined {
  if (leases.length === 0) return 'no lease was good before, so nothing was revoked'
  const alive = leases.find(({ revoked, active }) => !revoked || active)
  if (alive !== undefined) return `lease ${alive.id} is revoked: ${alive.revoked}, active: ${alive.active}`
  return shown.length === 0 ? undefined : `a lease shows ${shown.join(', ')}`
}

/** Members of leases that should be nobody's business. */
export function shownMembers({ target }: CheckContext, leases: readonly LeaseView[]): readonly string[] {
  return leases.flatMap(({ memberNames }) => memberNames.filter(name => target.access.hidden.test(name)))
}

interface OfSubject extends Revoked {
  readonly printed: Ran<SubjectView>
  readonly after: SubjectView
}

/** An agent that was revoked holds nothing any more: each lease that was good before is dead, one by one. */
export const subjectRevoked = defineCheck<OfSubject>({
  id: 'subject-revoked',
  title: 'A revoked agent is known as revoked, and every lease it held is dead',
  covers: ['7.3/27', '9.A/17'],

  async probe(context) {
    const { subject: before, printed } = context.values.get(subjectRevocation)
    const leases = await readLeases(context, before.leases.route)
    return {
      before,
      printed,
      after: await readSubject(context, before.id),
      leases,
      shown: shownMembers(context, leases),
    }
  },

  judge({ before, printed, after, leases, shown }) {
    const { exitCode, view } = printed
    if (exitCode !== 0 || view === undefined) return refused('runtime auth revoke-subject', printed)
    const alive = notRevoked(leases, shown)
    if (alive !== undefined) return failed(alive)
    for (const [who, subject] of [
      ['the client', view],
      ['the daemon', after],
    ] as const) {
      const wrong = notGone(subject, before)
      if (wrong !== undefined) return failed(`${who} says ${wrong}`, { actual: { ...subject.leases } })
    }
    return passed({ actual: { subject: after.id, epoch: after.epoch, leases: leases.length } })
  },

  counterproofs: [
    {
      id: 'no-lease-before',
      breaks: 'the agent held no lease before',
      because: /no lease was good before/,
      observation: observed => ({ ...observed, leases: [] }),
    },
    {
      id: 'still-listed',
      breaks: 'a lease is still listed as good',
      because: /still lists/,
      observation: observed => ({ ...observed, after: { ...observed.after, leases: observed.before.leases } }),
    },
    {
      id: 'digest-shown',
      breaks: 'a lease shows the digest of its token',
      because: /shows token_digest/,
      subject: (context, scope) =>
        withProxy(context, scope, {
          rewriteBody: (_, text) => text.replace('"subject_epoch"', '"token_digest":"x","subject_epoch"'),
        }),
    },
    {
      id: 'subject-kept',
      breaks: 'the revocation of an agent is answered with success and does nothing',
      because: /is revoked: false/,
      subject: async (context, scope) => {
        const holder = await holdLeases(context, 'runproof-kept', RUN_MS)
        const { id, epoch } = holder.subject
        const { revokeSubject: path } = context.target.access.paths
        const proxied = await withProxy(context, scope, {
          answer: {
            status: 200,
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify({ subject_id: id, current_epoch: epoch + 1, revoked: true }),
            paths: [path(id), decodeURIComponent(path(id))],
          },
        })
        const revocation: SubjectRevocation = await revokeSubject(proxied, holder)
        return changed(proxied, { values: proxied.values.with(subjectRevocation, revocation) })
      },
    },
  ],
})

function notGone(subject: SubjectView, before: SubjectView): string | undefined {
  if (subject.id !== before.id) return `that ${subject.id} is revoked, not ${before.id}`
  if (!subject.revoked) return 'that it is not revoked'
  if (subject.epoch <= before.epoch) return `that it is in epoch ${subject.epoch}, as before`
  const left = Object.values(subject.leases).flat().length
  return left === 0 ? undefined : `that it is revoked, and still lists ${left} leases`
}

interface OfSlot extends Revoked {
  readonly slot: string
  readonly held: number
  readonly printed: SlotRevocation['printed']
}

/** A slot that was revoked has taken the leases on it along, and says how many. */
export const slotRevoked = defineCheck<OfSlot>({
  id: 'slot-revoked',
  title: 'Revoking the slot of the route kills the leases on it, and counts them',
  covers: ['7.3/28', '9.A/18'],

  async probe(context) {
    const { subject: before, slot, held, printed } = context.values.get(slotRevocation)
    const leases = await readLeases(context, before.leases.route)
    return { before, slot, held, printed, leases, shown: shownMembers(context, leases) }
  },

  judge: ({ slot, held, printed, leases, shown }) => judgeSlot(slot, held, printed, leases, shown),

  counterproofs: [
    {
      id: 'none-counted',
      breaks: 'the answer counts no lease',
      because: /counts 0/,
      observation: ({ printed, ...rest }) => ({
        ...rest,
        printed: { ...printed, view: { ...printed.view!, revokedLeases: 0 } },
      }),
    },
    {
      id: 'strange-leases',
      breaks: 'the answer counts a lease that nobody held',
      because: /nobody held/,
      observation: ({ printed, ...rest }) => ({
        ...rest,
        printed: { ...printed, view: { ...printed.view!, revokedLeases: rest.held + 1 } },
      }),
    },
    {
      id: 'other-slot',
      breaks: 'another slot is answered for',
      because: /another slot/,
      observation: ({ printed, ...rest }) => ({
        ...rest,
        printed: { ...printed, view: { ...printed.view!, slotId: 'other.slot' } },
      }),
    },
    {
      id: 'lease-alive',
      breaks: 'a lease on the slot is still good',
      because: /active: true/,
      subject: (context, scope) =>
        withProxy(context, scope, { rewriteBody: (_, text) => text.replace('"active":false', '"active":true') }),
    },
  ],
})

/**
 * The judgement on a slot's revocation, whoever held leases on it.
 *
 * @param held - how many leases there were on it before
 */
export function judgeSlot(
  slot: string,
  held: number,
  printed: SlotRevocation['printed'],
  leases: readonly LeaseView[],
  shown: readonly string[],
): Judgement {
  const { exitCode, view } = printed
  if (exitCode !== 0 || view === undefined) return refused('runtime auth revoke-slot', printed)
  if (view.slotId !== slot) return failed('another slot was revoked', { expected: slot, actual: view.slotId })
  if (view.revokedLeases < Math.max(1, leases.length))
    return failed(`the answer counts ${view.revokedLeases} leases`, {
      expected: leases.length,
      actual: view.revokedLeases,
    })
  if (view.revokedLeases > held)
    return failed('leases are counted that nobody held', { expected: held, actual: view.revokedLeases })
  const alive = notRevoked(leases, shown)
  return alive === undefined ? passed({ actual: { slot, revokedLeases: view.revokedLeases } }) : failed(alive)
}
