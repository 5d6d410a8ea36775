import type { Listen, Place, ServerView } from '../view.ts'
import { isLoopback } from './address.ts'
import { passedOn, settingText } from './passed-on.ts'
import type { Found, Rule, Subject } from './rule.ts'

interface TlsServer {
  readonly place: Place
  readonly server: ServerView
}

/**
 * The servers that daemon requests arrive at by TLS, and the default ones of their addresses: the version of the protocol
 * is settled there, before a name is known.
 */
function tlsServers({ effective, requests }: Subject): readonly TlsServer[] {
  const taking = new Set([...passedOn({ requests })].map(({ view }) => view.server))
  const addresses = new Set(
    [...taking].flatMap(({ listens }) =>
      listens.filter(({ tls }) => tls).map(({ address, port }) => `${address} ${port}`),
    ),
  )
  return effective.places.flatMap(place => {
    const { server, location } = place
    if (location !== undefined) return []
    const isDefault = server.listens.some(
      ({ tls, defaultServer, address, port }) => tls && defaultServer && addresses.has(`${address} ${port}`),
    )
    return isDefault || (taking.has(server) && server.listens.some(({ tls }) => tls)) ? [{ place, server }] : []
  })
}

const OLD = ['SSLv2', 'SSLv3', 'TLSv1', 'TLSv1.1']

const floor: Rule = {
  id: 'tls-floor',
  title: 'Nothing older than TLS 1.2 is spoken',
  why: 'TLS 1.0 and 1.1 rest on SHA-1 and CBC as of 2006 and are withdrawn (RFC 8996). The default server of an address decides for all of its names.',
  severity: 'error',
  *judge(subject) {
    for (const { place, server } of tlsServers(subject)) {
      const protocols = place.setting('ssl_protocols')
      if (!protocols.args.some(one => OLD.includes(one))) continue
      yield {
        at: protocols.at ?? server.at,
        expected: 'ssl_protocols TLSv1.2 TLSv1.3',
        actual: settingText('ssl_protocols', protocols),
      }
    }
  },
}

/** Words of a cipher list that bring in what is broken, unless taken out again. */
const WEAK =
  /^(?:ALL|COMPLEMENTOFALL|COMPLEMENTOFDEFAULT|MEDIUM|LOW|EXP\w*|[ae]?NULL|ADH|AECDH)$|RC4|DES|MD5|SEED|IDEA|EXPORT/i

const ciphers: Rule = {
  id: 'weak-ciphers',
  title: 'No broken cipher is offered',
  why: 'A client may be talked into the weakest one both sides know.',
  severity: 'error',
  *judge(subject) {
    for (const { place, server } of tlsServers(subject)) {
      const setting = place.setting('ssl_ciphers')
      const weak = (setting.args[0] ?? '').split(/[:, ]/).filter(word => !/^[!-]/.test(word) && WEAK.test(word))
      if (weak.length === 0) continue
      yield {
        at: setting.at ?? server.at,
        expected: 'ssl_ciphers without them',
        actual: `ssl_ciphers with ${weak.join(', ')}`,
      }
    }
  },
}

const certificate: Rule = {
  id: 'tls-certificate',
  title: 'Every TLS server has a certificate and its key',
  why: 'nginx refuses to start without, or answers every handshake with an alert.',
  severity: 'error',
  *judge(subject) {
    for (const { place, server } of tlsServers(subject)) {
      if (place.setting('ssl_reject_handshake').args[0] === 'on') continue
      for (const directive of ['ssl_certificate', 'ssl_certificate_key']) {
        if (place.listed(directive).length > 0) continue
        yield { at: server.at, expected: `${directive} with a file`, actual: `no ${directive}` }
      }
    }
  },
}

const plain: Rule = {
  id: 'plain-http',
  title: 'Clear text never reaches the daemon',
  why: 'A client that is configured with http:// sends its bearer token for everyone on the way to read, and nothing tells.',
  severity: 'error',
  *judge(subject) {
    // Health is asked without a token.
    for (const { path, view } of passedOn(subject, 'stream', 'connector', 'ordinary')) {
      if (view.asked.scheme !== 'http') continue
      const at = plainListenOf(view.server)
      if (at === undefined) continue
      yield {
        at: at.at,
        path: path.id,
        expected: 'a redirect to https, or nothing',
        actual: `listen ${at.text} passes it on`,
      }
    }
    yield* trustingClaims(subject)
  },
}

const CLAIMED_TLS = { 'x-forwarded-proto': 'https' }

/** Servers that send everyone to TLS, but not who claims to have come by it. */
function* trustingClaims({ effective, edge, requests }: Subject): Generator<Found> {
  const passing = new Set(
    [...passedOn({ requests })].filter(({ view }) => view.asked.scheme === 'http').map(({ view }) => view.server),
  )
  for (const server of effective.servers) {
    const listen = plainListenOf(server)
    if (listen === undefined || passing.has(server)) continue
    const { text, address, port = 0, at } = listen
    const host = server.names.find(name => /^[a-z0-9][a-z0-9.-]*$/i.test(name)) ?? 'any.test'
    const asked = { scheme: 'http', host, listen: { address, port } } as const
    for (const { id, kind, method, path } of edge.paths) {
      const view = effective.view({ ...asked, method, path })
      // What hangs on no header is the same for everyone.
      if (kind === 'health' || view.server !== server || view.uncertain.length === 0 || view.action.kind === 'proxy')
        continue
      const { action } = effective.view({ ...asked, method, path, headers: { host, ...CLAIMED_TLS } })
      if (action.kind !== 'proxy') continue
      const actual = `listen ${text} passes it on to whoever sends X-Forwarded-Proto "https"`
      yield { at, path: id, expected: 'a redirect to https for everyone', actual }
    }
  }
}

/** Loopback is no network to listen in on. */
function plainListenOf({ listens }: ServerView): Listen | undefined {
  return listens.find(({ tls, port, address }) => !tls && port !== undefined && !isLoopback(address))
}

export const tlsRules: readonly Rule[] = [floor, ciphers, certificate, plain]
