import { withProxy } from '../../daemon/break.ts'
import { client, type Ran, refused, refusedToken } from '../../daemon/client.ts'
import { daemon } from '../../daemon/subjects.ts'
import { defineCheck, failed, type Json, passed } from '../../model/check.ts'
import type { RuntimeView } from '../../model/runs-api.ts'
import type { Diagnosis, RoutesDiagnosis, StatusView } from '../../model/target.ts'
import { askFor } from '../../suite/ask.ts'
import { diagnose } from '../../suite/diagnose.ts'
import { activeRoute } from '../../suite/probe-run.ts'
import { withEditedStatus } from './edited-status.ts'

/** Where a browser console is developed, as the documentation has it. */
const ORIGIN = 'http://localhost:5173'
const CORS_CHECK = 'control_plane_cors'
const CANARY_MS = 90_000

/** The daemon finds nothing wrong with itself. What a boot brings by itself, and mere information, is not wrong. */
export const healthOk = defineCheck<Pick<StatusView, 'healthOk' | 'warnings'>>({
  id: 'health-ok',
  title: 'The daemon calls itself healthy and has no warning',
  covers: ['7.3/2', '9.A/6'],

  probe: context => askFor(context, context.target.http.status, context.target.read.status),

  judge({ healthOk: ok, warnings }) {
    const grave = warnings.filter(({ severity }) => severity !== 'info').map(({ code }) => code)
    if (grave.length > 0) return failed(`it warns: ${grave.join(', ')}`, { expected: [], actual: grave })
    return ok ? passed({ actual: { infos: warnings.length } }) : failed('it is unhealthy, and no warning says why')
  },

  counterproofs: [
    {
      id: 'warned',
      breaks: 'it warns of failed runs',
      because: /it warns: failed_runs/,
      observation: observed => ({
        ...observed,
        warnings: [...observed.warnings, { severity: 'warning', code: 'failed_runs' }],
      }),
    },
    {
      id: 'unhealthy',
      breaks: 'it answers that it is not healthy',
      because: /no warning says why/,
      subject: (context, scope) => withEditedStatus(context, scope, { 'health.ok': false }),
    },
    {
      id: 'health-renamed',
      breaks: 'its answer does not say whether it is healthy',
      expects: 'ANSWER_MALFORMED',
      subject: (context, scope) => withEditedStatus(context, scope, { 'health.ok': undefined }),
    },
  ],
})

interface Printed {
  readonly ran: Ran<RuntimeView>
  readonly asked: RuntimeView
  readonly stateRoot: string | undefined
}

/** What the client prints of the settings is what the daemon says of them. */
export const runtimePrinted = defineCheck<Printed>({
  id: 'runtime-printed',
  title: '`runtime get` prints the settings the daemon has, of the state root it was given',
  covers: ['7.3/3', '9.A/7'],
  needs: ['binary'],

  async probe(context) {
    const { paths, read } = context.target.runs
    const { stateRoot } = context.values.get(daemon)
    return {
      ran: await client(context, ['runtime', 'get'], read.runtime),
      asked: await askFor(context, paths.runtime, read.runtime),
      stateRoot,
    }
  },

  judge({ ran, asked, stateRoot }) {
    if (ran.exitCode !== 0 || ran.view === undefined) return refused('runtime get', ran)
    if (stateRoot !== undefined && asked.stateRoot !== stateRoot)
      return failed('the daemon serves another state root', { expected: stateRoot, actual: asked.stateRoot })
    const names = ['stateRoot', 'permissionMode', 'debugLevel', 'activeRoute'] as const
    const differs = names.find(name => ran.view![name] !== asked[name])
    return differs === undefined
      ? passed({ actual: asked.stateRoot })
      : failed(`${differs} is printed otherwise`, {
          expected: asked[differs] ?? null,
          actual: ran.view[differs] ?? null,
        })
  },

  counterproofs: [
    {
      id: 'other-state-root',
      breaks: 'another state root is served',
      because: /another state root|stateRoot is printed/,
      observation: observed => ({ ...observed, asked: { ...observed.asked, stateRoot: '/elsewhere' } }),
    },
    refusedToken('runtime-printed-refused'),
  ],
})

/** A browser at a loopback origin may use the control plane, and the doctor really asked. */
export const doctorCors = defineCheck<Ran<Diagnosis>>({
  id: 'doctor-cors',
  title: 'The doctor finds that a browser at a loopback origin may use the control plane',
  covers: ['7.3/5', '9.A/7'],
  needs: ['binary'],
  probe: context => diagnose(context, ['doctor', '--cors-origin', ORIGIN]),
  judge(ran) {
    if (ran.exitCode !== 0 || ran.view === undefined) return refused(`doctor --cors-origin ${ORIGIN}`, ran)
    if (!ran.view.checkNames.includes(CORS_CHECK)) return failed('the doctor did not look at cross-origin requests')
    return ran.view.ok && ran.view.errors.length === 0
      ? passed({ actual: { checks: ran.view.checkNames.length } })
      : failed(`the doctor found ${ran.view.errors.join('; ')}`)
  },
  counterproofs: [
    {
      id: 'cors-blind',
      breaks: 'the doctor did not look',
      because: /did not look/,
      observation: observed => ({ ...observed, view: { ...observed.view!, checkNames: ['readyz'] } }),
    },
    {
      id: 'cors-refused',
      breaks: 'a proxy answers preflights for another origin',
      because: /exit 1/,
      subject: (context, scope) =>
        withProxy(context, scope, {
          rewriteHeaders: (_, headers) =>
            'access-control-allow-origin' in headers
              ? { ...headers, 'access-control-allow-origin': 'http://elsewhere.invalid' }
              : headers,
        }),
    },
  ],
})

interface Canary {
  readonly ran: Ran<{ readonly routes: RoutesDiagnosis; readonly canaries: readonly CanaryView[] }>
  readonly route: string
}

interface CanaryView {
  readonly routeId: string
  readonly status: string
  readonly runId: string
}

/** The daemon's own canary run passes on the active route. */
export const canaryPassed = defineCheck<Canary>({
  id: 'canary',
  title: 'The daemon’s own canary run passes on the active route',
  covers: ['7.3/8', '9.A/8'],
  needs: ['admin-token', 'binary'],

  async probe(context) {
    const { id } = await activeRoute(context)
    const words = [
      'doctor',
      'routes',
      '--route',
      id,
      '--check-auth',
      '--canary',
      '--canary-timeout-ms',
      String(CANARY_MS),
    ]
    const read = (document: Json) => ({
      routes: context.target.read.routes(document),
      canaries: context.target.runs.read.canaries(document),
    })
    return { ran: await client(context, words, read, { limitMs: CANARY_MS }), route: id }
  },

  judge({ ran, route }) {
    if (ran.exitCode !== 0 || ran.view === undefined) return refused('doctor routes --canary', ran)
    const { routes, canaries } = ran.view
    if (!routes.authChecked) return failed('credentials were not checked')
    const [canary] = canaries.filter(({ routeId }) => routeId === route)
    if (canary === undefined) return failed('no canary ran on the active route', { expected: route })
    return canary.status === 'passed'
      ? passed({ actual: { ...canary } })
      : failed(`the canary on ${route} ${canary.status}`, { actual: { ...canary } })
  },

  counterproofs: [
    {
      id: 'canary-failed',
      breaks: 'the canary failed and the client ends with exit 0',
      because: /the canary on .* failed/,
      observation: observed => ({
        ...observed,
        ran: {
          ...observed.ran,
          view: {
            ...observed.ran.view!,
            canaries: observed.ran.view!.canaries.map(canary => ({ ...canary, status: 'failed' })),
          },
        },
      }),
    },
    {
      id: 'canary-elsewhere',
      breaks: 'the canary ran on another route',
      because: /no canary ran/,
      observation: observed => ({ ...observed, route: 'another-route' }),
    },
    {
      id: 'canary-unanswered',
      breaks: 'what the model says is changed on its way',
      because: /exit 1/,
      subject: (context, scope) =>
        withProxy(context, scope, { rewriteBody: (_, text) => text.replaceAll('_CANARY_OK', '_CANARY_KO') }),
    },
  ],
})
