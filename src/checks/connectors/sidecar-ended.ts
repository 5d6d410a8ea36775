import { withBrokenDaemon, withProxy } from '../../daemon/break.ts'
import { type Ran, refused } from '../../daemon/client.ts'
import type { LeaseView } from '../../model/access-api.ts'
import { changed, defineCheck, failed, type Json, passed } from '../../model/check.ts'
import { ask } from '../../suite/ask.ts'
import { asAdmin, readLeases } from '../../suite/revocations.ts'
import {
  becomes,
  CONNECTOR,
  containedSidecar,
  containSidecar,
  removedSidecar,
  rotatedSidecar,
  SIDECAR_SLOTS,
  sidecar,
  sidecarHealth,
  startSidecar,
} from '../../suite/sidecar.ts'
import { withoutFaults } from '../daemon/without-faults.ts'
import { judgeSlot, shownMembers } from '../slots/leases-revoked.ts'

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
    const judgement = judgeSlot(slot, leases.length, printed, leases, shown)
    if (judgement.outcome === 'failed') return judgement
    return stopped ? judgement : failed('the sidecar still answers, or listens at least')
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
