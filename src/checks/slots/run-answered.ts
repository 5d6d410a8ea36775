import { withBrokenDaemon, withProxy } from '../../daemon/break.ts'
import { changed, defineCheck, failed, type Json, passed } from '../../model/check.ts'
import type { RunDetail, SessionView } from '../../model/runs-api.ts'
import { askFor } from '../../suite/ask.ts'
import { makeProbeRun, probeRun } from '../../suite/probe-run.ts'
import {
  askProvider,
  type ProviderRequest,
  providerRequests,
  switchProvider,
  withoutProvider,
} from '../../suite/provider.ts'

const RUN_MS = 15_000

interface SessionSeen {
  readonly exitCode: number | null
  readonly asked: string
  readonly printed: SessionView | undefined
  readonly there: SessionView
}

/** A session that the client made is there under the id it was given. */
export const sessionMade = defineCheck<SessionSeen>({
  id: 'session-made',
  title: 'The session that was asked for is there, with an agent',
  covers: ['7.2/5', '7.3/9', '9.A/9'],

  async probe(context) {
    const { sessionId, agentId, printed } = context.values.get(probeRun)
    const { paths, read } = context.target.runs
    return {
      exitCode: printed?.created.exitCode ?? 0,
      asked: sessionId,
      printed: printed === undefined ? { id: sessionId, agentId } : printed.created.view,
      there: await askFor(context, paths.session(sessionId), read.session),
    }
  },

  judge({ exitCode, asked, printed, there }) {
    if (exitCode !== 0) return failed(`sessions create: exit ${exitCode}`)
    const expected = { id: asked, agentId: printed?.agentId ?? '' }
    if (printed?.id !== asked)
      return failed('the client made another session', { expected, actual: printed?.id ?? null })
    return there.id === asked && there.agentId === expected.agentId && there.agentId !== ''
      ? passed({ actual: { ...there } })
      : failed('another session is there', { expected, actual: { ...there } })
  },

  counterproofs: [
    {
      id: 'session-refused',
      breaks: 'the client could not make it',
      because: /sessions create: exit 6/,
      observation: observed => ({ ...observed, exitCode: 6 }),
    },
    {
      id: 'session-elsewhere',
      breaks: 'the daemon answers with another session',
      because: /another session is there/,
      subject: (context, scope) =>
        withProxy(context, scope, {
          rewriteBody: (path, text) => {
            const { sessionId } = context.values.get(probeRun)
            return path === context.target.runs.paths.session(sessionId) ? text.replaceAll(sessionId, 'other') : text
          },
        }),
    },
  ],
})

interface Answered {
  /** Of creating, submitting and waiting; empty without a client. */
  readonly exitCodes: readonly (number | null)[]
  /** What the client said at the end of its wait, which ends well for a run that failed, too. */
  readonly waited: RunDetail | undefined
  readonly run: RunDetail
  readonly marker: string
}

/** The run ended well and says what only its prompt can have told it. */
export const runAnswered = defineCheck<Answered>({
  id: 'run-answered',
  title: 'A run through the route’s provider ends completed, with the marker of its prompt in its output',
  covers: ['7.2/6', '7.2/7', '7.2/8', '7.3/10', '7.3/11', '9.A/10', '9.A/11'],

  async probe(context) {
    const { runId, marker, printed } = context.values.get(probeRun)
    const { paths, read } = context.target.runs
    return {
      exitCodes:
        printed === undefined ? [] : [printed.created, printed.submitted, printed.waited].map(one => one.exitCode),
      waited: printed?.waited.view,
      run: await askFor(context, paths.run(runId), read.run),
      marker,
    }
  },

  judge({ exitCodes, waited, run, marker }) {
    const wrong = exitCodes.find(code => code !== 0)
    if (wrong !== undefined) return failed(`the client ended with exit ${wrong}`)
    if (run.status !== 'completed')
      return failed(`the run ended ${run.status}`, { expected: 'completed', actual: run.error ?? run.status })
    if (exitCodes.length > 0 && waited?.status !== run.status)
      return failed('the client says the run ended otherwise', { expected: run.status, actual: waited?.status ?? null })
    const silent = [run, ...(waited === undefined ? [] : [waited])].find(
      ({ outputs }) => !outputs.some(output => output.includes(marker)),
    )
    return silent === undefined
      ? passed({ actual: { status: run.status, outputs: run.outputs.length } })
      : failed('no output holds the marker of the prompt', { expected: marker, actual: [...silent.outputs] })
  },

  counterproofs: [
    {
      id: 'marker-missing',
      breaks: 'the output holds another text',
      because: /no output holds/,
      observation: observed => ({ ...observed, run: { ...observed.run, outputs: ['I would rather not.'] } }),
    },
    {
      id: 'client-refused',
      breaks: 'the client could not submit it',
      because: /exit 2/,
      observation: observed => ({ ...observed, exitCodes: [0, 2, 0] }),
    },
    {
      id: 'output-changed',
      breaks: 'the daemon answers with another output',
      because: /no output holds/,
      subject: (context, scope) => {
        const { marker } = context.values.get(probeRun)
        return withProxy(context, scope, { rewriteBody: (_, text) => text.replaceAll(marker, 'something else') })
      },
    },
    {
      id: 'provider-fails',
      breaks: 'the provider of another daemon answers 500, and waiting for the run ends with exit 0 all the same',
      because: /the run ended failed/,
      cost: { instances: 1 },
      unavailable: withoutProvider,
      subject: async (context, scope) => {
        const broken = await withBrokenDaemon(context, scope, {})
        // Not worth another try, so that the end comes at once.
        await switchProvider(broken, { behavior: 'status', status: 400 })
        const run = await makeProbeRun(broken, 'runproof-broken', RUN_MS)
        return changed(broken, { values: broken.values.with(probeRun, run) })
      },
    },
  ],
})

interface Asked {
  /** Since the run was submitted. */
  readonly requests: readonly ProviderRequest[]
  readonly model: string
}

/** The provider was asked once, with the credential of the route and for its model. */
export const providerAsked = defineCheck<Asked>({
  id: 'provider-asked',
  title: 'The provider was asked exactly once, with the credential that the route refers to',

  untested: withoutProvider,

  async probe(context) {
    const { route, providerRequestsBefore } = context.values.get(probeRun)
    const requests = await providerRequests(context)
    return { requests: requests.slice(providerRequestsBefore), model: route.model }
  },

  judge({ requests, model }) {
    const actual = requests.map(({ authorized, status }) => ({ authorized, status: status ?? null })) as Json
    const [only] = requests
    if (only === undefined) return failed('the provider was not asked', { actual })
    if (requests.length > 1) return failed(`the provider was asked ${requests.length} times`, { expected: 1, actual })
    if (!only.authorized) return failed('the credential shown is not the one of the route', { actual })
    if (only.model !== model) return failed('another model was asked', { expected: model, actual: only.model ?? null })
    return only.status === 200 ? passed({ actual }) : failed('the provider did not answer', { actual })
  },

  counterproofs: [
    {
      id: 'not-asked',
      breaks: 'the provider was not asked: the answer came from elsewhere',
      because: /was not asked/,
      observation: observed => ({ ...observed, requests: [] }),
    },
    {
      id: 'other-credential',
      breaks: 'another credential was shown',
      because: /not the one of the route/,
      observation: observed => ({ ...observed, requests: [{ ...observed.requests[0]!, authorized: false }] }),
    },
    {
      id: 'asked-again',
      breaks: 'somebody asks the provider once more, without a credential',
      because: /asked 2 times/,
      subject: async context => {
        await askProvider(context)
        return context
      },
    },
  ],
})
