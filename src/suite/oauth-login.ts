import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { isolated } from '../daemon/subjects.ts'
import type { CheckContext, Json } from '../model/check.ts'
import { RunproofError } from '../model/error.ts'
import { parseJson } from '../model/json-answer.ts'
import type { LoginOffer, OAuthAccount } from '../model/mcp.ts'
import type { RunResult } from '../model/run-command.ts'
import { Secret, SHORTEST_SECRET } from '../model/secret.ts'
import { callBack, callbackPort, goTo, issuedByOAuth, oauthResource, orderOAuth, SCOPES } from './mcp-site.ts'

const OFFERED_WITHIN_MS = 10_000
const DONE_WITHIN_MS = 20_000

/** What became of a login. What did not happen is undefined. */
export interface Login {
  /** What was said before the browser was waited for. */
  readonly offer: LoginOffer | undefined
  /** That was one JSON document, and nothing came before or after it. */
  readonly nothingElse: boolean
  /** Where the authorization server sent the browser back to, without its query. */
  readonly sentBackTo: string | undefined
  /** What the browser was told there. */
  readonly page: { readonly status: number; readonly text: string } | undefined
  readonly exitCode: number | null
  readonly account: OAuthAccount | undefined
  /** All of it, on both outputs. */
  readonly printed: string
}

/**
 * Logs the daemon in to the MCP server that wants an account, by the daemon's own client inside the barrier; the browser is
 * played by this process.
 *
 * @param server - the name that the account is stored for
 * @param state - `wrong`: the browser comes back with another state than it was sent with
 * @throws RunproofError TIMEOUT when it neither says where to go nor ends
 */
export async function logIn(context: CheckContext, server: string, state: 'right' | 'wrong' = 'right'): Promise<Login> {
  const { files } = context.tools
  const { instance } = context.values.get(isolated)
  const saidFile = join(instance.place.tmp, `login-${randomBytes(6).toString('hex')}`)
  const over = new AbortController()
  const ending = startLogin(context, server, saidFile, over.signal)
  // Looked at below; until then nobody waits for it.
  ending.catch(() => {})
  try {
    const offer = await offered(context, saidFile, ending)
    const visit = offer === undefined ? undefined : await visitAs(context, offer, state)
    const { exitCode, stdout } = await ending
    await issuedByOAuth(context)
    const said = await files.readText(saidFile)
    return {
      offer,
      // Once more, now that nothing more is said.
      nothingElse: offerIn(context, said) !== undefined,
      sentBackTo: visit?.sentBackTo,
      page: visit?.page,
      exitCode,
      account: exitCode === 0 ? context.target.mcp.read.account(parseJson(stdout, 'the login printed')) : undefined,
      printed: said + stdout,
    }
  } finally {
    over.abort()
    await ending.catch(() => {})
    await files.remove(saidFile)
  }
}

/** Of access tokens, unless the authorization server is told otherwise. */
const LIFETIME_SEC = 3_600

/** The same, and the access token that is stored is expired from the beginning. */
export async function logInExpired(context: CheckContext, server: string): Promise<Login> {
  await orderOAuth(context, { access_token_lifetime_sec: 0 })
  try {
    return await logIn(context, server)
  } finally {
    await orderOAuth(context, { access_token_lifetime_sec: LIFETIME_SEC })
  }
}

/** Nobody reads what a command says while it runs, so it says it into a file. */
function startLogin(context: CheckContext, server: string, saidFile: string, over: AbortSignal): Promise<RunResult> {
  const { instance, binary, adminTokenFile } = context.values.get(isolated)
  const { argv } = context.target.client({ binary, baseUrl: instance.place.baseUrl, tokenFile: adminTokenFile }, [
    ...['mcp', 'oauth', 'login', server, '--url', oauthResource(context), '--no-open', '--allow-http-for-loopback'],
    ...['--scopes', SCOPES.join(','), '--callback-port', String(callbackPort(context)), '--timeout-sec', '60'],
  ])
  return context.runIn(
    instance,
    { argv: ['sh', '-c', 'exec 2>"$1"; shift; exec "$@"', 'sh', saidFile, ...argv] },
    { timeoutMs: Math.min(context.deadlineMs, DONE_WITHIN_MS), signal: AbortSignal.any([over, context.signal]) },
  )
}

/** Undefined when the login ended without saying where to go. */
async function offered(
  context: CheckContext,
  file: string,
  ending: Promise<RunResult>,
): Promise<LoginOffer | undefined> {
  const { clock, files } = context.tools
  const deadline = clock.monotonicMs() + OFFERED_WITHIN_MS
  let ended = false
  ending
    .finally(() => {
      ended = true
    })
    .catch(() => {})
  for (;;) {
    const last = ended
    const text = (await files.facts(file)) === undefined ? '' : await files.readText(file)
    const offer = offerIn(context, text)
    if (offer !== undefined || last) return offer
    if (clock.monotonicMs() > deadline)
      throw new RunproofError('TIMEOUT', `the login said nothing usable within ${OFFERED_WITHIN_MS} ms`)
    await Promise.race([new Promise(resolve => setTimeout(resolve, 20)), ending.catch(() => {})])
  }
}

function offerIn({ target }: CheckContext, text: string): LoginOffer | undefined {
  let document: Json
  try {
    document = JSON.parse(text) as Json
  } catch {
    return undefined
  }
  return target.mcp.read.loginOffer(document)
}

async function visitAs(
  context: CheckContext,
  { authorizationUrl }: LoginOffer,
  state: 'right' | 'wrong',
): Promise<Pick<Login, 'sentBackTo' | 'page'>> {
  const { pathname, search } = new URL(authorizationUrl)
  const redirect = await goTo(context, pathname + search)
  const { location } = redirect.headers
  if (redirect.status !== 302 || location === undefined) return { sentBackTo: undefined, page: undefined }
  const back = new URL(location)
  const code = back.searchParams.get('code')
  if (code !== null && code.length >= SHORTEST_SECRET) context.protect(new Secret('oauth-code', code))
  if (state === 'wrong') back.searchParams.set('state', randomBytes(32).toString('base64url'))
  const { status, text } = await callBack(context, back.pathname + back.search)
  return { sentBackTo: back.origin + back.pathname, page: { status, text } }
}

/** What a client command printed, on both its outputs, as it stands there. */
export interface Said {
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs a client command for its text, where a reader would leave out what it does not know. */
export async function say(context: CheckContext, words: readonly string[]): Promise<Said> {
  const { instance, binary, adminTokenFile } = context.values.get(isolated)
  const command = context.target.client({ binary, baseUrl: instance.place.baseUrl, tokenFile: adminTokenFile }, words)
  const { exitCode, stdout, stderr, timedOut } = await context.runIn(instance, command, {
    timeoutMs: Math.min(context.deadlineMs, DONE_WITHIN_MS),
    signal: context.signal,
  })
  if (timedOut) throw new RunproofError('TIMEOUT', `${words.join(' ')} did not end in time`)
  return { exitCode, stdout, stderr }
}
