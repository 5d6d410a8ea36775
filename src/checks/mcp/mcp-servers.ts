import { withProxy } from '../../daemon/break.ts'
import { type CheckContext, defineCheck, failed, passed } from '../../model/check.ts'
import { jsonAnswer } from '../../model/json-answer.ts'
import type { McpServerView, McpSnapshot } from '../../model/mcp.ts'
import { ask } from '../../suite/ask.ts'
import { snapshotOf } from '../../suite/mcp-calls.ts'

/** The runtime tells of its MCP servers, also where there are none. */
export const mcpReadable = defineCheck<McpSnapshot>({
  id: 'mcp-readable',
  title: 'The runtime lists its MCP servers, and as tools exactly those of its servers',
  probe: snapshotOf,

  judge({ servers, toolNames }) {
    const theirs = servers.flatMap(({ tools }) => tools)
    const lost = theirs.find(tool => !toolNames.includes(tool))
    if (lost !== undefined) return failed(`the tool ${lost} of a server is not listed`)
    const stray = toolNames.find(tool => !theirs.includes(tool))
    return stray === undefined
      ? passed({ actual: { servers: servers.length, tools: toolNames.length } })
      : failed(`the tool ${stray} is of no server`)
  },

  counterproofs: [
    {
      id: 'stray-tool',
      breaks: 'a tool is of no server',
      because: /is of no server/,
      observation: observed => ({ ...observed, toolNames: [...observed.toolNames, 'stray'] }),
    },
    {
      id: 'mcp-renamed',
      breaks: 'the runtime calls its MCP servers something else',
      expects: 'ANSWER_MALFORMED',
      subject: (context, scope) =>
        withProxy(context, scope, { rewriteBody: (_path, text) => text.replace('"mcp":', '"servers":') }),
    },
  ],
})

interface Servers {
  readonly servers: readonly Pick<McpServerView, 'server' | 'connected' | 'error'>[]
  readonly lazy: string
  /** Names of the secrets that stand in what is shown. */
  readonly holds: readonly string[]
  /** How many were looked for. */
  readonly secrets: number
}

/** No server is down, and what is shown of them holds no secret. */
export const mcpServers = defineCheck<Servers>({
  id: 'mcp-servers',
  title: 'Every MCP server is connected or waits for its account, and no known secret is shown with it',
  untested: async context =>
    (await snapshotOf(context)).servers.length === 0 ? 'the daemon has no MCP server' : undefined,
  probe: look,

  judge({ servers, lazy, holds, secrets }) {
    if (servers.length === 0) return failed('there is no server')
    if (secrets === 0) return failed('no secret was looked for')
    if (holds.length > 0) return failed(`the secret ${holds[0]} is shown`)
    const down = servers.find(({ connected, error }) => !connected && error !== lazy)
    if (down !== undefined) return failed(`${down.server} is down: ${down.error ?? 'without a reason'}`)
    const both = servers.find(({ connected, error }) => connected && error !== undefined)
    return both === undefined
      ? passed({ actual: servers.map(({ server, connected }) => `${server} ${connected ? 'connected' : 'waits'}`) })
      : failed(`${both.server} is connected and has an error: ${both.error}`)
  },

  counterproofs: [
    {
      id: 'nothing-looked-for',
      breaks: 'no secret was looked for',
      because: /no secret was looked for/,
      observation: observed => ({ ...observed, secrets: 0 }),
    },
    {
      id: 'unexplained',
      breaks: 'a server is down without a reason',
      because: /without a reason/,
      observation: observed => ({
        ...observed,
        servers: [...observed.servers, { server: 'another', connected: false, error: undefined }],
      }),
    },
    {
      id: 'down',
      breaks: 'the runtime shows every server as down',
      because: /is down/,
      subject: (context, scope) =>
        withProxy(context, scope, {
          rewriteBody: (_path, text) => text.replaceAll('"connected":true', '"connected":false,"error":"refused"'),
        }),
    },
    {
      id: 'secret-shown',
      breaks: 'the runtime shows a secret with a server',
      because: /is shown/,
      subject: (context, scope) => {
        const secret = context.knownSecrets()[0]!.reveal()
        return withProxy(context, scope, {
          rewriteBody: (_path, text) => text.replace('"transport":', `"instructions":"${secret}","transport":`),
        })
      },
    },
  ],
})

async function look(context: CheckContext): Promise<Servers> {
  const { paths, read, lazy } = context.target.mcp
  const answer = await ask(context, paths.runtime)
  const { servers } = read.snapshot(jsonAnswer(paths.runtime, answer))
  const secrets = context.knownSecrets()
  return {
    servers: servers.map(({ server, connected, error }) => ({ server, connected, error })),
    lazy,
    holds: secrets.filter(secret => answer.text.includes(secret.reveal())).map(({ name }) => name),
    secrets: secrets.length,
  }
}
