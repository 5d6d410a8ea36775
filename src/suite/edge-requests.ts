import type { CheckContext } from '../model/check.ts'
import type { EdgePath } from '../model/edge-api.ts'
import { RunproofError, toRunproofError } from '../model/error.ts'
import type { Answer } from '../model/http.ts'
import { parseJson } from '../model/json-answer.ts'
import { claimedAccount, type Exchange, type Seen, seenAccount } from '../nginx/account.ts'
import type { Told } from '../nginx/agreement.ts'
import type { Listen } from '../nginx/view.ts'
import { type EdgeConfiguration, listenAddress } from './edge-configuration.ts'
import type { EdgeLab } from './edge-lab.ts'

const FOREIGN = 'https://foreign.example'
const NOBODY = 'nobody.invalid'
const CLAIMED_ADDRESS = '203.0.113.9'

/** What every request carries: a proxy deals with each of them in its own way. */
const SENT: Readonly<Record<string, string>> = {
  authorization: 'Bearer of-the-client',
  cookie: 'of=the-client',
  forwarded: `for=${CLAIMED_ADDRESS}`,
  'idempotency-key': 'of-the-client',
  'last-event-id': '0',
  'x-forwarded-for': CLAIMED_ADDRESS,
  'x-forwarded-host': 'claimed.example',
  'x-forwarded-proto': 'claimed',
  'x-of-the-client': 'yes',
  'x-real-ip': CLAIMED_ADDRESS,
}

/** What every answer carries. */
const ANSWERED: Readonly<Record<string, string>> = {
  'access-control-allow-origin': 'http://localhost:3000',
  'cache-control': 'no-store',
  server: 'daemon',
  'x-accel-buffering': 'no',
  'x-of-the-daemon': 'yes',
}

/** Paths that are not the daemon's, but that a proxy may take for others. */
const OTHERS: readonly EdgePath[] = [
  { id: 'doubled-slash', kind: 'stream', method: 'GET', path: '//v1/events/stream' },
  { id: 'encoded-slash', kind: 'stream', method: 'GET', path: '/v1/sessions/a%2Fb/stream' },
  { id: 'other', kind: 'ordinary', method: 'GET', path: '/elsewhere' },
]

interface Request {
  readonly listen: Listen
  readonly host: string
  readonly method: string
  readonly path: string
  readonly sent: Readonly<Record<string, string>>
  readonly http2: boolean
}

/** Each path at each port, by pages of the proxy’s own and by foreign ones, with each version of HTTP that is spoken there. */
function edgeRequests({ target }: CheckContext, { effective, host, origin }: EdgeConfiguration): readonly Request[] {
  const paths = [...target.edge.paths, ...OTHERS]
  return portsOf(effective.servers.flatMap(({ listens }) => listens)).flatMap(listen => [
    ...[
      { origin, http2: false },
      { origin: FOREIGN, http2: listen.http2 },
    ].flatMap(({ origin, http2 }) => paths.map(path => requestFor(listen, host, path, origin, http2))),
    // Of TLS only a client that knows no name would get as far.
    ...(listen.tls ? [] : [requestFor(listen, NOBODY, paths[0]!, FOREIGN, false)]),
  ])
}

function requestFor(listen: Listen, host: string, { method, path }: EdgePath, origin: string, http2: boolean): Request {
  const wishes = Object.entries(ANSWERED).map(
    ([name, value]) => `answer-header=${encodeURIComponent(`${name}: ${value}`)}`,
  )
  const query = ['events=1', ...wishes].join('&')
  const body = method === 'POST' ? { 'content-type': 'application/json' } : {}
  return { listen, host, method, path: `${path}?${query}`, sent: { ...SENT, ...body, origin, host }, http2 }
}

/** One address for each port: of those of one port, the server of a name is the same. */
function portsOf(listens: readonly Listen[]): readonly Listen[] {
  const byPort = new Map<string, Listen>()
  for (const listen of listens) {
    if (listen.port === undefined) continue
    const key = `${listen.tls} ${listen.port}`
    const known = byPort.get(key)
    byPort.set(key, known === undefined ? listen : { ...known, http2: known.http2 || listen.http2 })
  }
  return [...byPort.values()]
}

interface Claim {
  readonly claim: Told['claimed']
  readonly uncertain: readonly string[]
  /** What `$proxy_host` is as it is written; undefined where that is not known. */
  readonly proxyHost: string | undefined
  /** Whether it may be refused for how many came before. */
  readonly limited: boolean
}

const LIMITS = ['limit_req', 'limit_conn']

/** What a configuration says of a request; undefined where nothing is known of it. */
function claimed({ effective }: EdgeConfiguration, request: Request): Claim | undefined {
  const { listen, host, method, path, sent, http2 } = request
  const view = effective.view({
    scheme: listen.tls ? 'https' : 'http',
    host,
    listen: { address: listen.address, port: listen.port! },
    path,
    method,
    headers: sent,
  })
  const account = claimedAccount(view, exchangeOf(request))
  const proxyHost = view.fill('$proxy_host')
  if (account === undefined) return undefined
  return {
    claim: { ...account, 'HTTP to the proxy': http2 ? 'h2' : 'http/1.1' },
    uncertain: view.uncertain,
    proxyHost: proxyHost.known ? proxyHost.text : undefined,
    limited: LIMITS.some(name => view.listed(name).length > 0),
  }
}

function exchangeOf({ sent }: Request): Exchange {
  return { sent, answered: ANSWERED, clientAddress: '127.0.0.1' }
}

export interface Asked {
  readonly told: readonly Told[]
  /** Requests of which the configuration does not decide by itself, and why. */
  readonly uncertain: readonly string[]
}

/** Asks a real nginx every request, and holds what arrives and what comes back against what its configuration says. */
export async function askEdge(context: CheckContext, described: EdgeConfiguration, lab: EdgeLab): Promise<Asked> {
  const told: Told[] = []
  const uncertain: string[] = []
  let known = (await arrivedAt(context, lab)).length
  for (const request of edgeRequests(context, described)) {
    const name = `${request.method} ${request.listen.tls ? 'https' : 'http'}://${request.host}${request.path.split('?')[0]} from ${request.sent['origin']}`
    const claim = claimed(described, request)
    if (claim === undefined || claim.uncertain.length > 0) {
      uncertain.push(`${name}: ${claim?.uncertain.join('; ') ?? 'another module answers'}`)
      continue
    }
    const answer = await send(context, request, lab)
    const arrived = await arrivedAt(context, lab)
    const seen = seenOf(answer, arrived.slice(known), text => asWritten(text, claim, lab))
    known = arrived.length
    if (claim.limited && seen.arrived === undefined) {
      uncertain.push(`${name}: a limit may have refused it`)
      continue
    }
    const account = seenAccount(seen, exchangeOf(request))
    const spoken = answer?.protocol ?? claim.claim['HTTP to the proxy']
    told.push({ request: name, claimed: claim.claim, seen: { ...account, 'HTTP to the proxy': spoken } })
  }
  return { told, uncertain }
}

/** Undefined where the connection was closed. */
async function send(
  { deadlineMs, signal }: CheckContext,
  request: Request,
  { edge }: EdgeLab,
): Promise<Answer | undefined> {
  const { listen, host, method, path, http2 } = request
  try {
    return await edge.through(listenAddress(listen), { host, http2 }).request(path, {
      method,
      headers: request.sent,
      ...(method === 'POST' ? { body: '{}' } : {}),
      timeoutMs: Math.min(deadlineMs, 5_000),
      signal,
    })
  } catch (thrown) {
    if (toRunproofError(thrown).code === 'TARGET_UNREACHABLE') return undefined
    throw thrown
  }
}

interface Arrived {
  readonly method: string
  readonly path: string
  readonly http_version: string
  readonly headers: readonly (readonly [name: string, value: string])[]
}

/** Everything that came out of the proxy so far, oldest first. */
async function arrivedAt({ signal }: CheckContext, { upstream }: EdgeLab): Promise<readonly Arrived[]> {
  const { text } = await upstream.request('/__control/requests', { signal })
  const { requests } = parseJson(text, 'the upstream said') as unknown as { requests?: readonly Arrived[] }
  if (requests === undefined) throw new RunproofError('ANSWER_MALFORMED', 'the upstream does not say what arrived')
  return requests
}

/** The copy goes elsewhere, and says so where it names what it goes to. */
function asWritten(text: string, { proxyHost }: Claim, { goesTo }: EdgeLab): string {
  return proxyHost === undefined ? text : text.replaceAll(goesTo, () => proxyHost)
}

function seenOf(answer: Answer | undefined, arrived: readonly Arrived[], asWritten: (text: string) => string): Seen {
  const [first] = arrived
  return {
    status: answer?.status,
    headers: answer?.headers ?? {},
    arrived:
      first === undefined
        ? undefined
        : {
            method: first.method,
            path: first.path,
            httpVersion: first.http_version,
            headers: joined(first.headers.map(([name, value]) => [name, asWritten(value)] as const)),
          },
  }
}

function joined(headers: Arrived['headers']): Record<string, string> {
  const values: Record<string, string> = {}
  for (const [name, value] of headers) {
    const lower = name.toLowerCase()
    values[lower] = values[lower] === undefined ? value : `${values[lower]}, ${value}`
  }
  return values
}
