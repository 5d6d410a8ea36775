import { withProxy } from '../../daemon/break.ts'
import type { SubjectCounterproof } from '../../model/check.ts'
import { MINUTE_MS } from '../../slo/signal.ts'
import { withoutMember } from '../daemon/edited-status.ts'
import { contradicts, inARow, once, onStatus, pages, signalCheck, told, WARNING_FAILS, warns } from './slo-signal.ts'

const answered = (id: string, breaks: string, because: RegExp, status: number, body: string): SubjectCounterproof => ({
  id,
  breaks,
  because,
  subject: (context, scope) =>
    withProxy(context, scope, { answer: { status, headers: { 'content-type': 'text/html' }, body } }),
})

const readiness = signalCheck(
  'readiness',
  [],
  [
    pages(
      'two samples in a row are 503',
      inARow(2, 1_000, sample => ({ ...sample, readiness: { status: 503, ownWords: false, error: null } })),
    ),
    answered('unavailable', 'the probe is answered with 503', /^page: it answers 503/, 503, 'draining'),
    answered('html-page', 'a page with status 200 answers', /^page: .*other words/, 200, '<html></html>'),
    {
      id: 'silent',
      breaks: 'the port is open and nothing answers',
      because: /^page: no answer: TIMEOUT/,
      deadlineMs: 300,
      subject: (context, scope) => withProxy(context, scope, { silent: true }),
    },
  ],
)

const health = signalCheck(
  'health',
  ['7.1/4'],
  [
    pages(
      'two samples in a row are unhealthy',
      inARow(
        2,
        1_000,
        onStatus(() => ({ health: { ok: false, warnings: [] } })),
      ),
    ),
    warns(
      'it calls itself healthy beside an error',
      once(onStatus(() => ({ health: { ok: true, warnings: [{ severity: 'error', code: 'planted' }] } }))),
    ),
    told('it is unhealthy', { 'health.ok': false }),
    withoutMember('health.ok'),
  ],
)

const storage = signalCheck(
  'storage',
  ['7.1/5'],
  [
    pages('storage is not ok', once(onStatus(status => ({ storage: { ...status.storage, ok: false } })))),
    warns(
      'a probe warns',
      once(onStatus(() => ({ storage: { ok: true, probes: [{ name: 'root', state: 'warning', code: 'planted' }] } }))),
    ),
    told('storage is not ok', { 'storage.ok': false }),
    contradicts('storage is judged without a probe', { 'storage.probes': [] }),
    withoutMember('storage.probes'),
  ],
)

const providerReadiness = signalCheck(
  'route-readiness',
  [],
  [
    pages(
      'there has been no active route for five minutes',
      inARow(
        6,
        MINUTE_MS,
        onStatus(() => ({ routes: { activeReady: false, list: [] } })),
      ),
    ),
    told('no route is ready', { 'provider_readiness.active_route_ready': false }, WARNING_FAILS),
    withoutMember('provider_readiness.routes'),
  ],
)

/** Whether the daemon answers, and what it answers of itself. */
export const answeringSignals = [readiness, health, storage, providerReadiness] as const
