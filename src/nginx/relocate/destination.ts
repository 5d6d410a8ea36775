import type { CopyPlace, Destination } from '../../model/nginx.ts'

/** The discard service, which no machine offers any more. */
export const CLOSED = '127.0.0.1:9'

/** Variables that begin the path where the address is written with variables, too. */
const PATH_BEGINS = /\/|\?|\$\{?(?:request_uri|uri|document_uri|is_args|args|query_string)\b/

/** What `proxy_pass` and its like are given. */
export interface Passed {
  /** With `://`; empty where none is written. */
  readonly scheme: string
  readonly address: string
  readonly rest: string
}

export function splitPassed(text: string): Passed {
  const scheme = /^[a-z]+:\/\//i.exec(text)?.[0] ?? ''
  const after = text.slice(scheme.length)
  if (after.startsWith('unix:')) {
    const end = scheme === '' ? -1 : after.indexOf(':', 'unix:'.length)
    return end === -1
      ? { scheme, address: after, rest: '' }
      : { scheme, address: after.slice(0, end), rest: after.slice(end + 1) }
  }
  const end = after.search(PATH_BEGINS)
  return end === -1
    ? { scheme, address: after, rest: '' }
    : { scheme, address: after.slice(0, end), rest: after.slice(end) }
}

/** Whether nginx would have to look a name up to read the configuration. */
export function isNamed(address: string): boolean {
  if (address.includes('$') || address.startsWith('unix:')) return false
  const host = address.startsWith('[') ? '' : address.replace(/:[^:]*$/, '')
  return host !== '' && !isAddress(host)
}

/** IPv4 with four parts, or IPv6 without brackets; with a prefix length, too. */
export function isAddress(text: string): boolean {
  return /^\d{1,3}(?:\.\d{1,3}){3}(?:\/\d+)?$/.test(text) || /^[0-9a-f:.]*:[0-9a-f:.]*(?:\/\d+)?$/i.test(text)
}

export function replacement(place: Pick<CopyPlace, 'upstream'>, destination: Destination): string {
  return place.upstream(destination) ?? CLOSED
}
