import { createHash, randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { setOffline } from '../daemon/make-site.ts'
import { randomSecret } from '../daemon/random-secret.ts'
import type { Broken } from '../daemon/start-isolated.ts'
import { isolated, type Recipe } from '../daemon/subjects.ts'
import { capture } from '../model/capture.ts'
import type { CheckContext, Json } from '../model/check.ts'
import { RunproofError } from '../model/error.ts'
import type { RequestOptions } from '../model/http.ts'
import type { Inside, Place } from '../model/instance.ts'
import { jsonAnswer } from '../model/json-answer.ts'
import type { StepContext } from '../model/runbook.ts'
import { Secret } from '../model/secret.ts'
import { startCompanion } from './companion.ts'
import { type OwnSite, PROVIDER } from './own-recipe.ts'

/** The MCP server that wants a bearer token, and the tool of it that gives back its text. */
export const BEARER_SERVER = 'secretHttp'
export const ECHO = 'echo'

/** The MCP server that wants an account at an authorization server. */
export const OAUTH_SERVER = 'oauthHttp'
export const SCOPES = ['read'] as const

const MCP = 'mcp'
const OAUTH = 'oauth'
/** Where a login listens for the browser to come back. */
const CALLBACK = 'callback'

/** Which servers the daemon is configured with. */
export type Configured = 'bearer' | 'oauth' | 'nothing'

export interface McpSite {
  /** What the daemon was told to show the server when it started. */
  readonly bearer: Secret
  /** Below which the authorization server takes orders; nobody guesses it. */
  readonly control: string
  /** What the next start of the daemon is configured with. */
  configured: Configured
  /** One end of the daemon after the other, each followed by a start, and the port that it was started at. */
  readonly restarts: { readonly exitCode: number | null; readonly signal: string | null; readonly port: number }[]
}

export const mcpSite = capture<McpSite>('mcp-site', 'credentials and configuration of the daemon’s MCP servers')

const sha256 = (value: string): string => createHash('sha256').update(value).digest('hex')

/**
 * A daemon that knows one MCP server by a bearer token which was stored before it ran; that server, an authorization server with
 * another MCP server, a model provider, and a way for a browser back to a login lie behind the same barrier.
 *
 * @param only - the daemon is configured with this server, and the other one is left out
 */
export async function mcpRecipe(
  context: StepContext,
  own: OwnSite,
  only?: Exclude<Configured, 'nothing'>,
): Promise<Recipe> {
  const { mcp } = context.target
  const bearer = randomSecret('mcp-bearer-token')
  if (only !== 'oauth') await setOffline(context, own.site, mcp.bearerSlot(BEARER_SERVER), 'generic', bearer)
  const site: McpSite = { bearer, control: randomBytes(16).toString('hex'), configured: only ?? 'bearer', restarts: [] }
  context.set(mcpSite, site)
  return {
    ...own.site,
    scratchDir: own.scratchDir,
    tunnels: [MCP, OAUTH, CALLBACK, PROVIDER],
    extras: place => ({
      providerUrl: `http://127.0.0.1:${place.tunnels[PROVIDER]}/v1`,
      ...(site.configured === 'nothing' ? {} : { mcpConfigFile: configFile(place, site.configured) }),
    }),
    async beforeStart(inside) {
      await writeConfigurations(context, inside)
      await Promise.all([
        ...(only === 'oauth' ? [] : [startMcpServer(context, inside, bearer)]),
        ...(only === 'bearer' ? [] : [startOAuthServer(context, inside)]),
        startCompanion(context, inside, PROVIDER),
      ])
    },
  }
}

/** Starts the server with the bearer token beside a daemon. @param bearer - what it wants to be shown */
export function startMcpServer(context: CheckContext, inside: Inside, bearer: Secret): Promise<void> {
  return startCompanion(context, inside, MCP, ['--bearer-sha256', sha256(bearer.reveal())])
}

function startOAuthServer(context: CheckContext, inside: Inside): Promise<void> {
  return startCompanion(context, inside, OAUTH, ['--control-id', context.values.get(mcpSite).control])
}

/**
 * What another daemon with this fault is started with, for counterproofs: as the suite's own is configured at this moment, and
 * beside it only the server that is asked then.
 *
 * @param fault - without one it is like the suite's own
 * @param also - the model provider, for one whose model is to call tools
 */
export function withFault(context: CheckContext, fault?: string, also?: 'provider'): Broken {
  const { configured, bearer } = context.values.get(mcpSite)
  return {
    ...(fault === undefined ? {} : { extras: { faults: [fault] } }),
    async beforeStart(inside) {
      await writeConfigurations(context, inside)
      await Promise.all([
        configured === 'bearer' ? startMcpServer(context, inside, bearer) : startOAuthServer(context, inside),
        ...(also === 'provider' ? [startCompanion(context, inside, PROVIDER)] : []),
      ])
    },
  }
}

/** Where a daemon with that configuration finds it. */
function configFile(place: Pick<Place, 'dir'>, which: Exclude<Configured, 'nothing'>): string {
  return join(place.dir, `mcp-${which}.toml`)
}

/** A daemon is told where its servers are only once its place is known. */
export async function writeConfigurations({ target: { mcp }, tools }: CheckContext, { place }: Inside): Promise<void> {
  const url = (tunnel: string) => `http://127.0.0.1:${place.tunnels[tunnel]}/mcp`
  const bearer = { name: BEARER_SERVER, url: url(MCP), slot: mcp.bearerSlot(BEARER_SERVER) }
  const oauth = { name: OAUTH_SERVER, url: url(OAUTH), slot: mcp.accountSlot(OAUTH_SERVER), scopes: SCOPES }
  await tools.files.write(configFile(place, 'bearer'), mcp.bearerConfig(bearer))
  await tools.files.write(configFile(place, 'oauth'), mcp.oauthConfig(oauth))
}

/** The MCP server that the authorization server protects. */
export function oauthResource({ values }: CheckContext): string {
  return `http://127.0.0.1:${values.get(isolated).instance.place.tunnels[OAUTH]}/mcp`
}

export function callbackPort({ values }: CheckContext): number {
  return values.get(isolated).instance.place.tunnels[CALLBACK]!
}

/** The browser comes back to a login. */
export function callBack({ values }: CheckContext, pathAndQuery: string) {
  return values.get(isolated).instance.through(CALLBACK).request(pathAndQuery)
}

/** The browser goes to the authorization server. Redirects are answers. */
export function goTo({ values }: CheckContext, pathAndQuery: string) {
  return values.get(isolated).instance.through(OAUTH).request(pathAndQuery)
}

/** One request that reached the server with the bearer token. */
export interface McpRequest {
  readonly method: string
  readonly rpc: string | undefined
  readonly bearer: string
  readonly status: number | undefined
}

/** Every request to it so far, in the order they came. @throws RunproofError ANSWER_MALFORMED */
export async function mcpRequests({ values }: CheckContext): Promise<readonly McpRequest[]> {
  const answer = await values.get(isolated).instance.through(MCP).request('/events')
  const { events } = jsonAnswer('the log of the MCP server', answer) as { events?: Json }
  return listOf('the log of the MCP server', events).map(({ http, rpc, bearer, status }) => {
    if (typeof http !== 'string' || typeof bearer !== 'string') throw malformed('the log of the MCP server')
    return {
      method: http,
      rpc: typeof rpc === 'string' ? rpc : undefined,
      bearer,
      status: typeof status === 'number' ? status : undefined,
    }
  })
}

/** From now on the server with the bearer token wants this one. */
export function expectBearer(context: CheckContext, bearer: Secret): Promise<void> {
  return order(context, MCP, '/control', { bearer_sha256: sha256(bearer.reveal()) })
}

/** Besides it, the server takes this one, as a provider does until somebody revokes it; undefined takes it no longer. */
export function keepFormerBearer(context: CheckContext, former: Secret | undefined): Promise<void> {
  return order(context, MCP, '/control', { former_bearer_sha256: former === undefined ? '' : sha256(former.reveal()) })
}

/** Asks the server with the bearer token itself. @returns its HTTP status */
export async function showMcp({ values }: CheckContext, bearer: Secret): Promise<number> {
  return (await values.get(isolated).instance.through(MCP).request('/mcp', mcpHello(bearer))).status
}

/** Asks the server behind the authorization server itself. @returns its HTTP status */
export async function showProtected({ values }: CheckContext, access: Secret): Promise<number> {
  return (await values.get(isolated).instance.through(OAUTH).request('/mcp', mcpHello(access))).status
}

/** The first message of a client, which changes nothing. */
export function mcpHello(bearer: Secret): RequestOptions {
  const params = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'runproof', version: '1' } }
  return {
    method: 'POST',
    bearer,
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params }),
  }
}

/**
 * Shows a refresh token to the authorization server, as who has stolen it would.
 *
 * @param clientId - of whom it was issued to
 * @returns its HTTP status
 */
export async function showRefresh(context: CheckContext, refresh: Secret, clientId: string): Promise<number> {
  const form = { grant_type: 'refresh_token', client_id: clientId, resource: oauthResource(context) }
  const body = `${new URLSearchParams(form)}&refresh_token=${encodeURIComponent(refresh.reveal())}`
  const answer = await context.values
    .get(isolated)
    .instance.through(OAUTH)
    .request('/oauth/token', {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    })
  return answer.status
}

/** Something that happened at the authorization server, told without any token. */
export type OAuthEvent = Readonly<Record<string, Json | undefined>> & { readonly type: string }

/** Everything that happened there so far. @throws RunproofError ANSWER_MALFORMED */
export async function oauthEvents(context: CheckContext): Promise<readonly OAuthEvent[]> {
  const what = 'the log of the authorization server'
  return listOf(what, jsonAnswer(what, await goTo(context, '/events'))).map(event => {
    if (typeof event.type !== 'string') throw malformed(what)
    return event as OAuthEvent
  })
}

/** Changes how the authorization server behaves, or what became of its tokens. */
export function orderOAuth(context: CheckContext, orders: Json): Promise<void> {
  return order(context, OAUTH, `/control/${context.values.get(mcpSite).control}`, orders)
}

/**
 * Every code, token and secret that the authorization server handed out, by kind in that order. They are secrets of the run from
 * then on.
 */
export async function issuedByOAuth(
  context: CheckContext,
): Promise<readonly { readonly kind: string; readonly value: Secret }[]> {
  const what = 'the list of what was issued'
  const answer = await goTo(context, `/control/${context.values.get(mcpSite).control}/issued`)
  return listOf(what, jsonAnswer(what, answer)).map(({ kind, value }) => {
    if (typeof kind !== 'string' || typeof value !== 'string') throw malformed(what)
    const secret = new Secret(`oauth-${kind}`, value)
    context.protect(secret)
    return { kind, value: secret }
  })
}

async function order({ values }: CheckContext, tunnel: string, path: string, orders: Json): Promise<void> {
  const answer = await values
    .get(isolated)
    .instance.through(tunnel)
    .request(path, {
      method: 'POST',
      body: JSON.stringify(orders),
      headers: { 'content-type': 'application/json' },
    })
  // Neither the path, which is not to be known, nor what was ordered.
  if (answer.status !== 200)
    throw new RunproofError('ANSWER_MALFORMED', `an order to the ${tunnel} server gave ${answer.status}`)
}

function listOf(what: string, value: Json | undefined): readonly Readonly<Record<string, Json | undefined>>[] {
  if (!Array.isArray(value)) throw malformed(what)
  return value as readonly Readonly<Record<string, Json | undefined>>[]
}

function malformed(what: string): RunproofError {
  return new RunproofError('ANSWER_MALFORMED', `${what} has not the form that was agreed on`)
}
