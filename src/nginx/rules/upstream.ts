import { reachOf } from './address.ts'
import { passedOn, placeOf, settingText } from './passed-on.ts'
import type { Rule } from './rule.ts'

const address: Rule = {
  id: 'upstream-public',
  title: 'The daemon is reached over loopback or a private network',
  why: 'Past that, everyone on the way is between the proxy and the daemon, and the daemon itself is open to the network.',
  severity: 'error',
  *judge(subject) {
    for (const { path, upstream, passedAt } of passedOn(subject)) {
      for (const server of upstream.servers) {
        if (reachOf(server.address) !== 'public') continue
        yield {
          at: server.at ?? passedAt,
          path: path.id,
          expected: 'a loopback or private address',
          actual: `${upstream.scheme}://${server.address}`,
        }
      }
    }
  },
}

/** Names that only a private network knows. */
const PRIVATE_NAME = /^[^.]+$|\.(?:internal|local|lan|home\.arpa|svc|cluster\.local)\.?$/i

const name: Rule = {
  id: 'upstream-unverified-name',
  title: 'A public name is only gone to over verified TLS',
  why: 'Whoever can change what the name resolves to gets every token.',
  severity: 'error',
  *judge(subject) {
    for (const { path, view, upstream, passedAt } of passedOn(subject)) {
      if (upstream.scheme === 'https') continue
      for (const server of upstream.servers) {
        const host = server.address.replace(/:\d+$/, '')
        if (reachOf(server.address) !== 'name' || PRIVATE_NAME.test(host)) continue
        // What the client chose is said by a rule of its own.
        if (upstream.dynamic && host === view.asked.host) continue
        yield {
          at: server.at ?? passedAt,
          path: path.id,
          expected: 'an address, a private name, or https with proxy_ssl_verify on',
          actual: `${upstream.scheme}://${server.address}`,
        }
      }
    }
  },
}

const verified: Rule = {
  id: 'upstream-tls-verify',
  title: 'The certificate of an https upstream is verified against a CA of your choice',
  why: 'Unverified, TLS to the daemon is TLS to whoever answers.',
  severity: 'error',
  *judge(subject) {
    for (const { path, view, upstream } of passedOn(subject)) {
      if (upstream.scheme !== 'https') continue
      const verify = view.setting('proxy_ssl_verify')
      const trusted = view.setting('proxy_ssl_trusted_certificate')
      if (verify.args[0] === 'on' && trusted.args.length > 0) continue
      const [directive, wrong] =
        verify.args[0] === 'on'
          ? (['proxy_ssl_trusted_certificate', trusted] as const)
          : (['proxy_ssl_verify', verify] as const)
      yield {
        at: wrong.at ?? placeOf(view),
        path: path.id,
        expected: 'proxy_ssl_verify on with a proxy_ssl_trusted_certificate',
        actual: wrong.args.length === 0 ? `no ${directive}` : settingText(directive, wrong),
      }
    }
  },
}

export const upstreamRules: readonly Rule[] = [address, name, verified]
