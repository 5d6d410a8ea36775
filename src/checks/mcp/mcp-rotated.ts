import { withBrokenDaemon, withProxy } from '../../daemon/break.ts'
import { randomSecret } from '../../daemon/random-secret.ts'
import { capture } from '../../model/capture.ts'
import { defineCheck, failed, passed } from '../../model/check.ts'
import type { McpServerView } from '../../model/mcp.ts'
import { callEcho, overwriteBearer, serverOf, type ToolCall } from '../../suite/mcp-calls.ts'
import { BEARER_SERVER, expectBearer, type McpRequest, mcpRequests, mcpSite, withFault } from '../../suite/mcp-site.ts'
import { withoutFaults } from '../daemon/without-faults.ts'

/** A credential that the server does not take is not covered up. */
export const mcpRefusedBearer = defineCheck<ToolCall>({
  id: 'mcp-refused',
  title: 'A server that no longer takes the token makes the tool call fail',

  async probe(context) {
    const { bearer } = context.values.get(mcpSite)
    await expectBearer(context, randomSecret('another-bearer-token'))
    try {
      return await callEcho(context)
    } finally {
      await expectBearer(context, bearer)
    }
  },

  judge({ status, echoed, reached, authorized }) {
    if (status < 400) return failed(`the call gave ${status}, although the server took no token`)
    if (echoed) return failed('the refused call holds an answer')
    if (reached === 0) return failed('the server saw no call, so it refused none')
    return authorized === 0 ? passed({ actual: { status } }) : failed('the server took the token')
  },

  counterproofs: [
    {
      id: 'never-asked',
      breaks: 'the server saw no call',
      because: /saw no call/,
      observation: observed => ({ ...observed, reached: 0 }),
    },
    {
      id: 'covered-up',
      breaks: 'something in between answers 200',
      because: /gave 200/,
      subject: (context, scope) =>
        withProxy(context, scope, {
          answer: { status: 200, headers: { 'content-type': 'application/json' }, body: '{}' },
        }),
    },
  ],
})

interface Disconnected {
  readonly server: McpServerView
  readonly call: ToolCall
}

/** An overwritten slot ends what was connected with its old value. */
export const mcpDisconnected = defineCheck<Disconnected>({
  id: 'mcp-disconnected',
  title: 'Overwriting the slot disconnects the server, and no tool of it can be called any more',
  probe: async context => ({ server: await serverOf(context, BEARER_SERVER), call: await callEcho(context) }),

  judge({ server, call }) {
    if (server.connected) return failed('it is still connected')
    if (server.error === undefined || server.error === '') return failed('it is disconnected without a reason')
    if (server.tools.length > 0) return failed('it is disconnected, and its tools are there')
    if (call.status < 400) return failed(`calling its tool gave ${call.status}`)
    return call.reached === 0 ? passed({ actual: server.error }) : failed('a call reached the server all the same')
  },

  counterproofs: [
    {
      id: 'no-reason',
      breaks: 'no reason is given',
      because: /without a reason/,
      observation: observed => ({ ...observed, server: { ...observed.server, error: undefined } }),
    },
    {
      id: 'call-went-out',
      breaks: 'a call reached the server',
      because: /all the same/,
      observation: observed => ({ ...observed, call: { ...observed.call, reached: 1 } }),
    },
    {
      id: 'kept',
      breaks: 'a daemon keeps it connected',
      because: /still connected/,
      unavailable: withoutFaults,
      cost: { instances: 1 },
      async subject(context, scope) {
        const other = await withBrokenDaemon(context, scope, withFault(context, 'mcp-keeps-connection'))
        await overwriteBearer(other)
        return other
      },
    },
  ],
})

/** What was known when the daemon was started again. */
export const requestsBeforeRestart = capture<number>(
  'mcp-requests-before',
  'requests at the MCP server before a restart',
)

interface Reconnected extends Disconnected {
  readonly since: readonly McpRequest[]
}

/** After a restart the new value is in use, and nothing else ever was. */
export const mcpReconnected = defineCheck<Reconnected>({
  id: 'mcp-reconnected',
  title: 'Started again, the daemon connects with the new value and shows the server no other',

  async probe(context) {
    const server = await serverOf(context, BEARER_SERVER)
    const call = await callEcho(context)
    return { server, call, since: (await mcpRequests(context)).slice(context.values.get(requestsBeforeRestart)) }
  },

  judge({ server, call, since }) {
    if (!server.connected) return failed(`it is not connected: ${server.error ?? 'without a reason'}`)
    if (call.status !== 200 || !call.echoed || call.authorized !== 1)
      return failed(`calling its tool gave ${call.status}`, { actual: { ...call } })
    const stray = since.find(({ bearer }) => bearer !== 'right')
    if (since.length === 0) return failed('no request came after the restart')
    return stray === undefined
      ? passed({ actual: { requests: since.length } })
      : failed(`after the restart a bearer was ${stray.bearer}`)
  },

  counterproofs: [
    {
      id: 'old-value-shown',
      breaks: 'one request still carried the old value',
      because: /a bearer was wrong/,
      observation: observed => ({
        ...observed,
        since: [...observed.since, { ...observed.since[0]!, bearer: 'wrong' }],
      }),
    },
    {
      id: 'silence',
      breaks: 'no request came after the restart',
      because: /no request came/,
      observation: observed => ({ ...observed, since: [] }),
    },
    {
      id: 'not-connected',
      breaks: 'the runtime says that it is not connected',
      because: /is not connected/,
      subject: (context, scope) =>
        withProxy(context, scope, {
          rewriteBody: (_path, text) => text.replaceAll('"connected":true', '"connected":false'),
        }),
    },
  ],
})
