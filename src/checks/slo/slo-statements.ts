import { withProxy } from '../../daemon/break.ts'
import { client, type Ran, refused, refusedToken } from '../../daemon/client.ts'
import { daemon } from '../../daemon/subjects.ts'
import { type CheckContext, defineCheck, failed, passed } from '../../model/check.ts'
import type { StatusSignals } from '../../model/signals.ts'
import type { RoutesDiagnosis } from '../../model/target.ts'
import { askFor } from '../../suite/ask.ts'
import { withEditedStatus, withoutMember } from '../daemon/edited-status.ts'

const readStatus = (context: CheckContext) =>
  askFor(context, context.target.http.status, context.target.signals.read.status)

/** What holds for a daemon that nobody has used yet, and not for one that works. */
function inUse(context: CheckContext): string | undefined {
  return context.values.get(daemon).reached === 'running'
    ? 'a daemon in use may have work: its signals are held against the thresholds'
    : undefined
}

/** The status command prints a whole status. */
export const statusPrinted = defineCheck<Ran<StatusSignals>>({
  id: 'status-command',
  covers: ['7.1/1'],
  needs: ['binary'],
  title: 'The status command succeeds and prints every signal',
  probe: context => client(context, ['status'], context.target.signals.read.status),
  judge(ran) {
    if (ran.exitCode !== 0 || ran.view === undefined) return refused('status', ran)
    return passed({ actual: { exitCode: 0, routes: ran.view.routes.list.length } })
  },
  counterproofs: [
    {
      id: 'failed',
      breaks: 'the command could not reach the daemon',
      because: /exit 3/,
      observation: () => ({ exitCode: 3, stderr: 'connection refused', view: undefined }),
    },
    refusedToken('status-refused'),
    {
      id: 'no-runs',
      breaks: 'the status has no word on runs',
      because: /status: exit 8/,
      subject: (context, scope) => withEditedStatus(context, scope, { runs: undefined }),
    },
  ],
})

/** Nothing is wrong with any route: not even a note. */
export const routesClean = defineCheck<Ran<RoutesDiagnosis>>({
  id: 'routes-clean',
  covers: ['7.1/3', '7.1/16', '7.1/17'],
  needs: ['binary', 'admin-token'],
  title: 'The route diagnosis, credentials included, finds nothing at all',
  probe: context => client(context, ['doctor', 'routes', '--check-auth'], context.target.read.routes),
  judge(ran) {
    const { view } = ran
    if (view === undefined) return refused('doctor routes --check-auth', ran)
    if (view.diagnostics.length > 0)
      return failed(`found: ${view.diagnostics.join(', ')}`, { expected: [], actual: [...view.diagnostics] })
    if (ran.exitCode !== 0 || !view.ok) return refused('doctor routes --check-auth', ran)
    if (!view.authChecked) return failed('credentials were not checked')
    if (view.routeCount < 1) return failed('there is no route to be diagnosed')
    return passed({ expected: [], actual: [] })
  },
  counterproofs: [
    {
      id: 'note',
      breaks: 'there is a diagnosis, if only a note',
      because: /found: info auth_check_uses_running_daemon/,
      observation: observed => ({
        ...observed,
        view: { ...observed.view!, diagnostics: ['info auth_check_uses_running_daemon'] },
      }),
    },
    {
      id: 'not-ok',
      breaks: 'the diagnosis is not ok and says nothing else',
      because: /doctor routes/,
      observation: observed => ({ ...observed, view: { ...observed.view!, ok: false } }),
    },
    {
      id: 'unchecked',
      breaks: 'credentials were not checked',
      because: /not checked/,
      observation: observed => ({ ...observed, view: { ...observed.view!, authChecked: false } }),
    },
    {
      id: 'no-route',
      breaks: 'there is no route',
      because: /no route/,
      observation: observed => ({ ...observed, view: { ...observed.view!, routeCount: 0 } }),
    },
    refusedToken('routes-refused'),
    {
      id: 'credential-gone',
      breaks: 'the daemon lists no stored credential',
      because: /found: error auth_ref_missing/,
      subject: (context, scope) =>
        withProxy(context, scope, {
          answer: {
            status: 200,
            headers: { 'content-type': 'application/json' },
            body: '[]',
            paths: [context.target.http.secrets],
          },
        }),
    },
  ],
})

type Work = StatusSignals['runs'] & Pick<StatusSignals['delivery'], 'unresolvedDeadLetters'>

const COUNTS = ['queued', 'running', 'waitingForApproval', 'waitingForQuestion', 'unresolvedDeadLetters'] as const

/** Nobody has used it, so nothing waits. */
export const noBacklog = defineCheck<Work>({
  id: 'no-backlog',
  covers: ['7.1/9', '7.1/10', '7.1/11', '7.1/12'],
  title: 'A daemon of the suite’s own has no run queued, active or waiting, and no dead letter',
  untested: inUse,
  async probe(context) {
    const { runs, delivery } = await readStatus(context)
    return { ...runs, unresolvedDeadLetters: delivery.unresolvedDeadLetters }
  },
  judge({ queued, running, waitingForApproval, waitingForQuestion, unresolvedDeadLetters }) {
    const actual = { queued, running, waitingForApproval, waitingForQuestion, unresolvedDeadLetters }
    const some = Object.entries(actual).filter(([, count]) => count !== 0)
    return some.length === 0
      ? passed({ actual })
      : failed(`not idle: ${some.map(([name, count]) => `${name} ${count}`).join(', ')}`, { actual })
  },
  counterproofs: [
    {
      id: 'active',
      breaks: 'the status has a run that is active',
      because: /not idle: running 1/,
      subject: (context, scope) => withEditedStatus(context, scope, { 'runs.running': 1 }),
    },
    withoutMember('runs.waiting_for_user_question'),
    ...COUNTS.map(name => ({
      id: name,
      breaks: `${name} is 1`,
      because: new RegExp(`not idle: ${name} 1`),
      observation: (observed: Work) => ({ ...observed, [name]: 1 }),
    })),
  ],
})

/** What models and tools are sent is not kept. */
export const debugNotFull = defineCheck<Pick<StatusSignals, 'debugLevel'>>({
  id: 'debug-not-full',
  covers: ['7.1/13'],
  title: 'A daemon of the suite’s own does not capture everything',
  untested: inUse,
  probe: readStatus,
  judge: ({ debugLevel }) =>
    debugLevel === 'full' ? failed('capture is full', { actual: debugLevel }) : passed({ actual: debugLevel }),
  counterproofs: [
    {
      id: 'full',
      breaks: 'capture is full',
      because: /capture is full/,
      observation: () => ({ debugLevel: 'full' }),
    },
    {
      id: 'told-full',
      breaks: 'the status says that capture is full',
      because: /capture is full/,
      subject: (context, scope) => withEditedStatus(context, scope, { 'runtime.debug_level': 'full' }),
    },
    withoutMember('runtime.debug_level'),
  ],
})

interface Exposure {
  readonly exposure: StatusSignals['exposure']
  /** A running daemon may be bound where a proxy on another machine reaches it; one of the suite's own may not. */
  readonly own: boolean
}

/** Nobody gets in without a token. */
export const notExposed = defineCheck<Exposure>({
  id: 'control-plane',
  covers: ['7.1/14', '7.1/15'],
  title: 'The control plane asks for a token, and is not open to other machines without one',
  async probe(context) {
    const { exposure } = await readStatus(context)
    return { exposure, own: context.values.get(daemon).reached === 'isolated' }
  },
  judge({ exposure, own }) {
    const details = { actual: { ...exposure } }
    if (!exposure.authEnabled) return failed('no token is asked for', details)
    if (exposure.withoutAuth) return failed('it is open to other machines without a token', details)
    if (own && !exposure.bindIsLoopback) return failed('it is bound to more than loopback', details)
    return passed(details)
  },
  counterproofs: [
    {
      id: 'no-auth',
      breaks: 'no token is asked for',
      because: /no token/,
      observation: observed => ({ ...observed, exposure: { ...observed.exposure, authEnabled: false } }),
    },
    {
      id: 'exposed',
      breaks: 'it is open to others without a token',
      because: /open to other machines/,
      observation: observed => ({ ...observed, exposure: { ...observed.exposure, withoutAuth: true } }),
    },
    {
      id: 'bound-wide',
      breaks: 'a daemon of the suite’s own is bound to every address',
      because: /more than loopback/,
      observation: ({ exposure }) => ({ exposure: { ...exposure, bindIsLoopback: false }, own: true }),
    },
    {
      id: 'told-open',
      breaks: 'the status says that no token is asked for',
      because: /no token/,
      subject: (context, scope) => withEditedStatus(context, scope, { 'control_plane.auth_enabled': false }),
    },
    withoutMember('control_plane.bind_is_loopback'),
  ],
})
