import { posix } from 'node:path'
import type { CopyPlace, Destination } from '../../model/nginx.ts'
import type { Directive } from '../ast.ts'
import { CLOSED, isAddress, replacement, splitPassed } from './destination.ts'
import { addressOf } from './listening.ts'
import type { Context } from './tree.ts'

/** What becomes of a directive: other arguments, or nothing at all. Undefined: it stays as it is written. */
export type Change = { readonly args: readonly string[] | null; readonly why: string } | undefined

/** What rules know of the whole. */
export interface Site {
  readonly place: CopyPlace
  /** Of `upstream` blocks, in lower case, with the scheme by which they are used. */
  readonly upstreams: ReadonlyMap<string, string>
  /** Of the original. */
  readonly directory: string
  /** A name for a file or directory of the copy, the same for the same text. */
  fileFor(kind: string, text: string): string
}

type Rule = (args: readonly string[], directive: Directive, site: Site, context: Context) => Change

/** An address of the documentation's range, which nobody has. @see RFC 5737 */
const NOBODY = '192.0.2.1'

export const LEAF = 'leaf.pem'
export const LEAF_KEY = 'leaf.key'
export const AUTHORITY = 'authority.pem'
export const DH_PARAMETERS = 'dhparam.pem'
export const TICKET_KEY = 'ticket.key'

const inPrefix = 'everything it writes stays in its own directory'
const madeFor = 'certificates and keys are made for the copy'
const notOutside = 'it connects to nothing outside'

const left = (why: string): Change => ({ args: null, why })

/** Replaces the first argument, which is a file. */
const certificate =
  (file: string): Rule =>
  args =>
    args.length === 1 && args[0] !== '' ? { args: [file], why: madeFor } : undefined

const leaveOut =
  (why: string): Rule =>
  args =>
    args.length > 0 ? left(why) : undefined

const path =
  (kind: string): Rule =>
  ([first, ...rest], _directive, site) =>
    first === undefined ? undefined : { args: [site.fileFor(kind, first), ...rest], why: inPrefix }

const one =
  (value: string, why: string): Rule =>
  args =>
    args.length === 1 && args[0] !== value ? { args: [value], why } : undefined

const nothingStored: Rule = args =>
  args.length > 0 && args[0] !== 'off' ? { args: ['off'], why: inPrefix } : undefined

const pass: Rule = ([first, ...more], { name }, site, context) => {
  if (first === undefined || more.length > 0) return undefined
  const { scheme, address, rest } = splitPassed(first)
  if (site.upstreams.has(address.toLowerCase())) return undefined
  const destination: Destination = { scheme: schemeOf(name.text, scheme, context), address, at: name.at }
  const to = replacement(site.place, destination)
  if (to === address) return undefined
  // The path of a socket ends with a colon where another path follows.
  const between = scheme !== '' && to.startsWith('unix:') && rest !== '' ? ':' : ''
  return { args: [`${scheme}${to}${between}${rest}`], why: notOutside }
}

const upstreamServer: Rule = ([address, ...options], { name }, site, context) => {
  if (address === undefined) return undefined
  const scheme = site.upstreams.get(context.at(-1)?.args[0]?.text.toLowerCase() ?? '') ?? 'http'
  const to = replacement(site.place, { scheme, address, at: name.at })
  const kept = options.filter(option => option !== 'resolve' && !option.startsWith('service='))
  return to === address ? undefined : { args: [to, ...kept], why: notOutside }
}

const bound: Rule = args => (args.length > 0 && args[0] !== 'off' ? left('it has no address but its own') : undefined)

const relative: Rule = ([first, ...rest], _directive, { directory }) =>
  first === undefined || /^[/$]/.test(first) || first === 'off' || first === 'on'
    ? undefined
    : { args: [posix.join(directory, first), ...rest], why: 'the copy lies elsewhere' }

const listen: Rule = ([first, ...options], _directive, { place }) => {
  const address = first === undefined ? undefined : addressOf(first)
  const to = address === undefined ? undefined : listensAt(place, address)
  if (to === undefined) return undefined
  const kept = options.filter(option => !(to.startsWith('unix:') ? NOT_OF_SOCKETS : NOT_OF_LOOPBACK).test(option))
  return { args: [to, ...kept], why: 'it listens on loopback only' }
}

/** Options that a copy's address does not take, or that those who ask it do not know of. */
const NOT_OF_LOOPBACK = /^(?:proxy_protocol$|(?:ipv6only|setfib)=)/
const NOT_OF_SOCKETS = /^(?:proxy_protocol$|deferred$|reuseport$|(?:ipv6only|setfib|so_keepalive|fastopen)=)/

/** Undefined for an address that the place does not know. */
export function listensAt({ ports, sockets }: CopyPlace, address: string): string | undefined {
  const socket = sockets?.[address]
  if (socket !== undefined) return `unix:${socket}`
  return ports[address] === undefined ? undefined : `127.0.0.1:${ports[address]}`
}

/** Only in the outermost context. */
const MAIN: Readonly<Record<string, Rule>> = {
  daemon: one('off', 'whoever starts it waits for it'),
  pid: one('nginx.pid', inPrefix),
  worker_processes: one('1', 'one is enough'),
  user: (args, _directive, { place }) => {
    if (args.length === 0 || args.length > 2) return undefined
    const why = 'it stays who it is'
    return place.asRoot ? { args: ['root'], why } : left(why)
  },
  master_process: (args, directive, site, context) =>
    one(site.place.oneProcess ? 'off' : 'on', 'nothing is to be left of it')(args, directive, site, context),
  load_module: ([file, ...more], _directive, { place }) => {
    if (file === undefined || more.length > 0) return undefined
    const found = place.module(posix.basename(file))
    if (found === file) return undefined
    return found === undefined
      ? left('this nginx has no such module')
      : { args: [found], why: 'modules are those of this nginx' }
  },
  // OpenSSL takes a path as its name and loads what is there, even while a configuration is only tested.
  ssl_engine: leaveOut('keys are made for the copy, and it loads no code'),
  ...Object.fromEntries(
    'lock_file working_directory worker_cpu_affinity worker_priority worker_rlimit_core debug_points google_perftools_profiles'
      .split(' ')
      .map(name => [name, leaveOut('it takes nothing of the machine')]),
  ),
}

const ANYWHERE: Readonly<Record<string, Rule>> = {
  error_log: ([first, ...level]) =>
    first === undefined
      ? undefined
      : { args: ['error.log', ...level.map(text => (text.startsWith('debug') ? 'info' : text))], why: inPrefix },
  access_log: (args, directive, site, context) =>
    args[0] === 'off' ? undefined : path('access')(args, directive, site, context),
  resolver: args =>
    args.length === 0
      ? undefined
      : { args: [CLOSED, ...args.filter(arg => arg.includes('='))], why: 'no name is looked up outside' },
  set_real_ip_from: ([first, ...more]) =>
    first === undefined || more.length > 0 || isAddress(first) || first.startsWith('unix:')
      ? undefined
      : { args: [NOBODY], why: 'no name is looked up outside' },
  dav_methods: nothingStored,
  auth_basic_user_file: relative,
  xslt_stylesheet: relative,
  xml_entities: relative,
  geoip_country: relative,
  geoip_city: relative,
  geoip_org: relative,
  auth_http: pass,
  ssl_dhparam: certificate(DH_PARAMETERS),
  ssl_session_ticket_key: certificate(TICKET_KEY),
  ssl_client_certificate: certificate(AUTHORITY),
  ssl_stapling_file: leaveOut(madeFor),
  ssl_stapling_responder: leaveOut(notOutside),
  ssl_ocsp_responder: leaveOut(notOutside),
  ...forEach(['', 'proxy_', 'grpc_', 'uwsgi_'], prefix => ({
    [`${prefix}ssl_certificate`]: certificate(LEAF),
    [`${prefix}ssl_certificate_key`]: certificate(LEAF_KEY),
    [`${prefix}ssl_trusted_certificate`]: certificate(AUTHORITY),
    [`${prefix}ssl_password_file`]: leaveOut(madeFor),
    [`${prefix}ssl_crl`]: leaveOut(madeFor),
  })),
  ...forEach(['proxy', 'fastcgi', 'uwsgi', 'scgi', 'grpc', 'memcached'], name => ({
    [`${name}_pass`]: pass,
    [`${name}_bind`]: bound,
  })),
  ...forEach(['proxy', 'fastcgi', 'uwsgi', 'scgi', 'client_body'], name => ({
    [`${name}_temp_path`]: path('temp'),
    [`${name}_cache_path`]: path('cache'),
    [`${name}_store`]: nothingStored,
  })),
}

/** What becomes of a directive in a context that holds directives. Arguments that nginx would refuse stay, so that it does. */
export function changeOf(directive: Directive, context: Context, site: Site): Change {
  const { name, args, body } = directive
  if (body.kind !== 'ended') return undefined
  const texts = args.map(({ text }) => text)
  const inner = context.at(-1)?.name.text
  const rule =
    inner === 'upstream' && name.text === 'server'
      ? upstreamServer
      : inner === 'server' && name.text === 'listen'
        ? listen
        : ((context.length === 0 ? MAIN[name.text] : undefined) ?? ANYWHERE[name.text])
  return rule?.(texts, directive, site, context)
}

function schemeOf(directive: string, written: string, context: Context): string {
  if (written !== '') return written.slice(0, -'://'.length).toLowerCase()
  if (context[0]?.name.text === 'stream') return 'stream'
  return directive.replace(/_pass$/, '')
}

function forEach(names: readonly string[], make: (name: string) => Record<string, Rule>): Record<string, Rule> {
  return Object.assign({}, ...names.map(make))
}
