import { whatClientGets } from './effective/client-gets.ts'
import { whatUpstreamGets } from './effective/upstream-gets.ts'
import type { Filled, View } from './view.ts'

/**
 * What becomes of one request, as one text for each thing there is to say: `status` 200, `host at the daemon` example.com. A
 * thing that is not known has no text.
 */
export type Account = Readonly<Record<string, string | undefined>>

/** What a request is made of, as a client sends it and an upstream answers it. */
export interface Exchange {
  /** All that is sent, names in lower case. */
  readonly sent: Readonly<Record<string, string>>
  /** All that the upstream answers with besides a body, names in lower case. */
  readonly answered: Readonly<Record<string, string>>
  /** Undefined: not known. */
  readonly clientAddress: string | undefined
}

/** What was seen of a request. */
export interface Seen {
  /** Undefined where the connection was closed without an answer. */
  readonly status: number | undefined
  readonly headers: Readonly<Record<string, string>>
  /** What came out of the proxy, if anything did. */
  readonly arrived:
    | {
        readonly method: string
        readonly path: string
        readonly httpVersion: string
        /** Names in lower case, values of repeated ones joined. */
        readonly headers: Readonly<Record<string, string>>
      }
    | undefined
}

export const ABSENT = 'absent'
const CLOSED = 'none, the connection is closed'
/** On which `add_header` without `always` acts. */
const ADDED_TO = [200, 201, 204, 206, 301, 302, 303, 304, 307, 308]
/** Of a request: how long it is is said anew by whoever sends it. */
const OF_THE_REQUEST = ['content-length', 'transfer-encoding']
/** Of this one answer, or made by whoever sends it. */
const OF_THE_MESSAGE = [
  'connection',
  'content-length',
  'content-type',
  'date',
  'keep-alive',
  'transfer-encoding',
  'vary',
]

/**
 * What a configuration says of a request.
 *
 * @returns undefined where a module answers, of which nothing is known
 */
export function claimedAccount(view: View, told: Exchange): Account | undefined {
  const { action } = view
  // A proxy before this one may have said whom it speaks for.
  const exchange = view.listed('set_real_ip_from').length > 0 ? { ...told, clientAddress: undefined } : told
  if (action.kind === 'return') {
    const status = action.status === 444 ? undefined : action.status
    const redirects = status !== undefined && status >= 300 && status < 400 && action.text !== undefined
    return {
      'answered by': 'the proxy',
      status: status === undefined ? CLOSED : String(status),
      'location to the client': redirects ? known(view.fill(action.text!), exchange) : ABSENT,
      ...(status === undefined ? {} : clientHeaders(view, status, {}, exchange)),
    }
  }
  const request = whatUpstreamGets(view, Object.keys(exchange.sent))
  if (request === undefined) return undefined
  const headers = [...request.headers].filter(([name]) => !OF_THE_REQUEST.includes(name))
  const arriving = headers.map(([name, header]) => {
    const what = `${name} at the daemon`
    if (header.kind === 'removed') return [what, ABSENT] as const
    if (header.kind === 'passed') return [what, exchange.sent[name] ?? ABSENT] as const
    const values = header.values.map(value => known(value, exchange))
    return [what, values.includes(undefined) ? undefined : values.join(', ') || ABSENT] as const
  })
  const { carried } = whatClientGets(view)
  const shown = Object.entries(exchange.answered).filter(([name]) => carried?.hidden.includes(name) !== true)
  return {
    'answered by': 'the daemon',
    status: '200',
    method: request.method,
    path: request.path,
    'HTTP to the daemon': request.httpVersion,
    'location to the client': ABSENT,
    ...Object.fromEntries(arriving),
    ...clientHeaders(view, 200, Object.fromEntries(shown), exchange),
  }
}

function clientHeaders(
  view: View,
  status: number,
  shown: Readonly<Record<string, string>>,
  exchange: Exchange,
): Account {
  const { added, versionTold } = whatClientGets(view)
  const inEffect = added.filter(({ always }) => always || ADDED_TO.includes(status))
  const names = new Set([...Object.keys(exchange.answered), ...added.map(({ name }) => name.toLowerCase())])
  const values = (name: string) => [
    ...(shown[name] === undefined ? [] : [shown[name]]),
    ...inEffect.filter(one => one.name.toLowerCase() === name).map(({ value }) => known(value, exchange)),
  ]
  return {
    ...Object.fromEntries(
      [...names].map(name => {
        const all = values(name)
        return [`${name} to the client`, all.includes(undefined) ? undefined : joined(all as string[])]
      }),
    ),
    'server to the client': shown['server'] ?? (versionTold ? 'nginx with its version' : 'nginx'),
  }
}

/** What was seen, in the words of {@link claimedAccount}. */
export function seenAccount({ status, headers, arrived }: Seen, exchange: Exchange): Account {
  const toClient = Object.entries(headers).filter(([name]) => !OF_THE_MESSAGE.includes(name))
  const nowhere = Object.keys(exchange.answered).map(name => [`${name} to the client`, ABSENT] as const)
  return {
    'answered by': arrived === undefined ? 'the proxy' : 'the daemon',
    status: status === undefined ? CLOSED : String(status),
    'location to the client': ABSENT,
    ...(status === undefined ? {} : Object.fromEntries(nowhere)),
    ...Object.fromEntries(
      toClient.map(([name, value]) => [
        `${name} to the client`,
        name === 'server' ? value.replace(/^nginx\/.*$/, 'nginx with its version') : value,
      ]),
    ),
    ...(arrived === undefined
      ? {}
      : {
          method: arrived.method,
          path: arrived.path,
          'HTTP to the daemon': arrived.httpVersion,
          ...Object.fromEntries(
            Object.entries(arrived.headers)
              .filter(([name]) => !OF_THE_REQUEST.includes(name))
              .map(([name, value]) => [`${name} at the daemon`, value]),
          ),
        }),
  }
}

function joined(values: readonly string[]): string {
  const there = values.filter(value => value !== '')
  return there.length === 0 ? ABSENT : there.join(', ')
}

/** A text with variables in it; undefined where one is not known. */
function known({ text, known: whole }: Filled, { sent, clientAddress }: Exchange): string | undefined {
  if (whole) return text
  if (clientAddress === undefined) return undefined
  const forwarded = sent['x-forwarded-for']
  const filled = text
    .replaceAll(
      '$proxy_add_x_forwarded_for',
      forwarded === undefined ? clientAddress : `${forwarded}, ${clientAddress}`,
    )
    .replaceAll('$remote_addr', clientAddress)
  return filled.includes('$') ? undefined : filled
}
