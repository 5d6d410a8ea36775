import type { Position } from '../ast.ts'
import { toMs } from '../nginx-time.ts'
import type { Filled, View } from '../view.ts'

export interface AddedHeader {
  readonly name: string
  readonly value: Filled
  /** On every answer; else only on 200, 201, 204, 206, 301, 302, 303, 304, 307 and 308. */
  readonly always: boolean
  readonly at: Position
}

/** How a request and its answer are carried between a client and an upstream. */
export interface Carried {
  /** Whether answers are held back until a buffer is full; undefined where the module has no such thing. */
  readonly buffering: boolean | undefined
  /** Whether the upstream may switch that off with `X-Accel-Buffering`. */
  readonly upstreamDecidesBuffering: boolean
  readonly requestBuffering: boolean | undefined
  /** Name of the cache. */
  readonly cache: string | undefined
  /** Longest pause between two reads of an answer. */
  readonly readTimeoutMs: number | undefined
  /** Longest pause between two writes of a request. */
  readonly sendTimeoutMs: number | undefined
  /** Headers of the upstream that are kept from the client; lower case. */
  readonly hidden: readonly string[]
}

export interface ClientAnswer {
  /** Undefined when nginx answers itself. */
  readonly carried: Carried | undefined
  /** Undefined: no limit. */
  readonly bodyLimitBytes: number | undefined
  /** Longest pause between two writes to the client. */
  readonly sendTimeoutMs: number | undefined
  readonly added: readonly AddedHeader[]
  /** Whether `Server` and error pages tell the version of nginx. */
  readonly versionTold: boolean
}

const ACCELERATION = [
  'x-accel-buffering',
  'x-accel-charset',
  'x-accel-expires',
  'x-accel-limit-rate',
  'x-accel-redirect',
]
const HIDDEN: Readonly<Record<string, readonly string[]>> = {
  proxy: ['date', 'server', 'x-pad', ...ACCELERATION],
  grpc: ['date', 'server', ...ACCELERATION],
  fastcgi: ['status', ...ACCELERATION],
  scgi: ['status', ...ACCELERATION],
  uwsgi: ACCELERATION,
}

/** What the client gets besides what the upstream answers, and how. */
export function whatClientGets(view: View): ClientAnswer {
  return {
    carried: carriedBy(view),
    bodyLimitBytes: toBytes(view.setting('client_max_body_size').args[0] ?? '') || undefined,
    sendTimeoutMs: toMs(view.setting('send_timeout').args[0] ?? ''),
    added: view.listed('add_header').map(({ args, at }) => ({
      name: args[0] ?? '',
      value: view.fill(args[1] ?? ''),
      always: args[2] === 'always',
      at,
    })),
    versionTold: view.setting('server_tokens').args[0] !== 'off',
  }
}

function carriedBy(view: View): Carried | undefined {
  const module = moduleOf(view)
  if (module === undefined) return undefined
  const value = (name: string) => view.setting(`${module}_${name}`).args[0]
  const named = (name: string) => view.listed(`${module}_${name}`).map(({ args }) => args[0]?.toLowerCase() ?? '')
  const buffers = module !== 'grpc'
  const passed = named('pass_header')
  const cache = buffers ? value('cache') : 'off'
  return {
    buffering: buffers ? value('buffering') !== 'off' : undefined,
    upstreamDecidesBuffering: buffers && !isIgnored(view, module, 'x-accel-buffering'),
    requestBuffering: buffers ? value('request_buffering') !== 'off' : undefined,
    cache: cache === 'off' ? undefined : cache,
    readTimeoutMs: toMs(value('read_timeout') ?? ''),
    sendTimeoutMs: toMs(value('send_timeout') ?? ''),
    hidden: [...new Set([...HIDDEN[module]!, ...named('hide_header')])].filter(name => !passed.includes(name)),
  }
}

function moduleOf({ action }: View): string | undefined {
  if (action.kind === 'proxy') return action.upstream.scheme.startsWith('grpc') ? 'grpc' : 'proxy'
  const module = action.kind === 'module' ? action.directive.replace(/_pass$/, '') : ''
  return Object.hasOwn(HIDDEN, module) ? module : undefined
}

function isIgnored(view: View, module: string, header: string): boolean {
  return view.setting(`${module}_ignore_headers`).args.some(one => one.toLowerCase() === header)
}

/** `512`, `8k`, `1m`, `2g` in bytes; NaN for anything else. */
function toBytes(size: string): number {
  const [, number, unit = ''] = /^(\d+)([kmg]?)$/i.exec(size) ?? []
  return Number(number ?? Number.NaN) * 1024 ** ['', 'k', 'm', 'g'].indexOf(unit.toLowerCase())
}
