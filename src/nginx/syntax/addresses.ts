import {
  type ArgumentCheck,
  all,
  anything,
  inSeconds,
  isPort,
  notEmpty,
  ok,
  options,
  positive,
  problem,
} from './forms.ts'
import { isIP, isIPv4, isIPv6, isNetwork } from './ip.ts'
import { isNumber, isSize, isTime } from './values.ts'

export const network: ArgumentCheck = ([text = '']) =>
  problem(
    text !== 'all' && text !== 'unix:' && !isNetwork(text),
    'it is no address such as 192.0.2.0/24, and neither "all" nor "unix:"',
  )

export const bind: ArgumentCheck = args => {
  const [address = '', word] = args
  if (word !== undefined && word !== 'transparent') return 'only "transparent" may follow the address'
  if (address.includes('$') || (address === 'off' && word === undefined) || isIP(address)) return ok
  const [, six = '', four = '', port = ''] = /^(?:\[([^\]]*)\]|([^:]*)):(.*)$/s.exec(address) ?? []
  return problem(!(isIPv6(six) || isIPv4(four)) || !isPort(port), 'it is no address of this host, and not "off"')
}

/** `valid=`, `ipv6=` and the like; whatever else is the address of a name server. */
export const resolver: ArgumentCheck = args => {
  for (const arg of args) {
    if (arg.startsWith('valid=') && !inSeconds(arg.slice('valid='.length))) return 'the value of "valid=" is no time'
    if (/^ipv[46]=/.test(arg) && !/^ipv[46]=(?:on|off)$/.test(arg)) return 'the value of "ipv6=" is "on" or "off"'
  }
  return ok
}

function isListenAddress(text: string): boolean {
  if (text.startsWith('unix:')) return text.length > 'unix:'.length
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/s.exec(text)
  if (bracketed !== null) return isIPv6(bracketed[1]!) && (bracketed[2] === undefined || isPort(bracketed[2]))
  const [host, port, ...more] = text.split(':')
  if (more.length > 0 || text === '' || host === '' || host!.includes('/')) return false
  if (port !== undefined) return isPort(port)
  return isNumber(host!) ? isPort(host!) : true
}

const listenOptions = options(
  1,
  {
    setfib: isNumber,
    fastopen: isNumber,
    backlog: text => isNumber(text) && text !== '0',
    rcvbuf: isSize,
    sndbuf: isSize,
    accept_filter: anything,
    ipv6only: text => text === 'on' || text === 'off',
    so_keepalive: text => /^(?:on|off|\w*:\w*:\w*)$/.test(text) && text !== '::',
  },
  ['default_server', 'default', 'deferred', 'bind', 'reuseport', 'ssl', 'http2', 'spdy', 'quic', 'proxy_protocol'],
)

export const listen: ArgumentCheck = (args, place) => {
  if (!isListenAddress(args[0]!)) return 'it is no address, port or unix: socket'
  const alone = args.includes('deferred') || args.some(arg => arg.startsWith('ipv6only='))
  if (alone && args[0]!.startsWith('unix:') && args.some(arg => arg.startsWith('ipv6only=')))
    return '"ipv6only=" is for IPv6'
  return listenOptions(args, place)
}

const host: ArgumentCheck = ([address = '']) =>
  address.startsWith('unix:')
    ? problem(address === 'unix:', 'the path of the socket is missing')
    : problem(address.includes('/'), 'a host has no slash in it')

export const upstreamServer: ArgumentCheck = all(
  notEmpty,
  host,
  options(
    1,
    {
      weight: positive,
      max_conns: isNumber,
      max_fails: isNumber,
      fail_timeout: inSeconds,
      slow_start: isTime,
      service: anything,
      route: anything,
    },
    ['backup', 'down', 'resolve', 'drain'],
  ),
)
