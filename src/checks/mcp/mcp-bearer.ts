import { withBrokenDaemon, withProxy } from '../../daemon/break.ts'
import { randomSecret } from '../../daemon/random-secret.ts'
import { isolated } from '../../daemon/subjects.ts'
import { defineCheck, failed, passed } from '../../model/check.ts'
import type { McpServerView } from '../../model/mcp.ts'
import { ask, jsonOf } from '../../suite/ask.ts'
import { callEcho, serverOf, type ToolCall } from '../../suite/mcp-calls.ts'
import {
  BEARER_SERVER,
  ECHO,
  type McpRequest,
  mcpRequests,
  startMcpServer,
  withFault,
  writeConfigurations,
} from '../../suite/mcp-site.ts'
import { withoutFaults } from '../daemon/without-faults.ts'

interface Connected {
  readonly server: McpServerView
  readonly slot: string
  readonly tool: string
}

/** The server is connected with the one slot it was configured with, and its tools are known. */
export const mcpConnected = defineCheck<Connected>({
  id: 'mcp-connected',
  title: 'The MCP server with a bearer token from a slot is connected, and says so of that slot alone',
  covers: ['9.E/1', '9.E/2', '9.E/3', '9.E/4'],

  async probe(context) {
    const { bearerSlot, toolName } = context.target.mcp
    return {
      server: await serverOf(context, BEARER_SERVER),
      slot: bearerSlot(BEARER_SERVER),
      tool: toolName(BEARER_SERVER, ECHO),
    }
  },

  judge({ server, slot, tool }) {
    const { connected, usesCredentials, secretRefs, tools, error } = server
    if (!connected || error !== undefined) return failed(`it is not connected: ${error ?? 'without a reason'}`)
    if (!usesCredentials) return failed('it is shown as one that needs no credentials')
    if (secretRefs.length !== 1 || secretRefs[0] !== slot)
      return failed('it draws on other slots', { expected: [slot], actual: [...secretRefs] })
    return tools.includes(tool)
      ? passed({ actual: { secretRefs: [...secretRefs], tools: tools.length } })
      : failed(`its tool ${tool} is not known`, { actual: [...tools] })
  },

  counterproofs: [
    {
      id: 'another-slot',
      breaks: 'it draws on one slot more',
      because: /other slots/,
      observation: observed => ({
        ...observed,
        server: { ...observed.server, secretRefs: [...observed.server.secretRefs, 'mcp.custom.another.TOKEN'] },
      }),
    },
    {
      id: 'no-tools',
      breaks: 'it has no tools',
      because: /is not known/,
      observation: observed => ({ ...observed, server: { ...observed.server, tools: [] } }),
    },
    {
      id: 'credentials-denied',
      breaks: 'the runtime says that it needs no credentials',
      because: /needs no credentials/,
      subject: (context, scope) =>
        withProxy(context, scope, {
          rewriteBody: (_path, text) => text.replaceAll('"uses_credentials":true', '"uses_credentials":false'),
        }),
    },
    {
      id: 'credentials-renamed',
      breaks: 'the runtime calls uses_credentials something else',
      expects: 'ANSWER_MALFORMED',
      subject: (context, scope) =>
        withProxy(context, scope, {
          rewriteBody: (_path, text) => text.replaceAll('"uses_credentials"', '"credentials"'),
        }),
    },
    {
      id: 'wrong-bearer',
      breaks: 'a server wants another bearer token than the slot holds',
      because: /is not connected/,
      cost: { instances: 1 },
      subject: (context, scope) =>
        withBrokenDaemon(context, scope, {
          async beforeStart(inside) {
            await writeConfigurations(context, inside)
            await startMcpServer(context, inside, randomSecret('another-bearer-token'))
          },
        }),
    },
  ],
})

/** What the server itself saw: never a request without the token, whatever kind it was. */
export const mcpBearerAlways = defineCheck<readonly McpRequest[]>({
  id: 'mcp-bearer',
  title: 'Every single request that the MCP server saw carried the right bearer token',
  covers: ['9.E/5'],
  probe: mcpRequests,

  judge(requests) {
    const bare = requests.find(one => one.bearer !== 'right')
    if (bare !== undefined) return failed(`the bearer of a ${bare.rpc ?? bare.method} was ${bare.bearer}`)
    for (const rpc of ['initialize', 'tools/list']) {
      const answered = requests.some(one => one.method === 'POST' && one.rpc === rpc && one.status === 200)
      if (!answered) return failed(`no ${rpc} was answered`)
    }
    // The daemon has to live with 202 for what wants no answer, and with 405 for what is not offered.
    const notice = requests.find(one => one.rpc?.startsWith('notifications/') === true)
    if (notice === undefined || notice.status !== 202) return failed('no notification came that was answered 202')
    return passed({ actual: { requests: requests.length } })
  },

  counterproofs: [
    {
      id: 'nothing-came',
      breaks: 'no request came',
      because: /no initialize/,
      observation: () => [],
    },
    {
      id: 'one-bare',
      breaks: 'one request carried no bearer',
      because: /the bearer of a GET was absent/,
      observation: observed => [...observed, { method: 'GET', rpc: undefined, bearer: 'absent', status: 405 }],
    },
    {
      id: 'one-wrong',
      breaks: 'one request carried another bearer',
      because: /was wrong/,
      observation: ([first, ...rest]) => [{ ...first!, bearer: 'wrong' }, ...rest],
    },
    {
      id: 'notification-without-bearer',
      breaks: 'a daemon leaves it off what wants no answer',
      because: /the bearer of a POST was absent/,
      unavailable: withoutFaults,
      cost: { instances: 1 },
      subject: (context, scope) => withBrokenDaemon(context, scope, withFault(context, 'mcp-without-bearer')),
    },
  ],
})

/** A tool is really called: its answer holds what only the caller and the server know. */
export const mcpToolCall = defineCheck<ToolCall>({
  id: 'mcp-tool-call',
  title: 'A tool call reaches the server with the token, once, and what it answers comes back',
  probe: callEcho,

  judge(call) {
    const { status, echoed, reached, authorized } = call
    if (status !== 200) return failed(`the call gave ${status}`, { actual: { ...call } })
    if (!echoed) return failed('the answer does not hold the text that was sent')
    if (reached !== 1) return failed(`the server saw ${reached} calls`, { expected: 1, actual: reached })
    return authorized === 1 ? passed({ actual: { ...call } }) : failed('the server was not shown the token')
  },

  counterproofs: [
    {
      id: 'made-up',
      breaks: 'the server saw no call',
      because: /saw 0 calls/,
      observation: observed => ({ ...observed, reached: 0 }),
    },
    {
      id: 'unauthorized',
      breaks: 'the call came without the token',
      because: /was not shown/,
      observation: observed => ({ ...observed, authorized: 0 }),
    },
    {
      id: 'another-answer',
      breaks: 'the answer is that of another call',
      because: /does not hold/,
      subject: (context, scope) =>
        withProxy(context, scope, { rewriteBody: (_path, text) => text.replaceAll(/runproof-[0-9a-f]{24}/g, 'text') }),
    },
  ],
})

interface Held {
  readonly status: number
  readonly said: string
  readonly expected: string
  /** The slot, asked for afterwards. */
  readonly after: number
}

/** A slot that a server draws on cannot be deleted. */
export const mcpSlotHeld = defineCheck<Held>({
  id: 'mcp-slot-held',
  title: 'The slot of an MCP server cannot be deleted as long as it is configured',
  covers: ['9.E/7'],

  async probe(context) {
    const { paths, bearerSlot, held, read } = context.target.mcp
    const { adminToken } = context.values.get(isolated)
    const path = paths.secret(bearerSlot(BEARER_SERVER))
    const { status, text } = await ask(context, path, { method: 'DELETE' })
    return {
      status,
      said: status === 409 ? read.problem(jsonOf(path, text)) : '',
      expected: held,
      after: (await ask(context, path, { bearer: adminToken })).status,
    }
  },

  judge({ status, said, expected, after }) {
    if (status !== 409) return failed(`deleting it gave ${status}, expected 409`)
    if (!said.includes(expected)) return failed('it is refused for another reason', { expected, actual: said })
    return after === 200 ? passed({ actual: said }) : failed(`after that the slot itself gave ${after}`)
  },

  counterproofs: [
    {
      id: 'another-reason',
      breaks: 'it is refused for another reason',
      because: /another reason/,
      observation: observed => ({ ...observed, said: 'the store is read-only' }),
    },
    {
      id: 'gone-anyway',
      breaks: 'it is refused, and gone all the same',
      because: /gave 404/,
      observation: observed => ({ ...observed, after: 404 }),
    },
    {
      id: 'deleted',
      breaks: 'something says that it was deleted',
      because: /deleting it gave 200/,
      subject: (context, scope) => {
        const { paths, bearerSlot } = context.target.mcp
        return withProxy(context, scope, {
          answer: {
            paths: [paths.secret(bearerSlot(BEARER_SERVER))],
            status: 200,
            headers: { 'content-type': 'application/json' },
            body: '{"accepted":true}',
          },
        })
      },
    },
  ],
})
