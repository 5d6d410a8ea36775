import { withProxy } from '../../daemon/break.ts'
import { refused } from '../../daemon/client.ts'
import type { Capture } from '../../model/capture.ts'
import { type Check, defineCheck, failed, passed } from '../../model/check.ts'
import { connectorBefore, type Restarted } from '../../rotation/connectors/connector.ts'
import { readSubject } from '../../suite/revocations.ts'

interface Replaced extends Restarted {
  /** Whether there are leases to go by. */
  readonly fetches: boolean
  /** Good at this moment. */
  readonly leasesNow: readonly string[]
}

/** The daemon has started one process in place of the old one, and once. */
export function processReplaced(of: Capture<Restarted>, title: string): Check<Replaced> {
  return defineCheck<Replaced>({
    id: 'process-replaced',
    title,

    untested({ values }) {
      const { answering, instanceBefore } = values.get(of)
      const { view } = values.get(connectorBefore)
      if (view?.ownProcess !== true) return 'the process is not the daemon’s'
      return view.credentialKeys.length > 0 || (answering !== undefined && instanceBefore !== undefined)
        ? undefined
        : 'it has no leases, and which process answered before is not known without --secret old='
    },

    async probe(context) {
      const restarted = context.values.get(of)
      const { name, view } = context.values.get(connectorBefore)
      const fetches = view!.credentialKeys.length > 0
      const { access } = context.target
      const leasesNow = fetches ? (await readSubject(context, access.connectorSubject(name))).leases.connector : []
      return { ...restarted, fetches, leasesNow }
    },

    judge({ put, instanceBefore, answering, leases, leasesAfter, fetches, leasesNow }) {
      if (put !== undefined && put.exitCode !== 0) return refused('putting the connector again', put)
      if (answering !== undefined) {
        if (answering.status !== 'ready')
          return failed('the process is not ready', { expected: 'ready', actual: answering.status })
        if (answering.seen.length > 1)
          return failed('the process was replaced again and again', { actual: [...answering.seen] })
        if (instanceBefore !== undefined && answering.instanceId === instanceBefore)
          return failed('the process of before still answers', { actual: instanceBefore })
      }
      if (!fetches) return passed({ actual: { instance: answering?.instanceId ?? null } })
      if (leasesNow.length !== 1 || leasesAfter.length !== 1)
        return failed(`${leasesNow.length} leases are good`, { expected: 1, actual: [...leasesNow] })
      return leases.includes(leasesAfter[0]!)
        ? failed('the lease is the one of before', { actual: leasesAfter[0]! })
        : passed({ actual: { lease: leasesAfter[0]!, instance: answering?.instanceId ?? null } })
    },

    counterproofs: [
      {
        id: 'same-process',
        breaks: 'the process of before still answers',
        because: /still answers/,
        observation: seen => ({
          ...seen,
          instanceBefore: 'one',
          answering: { instanceId: 'one', status: 'ready', seen: ['one'] },
        }),
      },
      {
        id: 'again-and-again',
        breaks: 'another process answers each time',
        because: /again and again/,
        observation: seen => ({ ...seen, answering: { instanceId: 'b', status: 'ready', seen: ['a', 'b'] } }),
      },
      {
        id: 'same-lease',
        breaks: 'the lease is still the one of before',
        because: /the one of before/,
        observation: seen => ({ ...seen, fetches: true, leases: ['a'], leasesAfter: ['a'], leasesNow: ['a'] }),
      },
      {
        id: 'two-processes',
        breaks: 'two leases are good, as of two processes',
        because: /2 leases are good/,
        subject: (context, scope) =>
          withProxy(context, scope, {
            rewriteBody: (_, text) =>
              text.replace('"active_connector_lease_ids":[', '"active_connector_lease_ids":["another",'),
          }),
      },
    ],
  })
}
