import { client, type Ran, refused, refusedToken } from '../../daemon/client.ts'
import { isolated } from '../../daemon/subjects.ts'
import { defineCheck, failed, type Json, passed } from '../../model/check.ts'
import { RunproofError } from '../../model/error.ts'
import type { Diagnosis, RoutesDiagnosis } from '../../model/target.ts'
import { diagnose } from '../../suite/diagnose.ts'

/** The running configuration can be read, and is that of the restored state. */
export const runtimeReadable = defineCheck<Ran<string> & { readonly expected: string }>({
  id: 'runtime',
  covers: ['7.4/5', '7.4/18', '9.B/4', '9.B/9', '7.3/49'],
  title: 'The runtime settings are readable and name the restored state root',
  async probe(context) {
    const ran = await client(context, ['runtime', 'get'], document => {
      const stateRoot = (document as { state_root?: Json }).state_root
      if (typeof stateRoot !== 'string') throw new RunproofError('ANSWER_MALFORMED', 'runtime get names no state root')
      return stateRoot
    })
    return { ...ran, expected: context.values.get(isolated).stateRoot }
  },
  judge(ran) {
    if (ran.exitCode !== 0) return refused('runtime get', ran)
    return ran.view === ran.expected
      ? passed({ expected: ran.expected, actual: ran.view })
      : failed('the daemon serves another state root', { expected: ran.expected, actual: ran.view })
  },
  counterproofs: [
    {
      id: 'other-root',
      breaks: 'another state root is served',
      because: /another state root/,
      observation: observed => ({ ...observed, view: '/elsewhere' }),
    },
    refusedToken('runtime-refused'),
  ],
})

/** The daemon's own diagnosis finds nothing wrong, and really looked. */
export const doctorAgrees = defineCheck<Ran<Diagnosis>>({
  id: 'doctor',
  covers: ['7.1/2', '7.4/6', '7.4/18', '9.B/4', '9.B/9'],
  needs: ['binary'],
  title: 'The daemon’s own doctor finds no error and looked at readiness, streams and storage',
  probe: context => diagnose(context, ['doctor']),
  judge(ran) {
    const { view } = ran
    if (view === undefined || !diagnosed(ran)) return refused('doctor', ran)
    const missing = ['readyz', 'events_sse', 'storage', 'provider_readiness'].filter(
      name => !view.checkNames.includes(name),
    )
    if (missing.length > 0) return failed(`the doctor did not look at ${missing.join(', ')}`)
    if (!view.ok || view.errors.length > 0) return failed(`the doctor found ${view.errors.join('; ') || 'no error'}`)
    return ran.exitCode === 0 ? passed({ actual: { checks: view.checkNames.length } }) : refused('doctor', ran)
  },
  counterproofs: [
    {
      id: 'doctor-error',
      breaks: 'the doctor found an error',
      because: /the doctor found/,
      observation: observed => ({ ...observed, view: { ...observed.view!, ok: false, errors: ['storage'] } }),
    },
    {
      id: 'doctor-blind',
      breaks: 'the doctor did not look at storage',
      because: /did not look/,
      observation: observed => ({
        ...observed,
        view: { ...observed.view!, checkNames: observed.view!.checkNames.filter(name => name !== 'storage') },
      }),
    },
    refusedToken('doctor-refused'),
  ],
})

/** Every route's credential is stored, of the right provider, and not expired. */
export const routesDiagnosed = defineCheck<Ran<RoutesDiagnosis>>({
  id: 'routes-auth',
  covers: ['7.4/14', '7.4/18', '9.B/4', '9.B/9', '7.3/50'],
  title: 'The route diagnosis finds every credential that routes refer to',
  probe: context => client(context, ['doctor', 'routes', '--check-auth'], context.target.read.routes),
  judge: ran => judgeRoutes('doctor routes --check-auth', ran, view => view.authChecked),
  counterproofs: [
    {
      id: 'not-checked',
      breaks: 'credentials were not checked',
      because: /did not check/,
      observation: observed => ({ ...observed, view: { ...observed.view!, authChecked: false } }),
    },
    {
      id: 'no-routes',
      breaks: 'there are no routes',
      because: /no route/,
      observation: observed => ({ ...observed, view: { ...observed.view!, routeCount: 0 } }),
    },
    refusedToken('routes-refused'),
  ],
})

/** Nothing that was restored refers to a route that is not configured any more. */
export const referencesDiagnosed = defineCheck<Ran<RoutesDiagnosis>>({
  id: 'routes-references',
  covers: ['7.4/8', '9.B/4'],
  title: 'No restored session, run or schedule refers to a route that is gone',
  probe: context => client(context, ['doctor', 'routes', '--check-references'], context.target.read.routes),
  judge: ran => judgeRoutes('doctor routes --check-references', ran, view => view.referencesChecked),
  counterproofs: [
    {
      id: 'stale-route',
      breaks: 'a session refers to a route that is gone',
      because: /stale/,
      observation: observed => ({ ...observed, view: { ...observed.view!, ok: false, errors: ['stale route'] } }),
    },
    refusedToken('references-refused'),
  ],
})

/** A diagnosis that found something ends with 1, and what it found says more. Every other status is of something else. */
function diagnosed({ exitCode }: Ran<unknown>): boolean {
  return exitCode === 0 || exitCode === 1
}

function judgeRoutes(what: string, ran: Ran<RoutesDiagnosis>, looked: (view: RoutesDiagnosis) => boolean) {
  const { view } = ran
  if (view === undefined || !diagnosed(ran)) return refused(what, ran)
  if (!looked(view)) return failed(`${what} did not check what it was asked to`)
  if (view.routeCount < 1) return failed('there is no route')
  if (!view.ok || view.errors.length > 0) return failed(view.errors.join('; ') || `${what} is not ok`)
  return ran.exitCode === 0 ? passed({ actual: { routes: view.routeCount } }) : refused(what, ran)
}
