import type { Position } from '../ast.ts'
import type { Filled, View } from '../view.ts'

/** What becomes of a header on its way to the upstream. */
export type ArrivingHeader =
  /** As the client sent it, if it did. */
  | { readonly kind: 'passed'; readonly at: Position | undefined }
  /** It does not arrive. */
  | { readonly kind: 'removed'; readonly at: Position | undefined }
  /** More than one value: as many header lines. */
  | { readonly kind: 'set'; readonly values: readonly Filled[]; readonly at: Position | undefined }

export interface UpstreamRequest {
  readonly method: string
  /** Path and query; undefined where variables decide. */
  readonly path: string | undefined
  readonly httpVersion: '1.0' | '1.1' | '2'
  /** By name in lower case. */
  readonly headers: ReadonlyMap<string, ArrivingHeader>
}

const OF_INTEREST = [
  ...['authorization', 'connection', 'forwarded', 'host', 'last-event-id', 'origin', 'upgrade', 'x-forwarded-for'],
  ...['x-forwarded-host', 'x-forwarded-port', 'x-forwarded-proto', 'x-real-ip'],
]

/** Between two hops, and made anew for the next one. */
const NEVER_PASSED = ['expect', 'keep-alive', 'te', 'transfer-encoding', 'upgrade']
const WITHHELD_FOR_CACHE = [
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'range',
]

/**
 * What arrives at the upstream of a request that is passed on by HTTP.
 *
 * @param names - headers asked about besides those a proxy usually deals with and those it sets; in any case
 * @returns undefined when the request is not passed on by `proxy_pass` or `grpc_pass`
 */
export function whatUpstreamGets(view: View, names: readonly string[] = []): UpstreamRequest | undefined {
  const { action } = view
  if (action.kind !== 'proxy') return undefined
  const grpc = action.upstream.scheme.startsWith('grpc')
  const set = view.listed(grpc ? 'grpc_set_header' : 'proxy_set_header')
  const all = [...OF_INTEREST, ...names, ...set.map(({ args }) => args[0] ?? '')].map(name => name.toLowerCase())
  const method = settingOr(view, 'proxy_method', grpc)
  return {
    method: method === undefined ? view.method : view.fill(method).text,
    path: view.upstreamPath,
    httpVersion: grpc ? '2' : view.setting('proxy_http_version').args[0] === '1.1' ? '1.1' : '1.0',
    headers: new Map([...new Set(all)].sort().map(name => [name, arriving(name)])),
  }

  function arriving(name: string): ArrivingHeader {
    const lines = set.filter(({ args }) => args[0]?.toLowerCase() === name)
    const at = lines[0]?.at
    if (lines.length > 0) {
      const own = `$http_${name.replaceAll('-', '_')}`
      const values = lines.map(({ args }) => view.fill(args[1] ?? '')).filter(one => !one.known || one.text !== '')
      if (values.length === 0) return { kind: 'removed', at }
      if (values.length === 1 && values[0]!.text === own && !values[0]!.known) return { kind: 'passed', at }
      return { kind: 'set', values, at }
    }
    if (name === 'host') return { kind: 'set', values: [view.fill('$proxy_host')], at }
    if (name === 'connection' && !grpc)
      return { kind: 'set', values: [{ text: 'close', known: true, uncertain: [] }], at }
    return { kind: isPassed(view, name, grpc) ? 'passed' : 'removed', at }
  }
}

function isPassed(view: View, name: string, grpc: boolean): boolean {
  if (NEVER_PASSED.includes(name) || (grpc && name === 'connection')) return false
  if (!grpc && view.setting('proxy_pass_request_headers').args[0] === 'off') return false
  if (!grpc && WITHHELD_FOR_CACHE.includes(name) && isCached(view)) return false
  if (view.setting('ignore_invalid_headers').args[0] === 'off') return true
  const isValid = view.setting('underscores_in_headers').args[0] === 'on' ? /^[\w-]+$/ : /^[A-Za-z0-9-]+$/
  return isValid.test(name)
}

function isCached(view: View): boolean {
  if (view.setting('proxy_cache').args[0] === 'off') return false
  const methods = ['GET', 'HEAD', ...view.setting('proxy_cache_methods').args]
  return methods.includes(view.method)
}

function settingOr(view: View, name: string, none: boolean): string | undefined {
  return none ? undefined : view.setting(name).args[0]
}
