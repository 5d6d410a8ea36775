import type { Listening } from '../../model/nginx.ts'
import type { Directive } from '../ast.ts'

/** Of a server that says nothing. @see https://nginx.org/en/docs/http/ngx_http_core_module.html#listen */
export const DEFAULT_ADDRESS = '*:80'

/**
 * The address that a `listen` names, in the one way of writing it: `*:80`, `10.0.0.1:443`, `[::1]:80`, `unix:/run/s`.
 *
 * @returns undefined for what nginx refuses
 */
export function addressOf(text: string): string | undefined {
  if (text.startsWith('unix:')) return text.length > 'unix:'.length ? text : undefined
  const [, host = '', port] = /^(\[[^\]]*\]|[^:]*)(?::([^:]*))?$/.exec(text) ?? []
  if (host === '') return undefined
  if (port === undefined && /^\d[\d-]*$/.test(host)) return isPort(host) ? `*:${host}` : undefined
  if (port !== undefined && !isPort(port)) return undefined
  return `${host === '0.0.0.0' ? '*' : host.toLowerCase()}:${port ?? 80}`
}

export function listeningAt(
  address: string,
  { args }: Pick<Directive, 'args'>,
  protocol: Listening['protocol'],
): Listening {
  const options = args.slice(1).map(({ text }) => text)
  return { address, tls: options.includes('ssl'), http2: options.includes('http2'), protocol }
}

function isPort(text: string): boolean {
  return /^\d+(?:-\d+)?$/.test(text) && text.split('-').every(port => Number(port) >= 1 && Number(port) <= 65_535)
}
