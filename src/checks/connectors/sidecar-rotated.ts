import { withBrokenDaemon } from '../../daemon/break.ts'
import { type Ran, refused } from '../../daemon/client.ts'
import type { LeaseView } from '../../model/access-api.ts'
import { type CheckContext, changed, defineCheck, failed, passed } from '../../model/check.ts'
import {
  postWebhook,
  rotatedSidecar,
  rotateSidecar,
  sidecar,
  startSidecar,
  type Work,
  workSoFar,
} from '../../suite/sidecar.ts'
import { withEditedStatus } from '../daemon/edited-status.ts'
import { withoutFaults } from '../daemon/without-faults.ts'
import { notRevoked, shownMembers } from '../slots/leases-revoked.ts'
import { INVALID, judgeSignatures, type Verdict } from './sidecar-started.ts'

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
        withEditedStatus(context, scope, { 'runs.total': context.values.get(sidecar).workBefore.runs + 1 }),
    },
  ],
})
