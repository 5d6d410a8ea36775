import { randomBytes } from 'node:crypto'
import { client } from '../daemon/client.ts'
import { randomSecret } from '../daemon/random-secret.ts'
import type { CheckContext } from '../model/check.ts'
import { RunproofError } from '../model/error.ts'
import type { McpServerView, McpSnapshot } from '../model/mcp.ts'
import type { Secret } from '../model/secret.ts'
import { ask, askFor } from './ask.ts'
import { BEARER_SERVER, ECHO, mcpRequests } from './mcp-site.ts'
import { activeRoute, freshMarker, openSession, runEnded, submitRun } from './probe-run.ts'

export function snapshotOf(context: CheckContext): Promise<McpSnapshot> {
  const { paths, read } = context.target.mcp
  return askFor(context, paths.runtime, read.snapshot)
}

/** @throws RunproofError ANSWER_MALFORMED when the daemon does not show it */
export async function serverOf(context: CheckContext, name: string): Promise<McpServerView> {
  const { servers } = await snapshotOf(context)
  const server = servers.find(one => one.server === name)
  if (server === undefined) throw new RunproofError('ANSWER_MALFORMED', `the runtime shows no MCP server ${name}`)
  return server
}

/** What calling a tool came to: at the daemon, and at the server behind it. */
export interface ToolCall {
  readonly status: number
  /** Whether the answer holds the text that was sent, which nobody can guess. */
  readonly echoed: boolean
  /** Calls that reached the server meanwhile, and those of them that showed the bearer token it wants. */
  readonly reached: number
  readonly authorized: number
}

/** Calls the tool that gives back its text. */
export async function callEcho(context: CheckContext): Promise<ToolCall> {
  const { paths, toolName } = context.target.mcp
  const text = `runproof-${randomBytes(12).toString('hex')}`
  const before = (await mcpRequests(context)).length
  const answer = await ask(context, paths.callTool(toolName(BEARER_SERVER, ECHO)), { body: { input: { text } } })
  const calls = (await mcpRequests(context)).slice(before).filter(({ method, rpc, bearer }) => {
    // A refused call is not read, so nobody knows what it was.
    return method === 'POST' && (rpc === 'tools/call' || bearer !== 'right')
  })
  return {
    status: answer.status,
    echoed: answer.text.includes(text),
    reached: calls.length,
    authorized: calls.filter(({ bearer }) => bearer === 'right').length,
  }
}

/** Replaces what the slot of the bearer token holds, by the daemon's own client. @throws RunproofError COMMAND_FAILED */
export async function overwriteBearer(context: CheckContext): Promise<Secret> {
  const bearer = randomSecret('new-mcp-bearer-token')
  context.protect(bearer)
  const words = ['secrets', 'set', context.target.mcp.bearerSlot(BEARER_SERVER), '--provider', 'generic', '--stdin']
  const { exitCode } = await client(context, words, document => context.target.read.slots([document]), {
    stdin: bearer,
  })
  if (exitCode !== 0) throw new RunproofError('COMMAND_FAILED', `${words.join(' ')} ended with exit ${exitCode}`)
  return bearer
}

/** What a run said whose model was told to call a tool. */
export interface CalledByModel {
  /** Whether it went on to say what it was to say after the tool had answered. */
  readonly said: boolean
  readonly agentId: string
}

/** Has the model beside the daemon call a tool of a server, in a session of its own, with every tool allowed. */
export async function callByModel(context: CheckContext, server: string, timeoutMs: number): Promise<CalledByModel> {
  const { target } = context
  const { allowTools, submission, toolName } = target.mcp
  await ask(context, allowTools.path, { body: allowTools.body })
  const marker = freshMarker()
  const { id: session, agentId } = await openSession(context, `runproof-mcp-${randomBytes(4).toString('hex')}`)
  const call = `CALL_TOOL:${toolName(server, ECHO)}:${JSON.stringify({ text: 'a smoke suite' })}`
  const route = await activeRoute(context)
  const id = await submitRun(context, session, submission(`${call}\nREPLY_WITH:${marker}`, route.id))
  const run = await runEnded(context, id, Math.min(context.deadlineMs, timeoutMs))
  return { said: run.outputs.some(text => text.includes(marker)), agentId }
}
