import { withProxy } from '../../daemon/break.ts'
import { type CheckContext, defineCheck, failed, type Json, passed } from '../../model/check.ts'
import { jsonAnswer } from '../../model/json-answer.ts'
import { ask, askFor } from '../../suite/ask.ts'
import { enrolled } from '../../suite/capture-agents.ts'
import { revealing } from '../../suite/revealing.ts'

/** HTTP status per way of asking. */
interface Access {
  readonly agents: number
  readonly alerts: number
  readonly agentsWithout: number
  readonly alertsWithout: number
}

/** What capture agents are doing is not public. */
export const captureAccess = defineCheck<Access>({
  id: 'capture-access',
  title: 'Capture agents and their alerts are shown to who has a token, and to nobody else',

  async probe(context) {
    const { agents, alerts } = context.target.captureAgents.paths
    const status = async (path: string, bearer?: 'none') =>
      (await ask(context, path, bearer === undefined ? {} : { bearer })).status
    return {
      agents: await status(agents),
      alerts: await status(alerts),
      agentsWithout: await status(agents, 'none'),
      alertsWithout: await status(alerts, 'none'),
    }
  },

  judge(observed) {
    const expected: Access = { agents: 200, alerts: 200, agentsWithout: 401, alertsWithout: 401 }
    const wrong = (Object.keys(expected) as (keyof Access)[]).filter(name => observed[name] !== expected[name])
    const details = { expected: { ...expected }, actual: { ...observed } }
    return wrong.length === 0
      ? passed(details)
      : failed(wrong.map(name => `${name} gave ${observed[name]}, expected ${expected[name]}`).join('; '), details)
  },

  counterproofs: [
    {
      id: 'limited',
      breaks: 'a refusal is the limiter speaking',
      because: /agentsWithout gave 429/,
      observation: observed => ({ ...observed, agentsWithout: 429 }),
    },
    {
      id: 'agents-refused',
      breaks: 'the right token is refused',
      because: /agents gave 403/,
      observation: observed => ({ ...observed, agents: 403 }),
    },
    {
      id: 'open-to-all',
      breaks: 'everybody is answered, with or without a token',
      because: /alertsWithout gave 200/,
      subject: (context, scope) =>
        withProxy(context, scope, {
          answer: { status: 200, headers: { 'content-type': 'application/json' }, body: '[]' },
        }),
    },
  ],
})

interface Readable {
  readonly agents: number
  readonly alerts: number
}

/** The lists are there and have the members they should have, also where they are empty. */
export const captureReadable = defineCheck<Readable>({
  id: 'capture-readable',
  title: 'The lists of capture agents and of their alerts can be read',

  async probe(context) {
    const { agents, alerts } = await views(context)
    return { agents: agents.length, alerts: alerts.length }
  },

  judge: ({ agents, alerts }) =>
    alerts > agents
      ? failed('there are more alerts than agents', { expected: agents, actual: alerts })
      : passed({ actual: { agents, alerts } }),

  counterproofs: [
    {
      id: 'more-alerts-than-agents',
      breaks: 'there is an alert too many',
      because: /more alerts than agents/,
      observation: observed => ({ ...observed, alerts: observed.agents + 1 }),
    },
    {
      id: 'state-renamed',
      breaks: 'the agents call their heartbeat state something else',
      expects: 'ANSWER_MALFORMED',
      subject: (context, scope) =>
        withProxy(context, scope, { rewriteBody: (_path, text) => text.replaceAll('"heartbeat_state"', '"state"') }),
    },
    {
      id: 'page',
      breaks: 'a page answers in their place',
      expects: 'ANSWER_MALFORMED',
      subject: (context, scope) =>
        withProxy(context, scope, {
          answer: { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>welcome</html>' },
        }),
    },
  ],
})

interface Views {
  readonly agents: readonly { readonly machineId: string; readonly missing: boolean }[]
  readonly alerts: readonly string[]
  /** Members that hold what should not be shown. */
  readonly revealing: readonly string[]
}

/** What is shown of capture agents holds no token and no digest of one, and alerts are about exactly those that are late. */
export const captureViews = defineCheck<Views>({
  id: 'capture-views',
  title: 'What is shown of capture agents gives no token away, and exactly the late ones have an alert',
  untested: async context =>
    context.values.find(enrolled) === undefined && (await views(context)).agents.length === 0
      ? 'no capture agent is provisioned'
      : undefined,
  probe: views,

  judge({ agents, alerts, revealing: places }) {
    if (agents.length === 0) return failed('no agent is shown')
    if (places.length > 0) return failed(`a token or a digest stands at ${places[0]}`, { actual: [...places] })
    const late = agents.filter(({ missing }) => missing).map(({ machineId }) => machineId)
    const unannounced = late.filter(machine => !alerts.includes(machine))
    if (unannounced.length > 0) return failed(`no alert tells that ${unannounced[0]} is late`)
    const stray = alerts.filter(machine => !late.includes(machine))
    if (stray.length > 0) return failed(`an alert is about ${stray[0]}, which is not late`)
    return passed({ actual: { agents: agents.length, alerts: alerts.length } })
  },

  counterproofs: [
    {
      id: 'nobody',
      breaks: 'no agent is shown',
      because: /no agent/,
      observation: observed => ({ ...observed, agents: [] }),
    },
    {
      id: 'late-without-alert',
      breaks: 'an agent is late and has no alert',
      because: /no alert tells/,
      observation: observed => ({
        ...observed,
        agents: [...observed.agents, { machineId: 'another', missing: true }],
      }),
    },
    {
      id: 'alert-of-nobody',
      breaks: 'an alert is about an agent that is not late',
      because: /an alert is about/,
      observation: observed => ({ ...observed, alerts: [...observed.alerts, 'another'] }),
    },
    {
      id: 'digest-shown',
      breaks: 'the list of agents shows a digest',
      because: /stands at \[0\]\.token_sha256/,
      subject: (context, scope) =>
        withProxy(context, scope, {
          rewriteBody: (path, text) =>
            path === context.target.captureAgents.paths.agents ? withMember(text, 'a'.repeat(64)) : text,
        }),
    },
  ],
})

/** The list with one more member in its first item. */
export function withMember(list: string, value: string): string {
  const [first, ...rest] = JSON.parse(list) as Record<string, Json>[]
  return JSON.stringify([{ ...first, token_sha256: value }, ...rest])
}

/**
 * An agent may become late while its alerts are asked for: only those that are the same before and after are looked at, and only
 * their alerts.
 */
async function views(context: CheckContext): Promise<Views> {
  const { paths, token, harmlessDigests, read } = context.target.captureAgents
  const document = jsonAnswer(paths.agents, await ask(context, paths.agents))
  const before = read.agents(document)
  const alerts = await askFor(context, paths.alerts, read.alerts)
  const after = await askFor(context, paths.agents, read.agents)
  const state = (agents: typeof before, machine: string) => agents.find(one => one.machineId === machine)?.heartbeat
  const same = ({ machineId }: { readonly machineId: string }) => state(before, machineId) === state(after, machineId)
  return {
    agents: before.filter(same).map(({ machineId, heartbeat }) => ({ machineId, missing: heartbeat === 'missing' })),
    alerts: alerts.filter(same).map(({ machineId }) => machineId),
    revealing: revealing(document, token, harmlessDigests),
  }
}
