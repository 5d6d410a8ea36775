import { daemon } from '../../daemon/subjects.ts'
import { baseline } from '../../drill/subjects.ts'
import { type CheckContext, defineCheck, failed, passed } from '../../model/check.ts'
import { jsonAnswer } from '../../model/json-answer.ts'
import type { StatusView } from '../../model/target.ts'
import { withMemberRenamed } from './edited-status.ts'

async function readStatus({ values, target, deadlineMs }: CheckContext): Promise<StatusView> {
  const { instance, readonlyToken, adminToken } = values.get(daemon)
  const answer = await instance.request(target.http.status, {
    bearer: (readonlyToken ?? adminToken)!,
    timeoutMs: Math.min(deadlineMs, 10_000),
  })
  return target.read.status(jsonAnswer(target.http.status, answer))
}

interface Health {
  readonly ok: boolean
  readonly warnings: readonly string[]
  readonly known: readonly string[]
}

/** Health is compared by warning code with what the source had: a restore must not bring a new one. */
export const healthNoWorse = defineCheck<Health>({
  id: 'health',
  covers: ['7.4/18', '9.B/9', '7.3/48', '9.A/37'],
  title: 'The restored daemon has no health warning that its source did not have',

  async probe(context) {
    const status = await readStatus(context)
    const known = [...(context.values.find(baseline)?.warnings ?? []), ...context.target.bootWarnings]
    return { ok: status.healthOk, warnings: status.warnings.map(warning => warning.code), known }
  },

  judge({ ok, warnings, known }) {
    const fresh = warnings.filter(code => !known.includes(code))
    if (fresh.length > 0)
      return failed(`new health warnings: ${fresh.join(', ')}`, { expected: [...known], actual: [...warnings] })
    if (!ok && warnings.length === 0) return failed('unhealthy, and no warning says why')
    return passed({ expected: [...known], actual: [...warnings] })
  },

  counterproofs: [
    {
      id: 'new-warning',
      breaks: 'one more warning',
      because: /new health warnings/,
      observation: observed => ({ ...observed, warnings: [...observed.warnings, 'storage_write_probe_failed'] }),
    },
    {
      id: 'unhealthy',
      breaks: 'health is not ok although no warning says why',
      because: /no warning says why/,
      observation: observed => ({ ...observed, ok: false, warnings: [] }),
    },
    withMemberRenamed('health-renamed', 'health.ok', 'okay'),
  ],
})

/** Both roots can be written, and the daemon holds the lock on its state. */
export const storageWorks = defineCheck<Pick<StatusView, 'storageOk' | 'lockHeld'>>({
  id: 'storage',
  covers: ['7.4/18', '9.B/9', '7.3/48'],
  title: 'The daemon can write its storage and holds its lock',
  probe: readStatus,
  judge: ({ storageOk, lockHeld }) =>
    storageOk && lockHeld
      ? passed({ actual: { storageOk, lockHeld } })
      : failed(storageOk ? 'the state root is not locked' : 'a write probe failed', {
          actual: { storageOk, lockHeld },
        }),
  counterproofs: [
    {
      id: 'write-probe-failed',
      breaks: 'a write probe failed',
      because: /write probe failed/,
      observation: observed => ({ ...observed, storageOk: false }),
    },
    {
      id: 'not-locked',
      breaks: 'the lock is not held',
      because: /not locked/,
      observation: observed => ({ ...observed, lockHeld: false }),
    },
    withMemberRenamed('storage-renamed', 'storage.ok', 'fine'),
  ],
})

/** The provider routes are ready, there is at least one, and none is in error. */
export const routesReady = defineCheck<Pick<StatusView, 'activeRouteReady' | 'routeErrorCount' | 'routeCount'>>({
  id: 'provider-readiness',
  covers: ['7.1/6', '7.1/7', '7.1/8', '7.4/18', '9.B/9', '7.3/48'],
  title: 'The active provider route is ready and no route is in error',
  probe: readStatus,
  judge({ activeRouteReady, routeErrorCount, routeCount }) {
    const actual = { activeRouteReady, routeErrorCount, routeCount }
    if (routeCount < 1) return failed('there is no route', { actual })
    return activeRouteReady && routeErrorCount === 0 ? passed({ actual }) : failed('a route is not ready', { actual })
  },
  counterproofs: [
    {
      id: 'no-route',
      breaks: 'there is no route at all',
      because: /there is no route/,
      observation: observed => ({ ...observed, routeCount: 0 }),
    },
    {
      id: 'route-error',
      breaks: 'one route is in error',
      because: /not ready/,
      observation: observed => ({ ...observed, routeErrorCount: 1 }),
    },
    withMemberRenamed('readiness-renamed', 'provider_readiness.active_route_ready', 'ready'),
  ],
})

/** Nothing waits in the dead-letter queue that an operator has not looked at. */
export const noDeadLetters = defineCheck<Pick<StatusView, 'unresolvedDeadLetters'>>({
  id: 'dead-letters',
  covers: ['7.4/18', '9.B/9', '7.3/48'],
  title: 'No delivery lies unresolved in the dead-letter queue',
  probe: readStatus,
  judge: ({ unresolvedDeadLetters }) =>
    unresolvedDeadLetters === 0
      ? passed({ actual: 0 })
      : failed('deliveries were given up and nobody resolved them', { expected: 0, actual: unresolvedDeadLetters }),
  counterproofs: [
    {
      id: 'one-letter',
      breaks: 'one dead letter',
      because: /nobody resolved them/,
      observation: observed => ({ ...observed, unresolvedDeadLetters: 1 }),
    },
    withMemberRenamed('dead-letters-renamed', 'delivery.unresolved_dead_lettered', 'dead'),
  ],
})
