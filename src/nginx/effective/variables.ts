import { bytesOf } from '../bytes.ts'
import { evaluateMap } from './map.ts'
import type { Running } from './running.ts'
import { settingIn } from './scope.ts'
import { parseTemplate, type Value } from './value.ts'

/**
 * A template with what is known of the request put in.
 *
 * @param text - as bytes
 * @param of - makes what a capture is put in as; the capture itself by default
 */
export function evaluate(running: Running, text: string, of: (captured: string) => string = one => one): Value {
  return parseTemplate(text).flatMap(part => {
    if (typeof part === 'string') return [part]
    if ('capture' in part) return [of(running.captures[part.capture - 1] ?? '')]
    return variable(running, part.variable)
  })
}

/** A template for a decision: headers of which nothing is known count as absent, and that is told. */
export function decide(running: Running, text: string): Value {
  return evaluate(running, text).map(part => {
    if (typeof part === 'string' || !/^(?:http|cookie)_|^content_(?:type|length)$/.test(part.variable)) return part
    running.unsure(`taken that the request has no ${describeSource(part.variable)}`)
    return ''
  })
}

function describeSource(variable: string): string {
  if (variable.startsWith('cookie_')) return `cookie ${variable.slice('cookie_'.length)}`
  return `header ${headerOf(variable.replace(/^http_/, ''))}`
}

function headerOf(name: string): string {
  return name.replaceAll('_', '-').replace(/(?<=^|-)[a-z]/g, letter => letter.toUpperCase())
}

/** What a variable comes to for this request. */
function variable(running: Running, name: string): Value {
  const own = running.variables.get(name)
  if (own !== undefined) return own
  const map = running.variableBlocks.maps.get(name)
  if (map !== undefined) return evaluateMap(running, name, map)
  const known = builtIn(running, name)
  if (known !== undefined) return [known]
  return running.variableBlocks.set.has(name) ? [''] : [{ variable: name }]
}

function builtIn(running: Running, name: string): string | undefined {
  const { asked, args, host, socket } = running
  switch (name) {
    case 'uri':
    case 'document_uri':
      return running.uri
    case 'request_uri':
      return running.unparsed
    case 'args':
    case 'query_string':
      return args
    case 'is_args':
      return args === '' ? '' : '?'
    case 'request_method':
      return running.method
    case 'scheme':
      return asked.scheme
    case 'https':
      return asked.scheme === 'https' ? 'on' : ''
    case 'host':
      return host === '' ? primaryName(running) : host
    case 'http_host':
      return headerValue(running, 'host') ?? (isUsualPort(running) ? host : `${host}:${socket.port}`)
    case 'server_name':
      return primaryName(running)
    case 'server_port':
      return socket.port === undefined ? '' : String(socket.port)
    case 'proxy_host':
      return running.proxyHost
    case 'document_root': {
      const root = settingIn(running.scope, 'root')
      return root.level === 'default' || root.args[0]?.includes('$') ? undefined : bytesOf(root.args[0] ?? '')
    }
  }
  if (name.startsWith('arg_')) return argument(args, name.slice('arg_'.length))
  if (name.startsWith('http_')) return headerValue(running, name.slice('http_'.length).replaceAll('_', '-'))
  if (name === 'content_type' || name === 'content_length') return headerValue(running, name.replace('_', '-'))
  if (name.startsWith('cookie_')) return cookie(headerValue(running, 'cookie'), name.slice('cookie_'.length))
  return undefined
}

/** Undefined when nothing is known of the headers. */
function headerValue({ asked }: Running, name: string): string | undefined {
  if (asked.headers === undefined) return undefined
  const found = Object.entries(asked.headers).find(([key]) => key.toLowerCase().replaceAll('_', '-') === name)
  return found === undefined ? (name === 'host' ? undefined : '') : bytesOf(found[1])
}

function isUsualPort({ asked, socket }: Running): boolean {
  return socket.port === undefined || socket.port === (asked.scheme === 'https' ? 443 : 80)
}

function primaryName({ server }: Running): string {
  return bytesOf((server.view.names[0] ?? '').replace(/^\./, ''))
}

function argument(args: string, name: string): string {
  const found = args.split('&').find(one => one.toLowerCase().startsWith(`${name}=`))
  return found === undefined ? '' : found.slice(name.length + 1)
}

function cookie(header: string | undefined, name: string): string | undefined {
  if (header === undefined) return undefined
  const found = header.split(/[;,] */).find(one => one.toLowerCase().startsWith(`${name}=`))
  return found === undefined ? '' : found.slice(name.length + 1)
}
