import { daemon } from '../../daemon/subjects.ts'
import { capture, keptCapture } from '../../model/capture.ts'
import type { CheckContext, Json } from '../../model/check.ts'
import { RunproofError } from '../../model/error.ts'
import type { McpServerView } from '../../model/mcp.ts'
import type { StepContext } from '../../model/runbook.ts'
import type { Secret } from '../../model/secret.ts'
import { ask } from '../../suite/ask.ts'
import { type CalledByModel, callByModel, callEcho, snapshotOf, type ToolCall } from '../../suite/mcp-calls.ts'
import { BEARER_SERVER, type McpRequest, mcpHello, mcpRequests, mcpSite, showMcp } from '../../suite/mcp-site.ts'
import { asAdmin, readSubject } from '../../suite/revocations.ts'
import { newSecret } from '../new-secret.ts'
import { goodLeases, type SlotChange, setSlot, slotChangedAtMs } from '../slots/slot.ts'
import { waitUntil, withinMsOf } from '../wait-until.ts'

const MODEL_MS = 20_000
/** Whom the daemon acts for when it connects to a server by itself. */
const DAEMON_SUBJECT = 'daemon'

/** Whose bearer is replaced, as it was before anything was. */
export interface BearerUse {
  readonly server: string
  readonly slot: string
  /** Every server that draws on the slot: all of them are disconnected by the replacement. */
  readonly users: readonly string[]
  readonly updatedAtMs: number
  /** Leases that give access to the slot, good at that moment. */
  readonly leases: readonly string[]
}
export const bearerUse = keptCapture<BearerUse>('bearer-use', 'the slot, who draws on it, and when it was last set')

export interface StoredBearer extends SlotChange {
  readonly at: string
  /** Requests that the server had seen until then; zero where it is not the rehearsal’s own. */
  readonly requestsBefore: number
}
export const storedBearer = keptCapture<StoredBearer>('stored-bearer', 'how the slot was set')

/** What came of letting a model call a tool of the server; only in a rehearsal. */
export const modelCall = capture<CalledByModel>('model-call', 'a run whose model called a tool of the server')

/**
 * The slot of the server that was named, and who else draws on it.
 *
 * @throws RunproofError PARAM_INVALID for a server that is not there, or that draws on no slot, several, or an account
 */
export async function lookAtUse(context: CheckContext): Promise<BearerUse> {
  const { target, params, values } = context
  const { servers } = await snapshotOf(context)
  const name = params['server'] ?? BEARER_SERVER
  const server = servers.find(one => one.server === name)
  if (server === undefined)
    throw new RunproofError('PARAM_INVALID', `the daemon has no MCP server ${name}`, {
      hint: servers.length === 0 ? 'it has none at all' : `it has ${servers.map(one => one.server).join(', ')}`,
    })
  const slot = slotOf(server, params['slot'])
  if (slot === target.mcp.accountSlot(name))
    throw new RunproofError('PARAM_INVALID', `${name} has an OAuth account in ${slot}, and no bearer token`, {
      hint: `rotate-mcp-oauth --param server=${name}`,
    })
  const updatedAtMs = await slotChangedAtMs(context, slot)
  if (updatedAtMs === undefined)
    throw new RunproofError('PARAM_INVALID', `${name} draws on ${slot}, and no such slot is stored`, {
      hint: 'a first value is no rotation: secrets set stores it, and a start of the daemon connects the server',
    })
  return {
    server: name,
    slot,
    users: usersOf(servers, slot).map(one => one.server),
    updatedAtMs,
    leases: values.get(daemon).reached === 'isolated' ? await leasesOn(context, slot) : [],
  }
}

function slotOf({ server, secretRefs }: McpServerView, given: string | undefined): string {
  if (given !== undefined && !secretRefs.includes(given))
    throw new RunproofError('PARAM_INVALID', `${server} does not draw on ${given}`, {
      hint: secretRefs.length === 0 ? 'it draws on no slot' : `it draws on ${secretRefs.join(', ')}`,
    })
  const [first, ...others] = given === undefined ? secretRefs : [given]
  if (first === undefined)
    throw new RunproofError('PARAM_INVALID', `${server} draws on no slot, so there is nothing to rotate here`, {
      hint: 'its credential is where its configuration says, for instance in an environment variable',
    })
  if (others.length > 0)
    throw new RunproofError('PARAM_INVALID', `${server} draws on several slots: ${secretRefs.join(', ')}`, {
      hint: `--param slot=${first}`,
    })
  return first
}

export function usersOf(servers: readonly McpServerView[], slot: string): readonly McpServerView[] {
  return servers.filter(({ secretRefs }) => secretRefs.includes(slot))
}

/** Leases on the slot that the daemon itself holds, since it connects to servers in no session. */
async function leasesOn(context: CheckContext, slot: string): Promise<readonly string[]> {
  const { status } = await ask(context, context.target.access.paths.subject(DAEMON_SUBJECT), asAdmin(context))
  if (status === 404) return []
  return goodLeases(context, (await readSubject(context, DAEMON_SUBJECT)).leases.mcp, slot)
}

/**
 * Stores the new value, by the daemon's own client. What a step does, and a counterproof on another daemon.
 *
 * @throws RunproofError COMMAND_FAILED when the daemon does not take it
 */
export async function storeNew(context: CheckContext): Promise<StoredBearer> {
  const { slot, updatedAtMs: changedBeforeMs } = context.values.get(bearerUse)
  const own = context.values.get(daemon).reached === 'isolated'
  const requestsBefore = own ? (await mcpRequests(context)).length : 0
  const set = await setSlot(context, slot, 'generic', context.values.get(newSecret))
  if (set.exitCode !== 0)
    throw new RunproofError('COMMAND_FAILED', `setting ${slot} ended with exit ${set.exitCode}`, {
      hint: `what it holds is not known: secrets get ${slot} shows when it was changed last`,
    })
  return { slot, set, changedBeforeMs, at: context.tools.clock.now().toISOString(), requestsBefore }
}

/** What is seen of the servers once the value should be in use. */
export interface InUse {
  readonly servers: readonly Pick<McpServerView, 'server' | 'connected' | 'error'>[]
  /** An operator's call of a tool: how it was answered, and where the server is ours, what reached it. */
  readonly call: (Partial<ToolCall> & Pick<ToolCall, 'status'>) | undefined
  /** Everything that reached the server since the slot was set; undefined where it is not ours. */
  readonly since: readonly McpRequest[] | undefined
  /** Whether a run went on after its model had called a tool. */
  readonly run: boolean | undefined
}

export async function seeUse(context: CheckContext): Promise<InUse> {
  const { slot } = context.values.get(bearerUse)
  const own = context.values.get(daemon).reached === 'isolated'
  const look = async () => usersOf((await snapshotOf(context)).servers, slot)
  // A rehearsal has started its daemon itself: whoever is not connected now is not waited for.
  const users = await waitUntil(
    context,
    own ? 0 : withinMsOf(context),
    look,
    seen => seen.length > 0 && seen.every(({ connected }) => connected),
  )
  const servers = users.map(({ server, connected, error }) => ({ server, connected, error }))
  if (!own) return { servers, call: await callGiven(context), since: undefined, run: undefined }
  const call = await callEcho(context)
  const since = (await mcpRequests(context)).slice(context.values.get(storedBearer).requestsBefore)
  return { servers, call, since, run: context.values.find(modelCall)?.said }
}

/** The tool call that the operator has called harmless. */
async function callGiven(context: CheckContext): Promise<{ readonly status: number } | undefined> {
  const { params, target } = context
  const { tool } = params
  if (tool === undefined) return undefined
  const input = JSON.parse(params['tool-input'] ?? '{}') as Json
  const path = target.mcp.paths.callTool(target.mcp.toolName(context.values.get(bearerUse).server, tool))
  return { status: (await ask(context, path, { body: { input } })).status }
}

/** Has the model beside the daemon call a tool of the server. */
export async function useByModel(context: StepContext): Promise<void> {
  context.set(modelCall, await callByModel(context, context.values.get(bearerUse).server, MODEL_MS))
}

/** Why the server itself cannot be asked here, or undefined. */
export function peerUnknown({ params, values }: CheckContext): string | undefined {
  return values.get(daemon).reached === 'isolated' || params['server-url'] !== undefined
    ? undefined
    : 'no server-url= says where the MCP server is asked itself'
}

/** Shows a bearer to the MCP server itself. @returns its HTTP status */
export async function showPeer(context: CheckContext, bearer: Secret): Promise<number> {
  const { params, tools, values, signal } = context
  if (values.get(daemon).reached === 'isolated') return showMcp(context, bearer)
  const { origin, pathname } = new URL(params['server-url']!)
  const peer = await tools.http.connect({ baseUrl: origin })
  try {
    return (await peer.request(pathname, { ...mcpHello(bearer), timeoutMs: 10_000, signal })).status
  } finally {
    await peer.close()
  }
}

/** The value that is replaced: known in a rehearsal, and where the operator gave it. */
export function oldBearer({ secrets, values }: StepContext): Secret | undefined {
  return values.get(daemon).reached === 'isolated' ? values.get(mcpSite).bearer : secrets['old']
}

/** Not kept, as no secret is. */
export const formerBearer = capture<Secret | undefined>(
  'former-bearer',
  'the value that is replaced, where it is known',
)
