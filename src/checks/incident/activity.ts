import { withProxy } from '../../daemon/break.ts'
import { activity, hooksDigest, rehearsedSidecar, shownConnector } from '../../incident/scenarios/activity.ts'
import { type CheckContext, changed, defineCheck, failed, passed } from '../../model/check.ts'
import { jsonAnswer } from '../../model/json-answer.ts'
import type { RunDetail } from '../../model/runs-api.ts'
import { ask, askFor } from '../../suite/ask.ts'
import { isIsolated } from '../../suite/params.ts'
import { asAdmin } from '../../suite/revocations.ts'
import { becomes, sidecarHealth } from '../../suite/sidecar.ts'

/** How long what was told to stop may take. A process is given ten seconds by its daemon. */
const WITHIN_MS = 15_000
const BRIEFLY_MS = 300

interface There {
  /** Status of asking for each that is named. */
  readonly asked: Readonly<Record<string, number>>
  /** Of a rehearsal: what does nothing, and so could not be seen to stop. */
  readonly idle: readonly string[]
}

/** What is named is there: a misspelt name would be found stopped. */
export const activityThere = defineCheck<There>({
  id: 'activity-there',
  title: 'Everything that is named is there, and in a rehearsal it acts',

  async probe(context) {
    const { sessionId, runId, connector } = context.values.get(activity)
    const { incident, runs } = context.target
    const asked: Record<string, number> = {}
    const status = async (path: string) => (await ask(context, path, asAdmin(context))).status
    if (sessionId !== undefined) asked[`session ${sessionId}`] = await status(runs.paths.session(sessionId))
    if (runId !== undefined) asked[`run ${runId}`] = await status(runs.paths.run(runId))
    if (connector !== undefined)
      asked[`connector ${connector.kind}/${connector.name}`] = await status(
        incident.paths.connector(connector.kind, connector.name),
      )
    const idle: string[] = []
    if (isIsolated(context)) {
      if (!(await sessionState(context)).busy) idle.push('the session')
      if ((await runState(context)).terminal) idle.push('the run')
      if ((await sidecarHealth(context, context.values.get(rehearsedSidecar))) !== 'ready') idle.push('the connector')
    }
    return { asked, idle }
  },

  judge({ asked, idle }) {
    const absent = Object.entries(asked).find(([, status]) => status !== 200)
    if (absent !== undefined) return failed(`there is no ${absent[0]}, or it cannot be read: ${absent[1]}`)
    return idle.length === 0 ? passed({ actual: { ...asked } }) : failed(`this does nothing: ${idle.join(', ')}`)
  },

  counterproofs: [
    {
      id: 'misspelt',
      breaks: 'a name belongs to nothing',
      because: /there is no run run-x.*404/,
      observation: ({ asked, idle }) => ({ asked: { ...asked, 'run run-x': 404 }, idle }),
    },
    {
      id: 'idle',
      breaks: 'the session does nothing',
      because: /does nothing/,
      observation: ({ asked }) => ({ asked, idle: ['the session'] }),
    },
  ],
})

interface Session {
  readonly status: string
  readonly busy: boolean
  readonly live: readonly string[]
}

/** The session does nothing more, and neither does any run of it. */
export const sessionStopped = defineCheck<Session>({
  id: 'session-stopped',
  title: 'The session runs no longer, and all its runs have ended',

  async probe(context) {
    const looked = async (): Promise<Session> => ({ ...(await sessionState(context)), live: await liveRuns(context) })
    let seen = await looked()
    await becomes(patient(context), async () => {
      seen = await looked()
      return !seen.busy && seen.live.length === 0
    })
    return seen
  },

  judge({ status, busy, live }) {
    if (live.length > 0) return failed(`runs of the session go on: ${live.join(', ')}`, { actual: status })
    return busy ? failed(`the session is ${status}`, { expected: 'idle', actual: status }) : passed({ actual: status })
  },

  counterproofs: [
    {
      id: 'run-goes-on',
      breaks: 'a run of the session goes on',
      because: /runs of the session go on/,
      observation: observed => ({ ...observed, live: ['run-x'] }),
    },
    {
      id: 'session-runs',
      breaks: 'the daemon says that the session is running',
      because: /the session is running/,
      deadlineMs: BRIEFLY_MS,
      subject: async (context, scope) => {
        const { sessionId } = context.values.get(activity)
        const path = context.target.runs.paths.session(sessionId!)
        return withProxy(context, scope, {
          rewriteBody: (asked, text) =>
            asked === path ? text.replace(/"status":\s*"(idle|failed|completed)"/, '"status":"running"') : text,
        })
      },
    },
  ],
})

/** The run has ended, and not by doing what it was to do. */
export const runStopped = defineCheck<Pick<RunDetail, 'status' | 'terminal'>>({
  id: 'run-stopped',
  title: 'The run has ended',

  async probe(context) {
    let seen = await runState(context)
    await becomes(patient(context), async () => {
      seen = await runState(context)
      return seen.terminal
    })
    return { status: seen.status, terminal: seen.terminal }
  },

  judge: ({ status, terminal }) =>
    terminal ? passed({ actual: status }) : failed(`the run is ${status}`, { actual: status }),

  counterproofs: [
    {
      id: 'still-running',
      breaks: 'the daemon says that the run is running',
      because: /the run is running/,
      deadlineMs: BRIEFLY_MS,
      subject: async (context, scope) => {
        const path = context.target.runs.paths.run(context.values.get(activity).runId!)
        return withProxy(context, scope, {
          rewriteBody: (asked, text) =>
            asked === path ? text.replace(/"status":\s*"(cancelled|interrupted|failed)"/, '"status":"running"') : text,
        })
      },
    },
    {
      id: 'run-waits',
      breaks: 'the run waits for an approval',
      because: /waiting_for_approval/,
      observation: () => ({ status: 'waiting_for_approval', terminal: false }),
    },
  ],
})

interface Connector {
  readonly there: boolean
  readonly leases: number
  /** How its process says it is; null where it cannot be seen, undefined where nothing listens. */
  readonly process: string | null | undefined
}

/** The connector is gone, and with it its process and what that was allowed to fetch. */
export const connectorGone = defineCheck<Connector>({
  id: 'connector-gone',
  title: 'The connector is gone, its process has ended, and no lease of it is good',

  async probe(context) {
    const looked = () => lookAtConnector(context)
    let seen = await looked()
    await becomes(patient(context), async () => {
      seen = await looked()
      return !seen.there && seen.leases === 0 && (seen.process === null || seen.process === undefined)
    })
    return seen
  },

  judge({ there, leases, process }) {
    const actual = { there, leases, process: process ?? null }
    if (there) return failed('the connector is still there', { actual })
    if (process !== null && process !== undefined) return failed(`its process still answers: ${process}`, { actual })
    return leases === 0 ? passed({ actual }) : failed(`${leases} of its leases are still good`, { actual })
  },

  counterproofs: [
    {
      id: 'process-lives',
      breaks: 'the process of the connector still answers',
      because: /still answers: ready/,
      observation: observed => ({ ...observed, process: 'ready' }),
    },
    {
      id: 'lease-good',
      breaks: 'a lease of it is still good',
      because: /leases are still good/,
      observation: observed => ({ ...observed, leases: 1 }),
    },
    {
      id: 'connector-kept',
      breaks: 'the daemon still shows the connector',
      because: /connector is still there/,
      deadlineMs: BRIEFLY_MS,
      subject: async (context, scope) => {
        const { kind, name } = context.values.get(activity).connector!
        const paths = [context.target.incident.paths.connector(kind, name)]
        const headers = { 'content-type': 'application/json' }
        return withProxy(context, scope, { answer: { status: 200, headers, body: '{}', paths } })
      },
    },
  ],
})

interface Hooks {
  readonly expected: string
  readonly actual: string
}

/** The hooks are those that were reviewed, whoever wrote their members in which order. */
export const hooksReviewed = defineCheck<Hooks>({
  id: 'hooks-reviewed',
  title: 'The hooks of the daemon are those of the reviewed file, by digest',

  async probe(context) {
    return { expected: context.values.get(activity).hooks!.sha256, actual: await hooksDigest(context) }
  },

  judge: ({ expected, actual }) =>
    expected === actual
      ? passed({ expected, actual })
      : failed('the hooks are not those that were reviewed', { expected, actual }),

  counterproofs: [
    {
      id: 'other-hooks',
      breaks: 'the digest is another one',
      because: /not those that were reviewed/,
      observation: ({ expected }) => ({ expected, actual: '0'.repeat(64) }),
    },
    {
      id: 'hooks-kept',
      breaks: 'the daemon has one hook more',
      because: /not those that were reviewed/,
      subject: (context, scope) =>
        withProxy(context, scope, {
          answer: {
            status: 200,
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify({ hooks: { run_completed: [{ name: 'left', executor: { type: 'http' } }] } }),
            paths: [context.target.incident.paths.hooks],
          },
        }),
    },
  ],
})

/** A counterproof has shortened it already. */
function patient(context: CheckContext): CheckContext {
  return changed(context, { deadlineMs: Math.min(context.deadlineMs, WITHIN_MS) })
}

function sessionState(context: CheckContext) {
  const { sessionId } = context.values.get(activity)
  return askFor(context, context.target.runs.paths.session(sessionId!), context.target.incident.read.session)
}

function runState(context: CheckContext) {
  const { paths, read } = context.target.runs
  return askFor(context, paths.run(context.values.get(activity).runId!), read.run)
}

async function liveRuns(context: CheckContext): Promise<readonly string[]> {
  const { incident, runs } = context.target
  const all = await askFor(context, incident.paths.runsOf(context.values.get(activity).sessionId!), runs.read.runs)
  return all.filter(({ terminal }) => !terminal).map(({ id }) => id)
}

async function lookAtConnector(context: CheckContext): Promise<Connector> {
  const connector = context.values.get(activity).connector!
  const { access } = context.target
  const path = access.paths.subject(access.connectorSubject(connector.name))
  const subject = await ask(context, path, asAdmin(context))
  const made = context.values.find(rehearsedSidecar)
  return {
    there: (await shownConnector(context, connector)) !== undefined,
    // Nobody knows a subject that never asked for anything.
    leases: subject.status === 404 ? 0 : access.read.subject(jsonAnswer(path, subject)).leases.connector.length,
    process: made === undefined ? null : await sidecarHealth(context, made),
  }
}
