import type { Directive, Position } from '../ast.ts'
import { argsOf } from '../directive.ts'
import type { Listen } from '../view.ts'

/** What a server listens on before what other servers say of the same address is known. */
export type WrittenListen = Listen & { readonly v6only: boolean }

/** The addresses of one `listen`: more than one for a range of ports. */
export function parseListen(directive: Directive): WrittenListen[] {
  const [text = '', ...options] = argsOf(directive)
  const common = {
    text: [text, ...options].join(' '),
    tls: options.includes('ssl'),
    http2: options.includes('http2'),
    defaultServer: options.includes('default_server') || options.includes('default'),
    v6only: !options.includes('ipv6only=off'),
    at: directive.name.at,
  }
  if (text.startsWith('unix:')) return [{ ...common, address: text.slice('unix:'.length), port: undefined }]

  const [, host, first, last] = /^(?:(\[[^\]]*\]|[^:]*?):)?(?:(\d+)(?:-(\d+))?)?$/.exec(text) ?? []
  if (first === undefined) return [{ ...common, address: normalAddress(text), port: 80 }]
  const from = Number(first)
  const to = Math.min(last === undefined ? from : Number(last), 65_535)
  return Array.from({ length: Math.max(1, to - from + 1) }, (_, index) => ({
    ...common,
    address: normalAddress(host ?? '*'),
    port: from + index,
  }))
}

/** What a server without `listen` does. nginx takes port 8000 instead when it is not started by root. */
export function impliedListen(at: Position): WrittenListen {
  return { text: '*:80', address: '*', port: 80, tls: false, http2: false, defaultServer: false, v6only: true, at }
}

/** One spelling of an address: lower case, IPv6 without brackets, `*` and `::` for all. */
export function normalAddress(written: string): string {
  const address = written.toLowerCase().replace(/^\[(.*)\]$/, '$1')
  if (address === '' || address === '0.0.0.0') return '*'
  if (address === 'localhost') return '127.0.0.1'
  if (!address.includes(':')) return address
  // The URL parser writes an IPv6 address the one canonical way.
  return URL.parse(`http://[${address}]/`)?.hostname.slice(1, -1) ?? address
}
