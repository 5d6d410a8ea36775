import { atOnce, MINUTE_MS, onStatus, type Signal } from './signal.ts'

const PAIR_WITHIN_MS = MINUTE_MS
const ROUTE_MS = 5 * MINUTE_MS

const readiness: Signal = {
  id: 'readiness',
  title: 'Readiness',
  source: 'readiness',
  reads: 'the readiness probe: status 2xx and the daemon’s own words',
  look({ readiness: { status, ownWords, error } }) {
    if (status === null) return { grade: 'error', says: `no answer: ${error}` }
    if (status < 200 || status > 299) return { grade: 'error', says: `it answers ${status}` }
    return ownWords
      ? { grade: 'ok', says: `it answers ${status}` }
      : { grade: 'error', says: `it answers ${status} in other words than the daemon’s` }
  },
  rules: () => [
    {
      level: 'page',
      text: 'two in a row without a 2xx, at most 60 s apart',
      samples: 2,
      withinMs: PAIR_WITHIN_MS,
      from: 'error',
    },
    { level: 'warn', text: 'one sample without a 2xx', samples: 1, from: 'error' },
  ],
}

const health: Signal = {
  id: 'health',
  title: 'Health',
  source: 'status',
  reads: '`.health.ok`, `.health.warnings[]`',
  look: onStatus(({ health: { ok, warnings } }) => {
    const grave = [...new Set(warnings.filter(one => one.severity !== 'info').map(one => one.code))]
    // Only warnings of severity info go with a healthy daemon.
    if (ok && grave.length > 0) return { grade: 'error', says: `it calls itself healthy beside ${grave.join(', ')}` }
    if (!ok) return { grade: 'error', says: `unhealthy: ${grave.join(', ') || 'no warning says why'}` }
    return { grade: 'ok', says: 'healthy' }
  }),
  rules: () => [
    { level: 'page', text: 'not ok twice in a row', samples: 2, from: 'error' },
    { level: 'warn', text: 'not ok once', samples: 1, from: 'error' },
  ],
}

const storage: Signal = {
  id: 'storage',
  title: 'Storage',
  source: 'status',
  reads: '`.storage.ok`, `.storage.probes[]`',
  look: onStatus(({ storage: { ok, probes } }) => {
    if (probes.length === 0) return { unknown: 'contradiction: storage is judged, and no probe of it was made' }
    const not = (state: string) => probes.filter(probe => probe.state === state).map(one => `${one.name}: ${one.code}`)
    const failed = not('error')
    if (!ok || failed.length > 0)
      return { grade: 'error', says: `not writable: ${failed.join(', ') || 'no probe says why'}` }
    const warned = not('warning')
    return warned.length > 0
      ? { grade: 'warning', says: warned.join(', ') }
      : { grade: 'ok', says: `${probes.length} probes passed` }
  }),
  rules: () => atOnce('a probe or the daemon warns', 'not ok at all'),
}

const providerReadiness: Signal = {
  id: 'route-readiness',
  title: 'Provider readiness',
  source: 'status',
  reads: '`.provider_readiness.active_route_ready`, `.provider_readiness.routes[]`',
  look: onStatus(({ routes }) => {
    const active = routes.list.filter(route => route.active)
    const named = active.map(route => `${route.id}: ${route.code}`).join(', ')
    if (active.length === 0) return { grade: 'error', says: 'there is no active route' }
    if (active.some(route => route.state === 'error')) return { grade: 'error', says: named }
    if (!routes.activeReady) return { grade: 'error', says: `not ready although no active route is in error: ${named}` }
    return { grade: active.some(route => route.state === 'warning') ? 'warning' : 'ok', says: named }
  }),
  rules: () => [
    { level: 'page', text: 'the default route in error for 5 min', forMs: ROUTE_MS, from: 'error', unseen: 'warn' },
    // Not in the table, which is silent on an error of less than five minutes.
    { level: 'warn', text: 'the default route in error', samples: 1, from: 'error' },
    {
      level: 'warn',
      text: 'the default route with a warning for 5 min',
      forMs: ROUTE_MS,
      from: 'warning',
      unseen: 'warn',
    },
  ],
}

/** Whether the daemon answers, and what it answers of itself. */
export const ANSWERING = [readiness, health, storage, providerReadiness] as const
