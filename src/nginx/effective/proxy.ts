import type { Configuration, Directive } from '../ast.ts'
import { bytesOf, textOf } from '../bytes.ts'
import { argsOf, blockOf } from '../directive.ts'
import { expand } from '../expand.ts'
import type { Upstream, UpstreamServer } from '../view.ts'
import type { Running } from './running.ts'
import type { Scope } from './scope.ts'
import { escapePath } from './uri.ts'
import { plain, type Value } from './value.ts'
import { evaluate } from './variables.ts'

/** Where a `proxy_pass` or `grpc_pass` points, by what is written there. */
interface Written {
  readonly scheme: string
  /** Host and port, or `unix:` with a path. */
  readonly target: string
  /** Empty without one. */
  readonly uri: string
}

function readUrl(url: string): Written {
  const [, scheme = 'grpc', rest = ''] = /^(?:([A-Za-z]+):\/\/)?(.*)$/s.exec(url) ?? []
  const unix = /^(unix:[^:]*)(?::(.*))?$/s.exec(rest)
  if (unix !== null) return { scheme: scheme.toLowerCase(), target: unix[1]!, uri: unix[2] ?? '' }
  // $request_uri begins with a slash, so it is no part of the host.
  const [, target = '', uri = ''] = /^([^/?]*?)((?:[/?]|\$\{?request_uri\b).*)?$/s.exec(rest) ?? []
  return { scheme: scheme.toLowerCase(), target, uri: uri.startsWith('?') ? `/${uri}` : uri }
}

/** The upstream that a directive names, before any request. */
export function upstreamOf(configuration: Configuration, http: Scope, directive: Directive): Upstream {
  return toUpstream(configuration, http, directive, undefined)
}

/** The upstream that a request is passed on to, and what it is asked for: path and query, undefined where that is not known. */
export function passOn(running: Running, http: Scope, directive: Directive) {
  const template = argsOf(directive)[0] ?? ''
  const dynamic = template.includes('$')
  const value = dynamic ? evaluate(running, bytesOf(template)) : [bytesOf(template)]
  const upstream = toUpstream(running.configuration, http, directive, plain(value))
  if (upstream.dynamic && plain(value) === undefined) {
    running.unsure(`where proxy_pass ${template} goes depends on ${unknownOf(value)}`)
  }
  running.proxyHost = upstream.dynamic && plain(value) === undefined ? undefined : hostHeader(upstream)
  return { upstream, path: pathAtUpstream(running, value, dynamic) }
}

/** `$proxy_host`: as written, without the usual port. */
function hostHeader({ scheme, name }: Upstream): string {
  if (name.startsWith('unix:')) return 'localhost'
  return bytesOf(name.replace(/^https$|^grpcs$/.test(scheme) ? /:443$/ : /:80$/, ''))
}

function unknownOf(value: Value): string {
  return value
    .filter(part => typeof part !== 'string')
    .map(part => `$${part.variable}`)
    .join(', ')
}

/** @param url - what the directive comes to for a request; undefined where that is not known */
function toUpstream(
  configuration: Configuration,
  http: Scope,
  directive: Directive,
  url: string | undefined,
): Upstream {
  const at = directive.name.at
  const template = argsOf(directive)[0] ?? ''
  const dynamic = template.startsWith('$') || readUrl(template).target.includes('$')
  const { scheme, target, uri } = readUrl(url === undefined ? template : textOf(url))
  const unknown = dynamic && url === undefined
  const block = unknown ? undefined : findBlock(http, target)
  const written = unknown ? [] : [{ address: target, options: [], at }]
  return {
    scheme,
    name: target,
    servers: block === undefined ? written : serversOf(configuration, block),
    dynamic,
    uri: uri === '' ? undefined : uri,
    block,
  }
}

function findBlock(http: Scope, name: string): Directive | undefined {
  return http.byName.get('upstream')?.find(one => argsOf(one)[0]?.toLowerCase() === name.toLowerCase())
}

function serversOf(configuration: Configuration, block: Directive): UpstreamServer[] {
  return expand(configuration, blockOf(block))
    .filter(one => one.name.text === 'server')
    .map(one => {
      const [address = '', ...options] = argsOf(one)
      return { address, options, at: one.name.at }
    })
}

function pathAtUpstream(running: Running, value: Value, dynamic: boolean): string | undefined {
  const url = plain(value)
  // What is not known could hold a path of its own.
  if (url === undefined) return undefined
  const { uri } = readUrl(url)
  if (dynamic && uri !== '') return textOf(uri)
  if (uri === '' && running.asItCame) return textOf(running.unparsed)
  if (running.blurred) return undefined
  const replaced = uri !== '' && running.matched
  const { modifier, name } = running.location
  const isPath = modifier === '' || modifier === '=' || modifier === '^~'
  const rest = running.uri.slice(replaced && isPath ? name.length : 0)
  const path = (replaced ? uri : '') + (running.quoted || running.internal ? escapePath(rest) : rest)
  return textOf(running.args === '' ? path : `${path}?${running.args}`)
}
