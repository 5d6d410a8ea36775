import { isIP, isIPv4, isIPv6 } from './ip.ts'
import { locationAround, locationName, type Place } from './place.ts'
import { isNumber, isOffset, isSize, isTime } from './values.ts'

/** What is wrong with arguments that have a form of their own; undefined when nothing is, as far as it was looked at. */
type ArgumentCheck = (args: readonly string[], place: Place) => string | undefined

const ok = undefined
const problem = (wrong: boolean, text: string) => (wrong ? text : undefined)

const variable =
  (index: number): ArgumentCheck =>
  args =>
    problem(!args.at(index)!.startsWith('$'), 'the name of a variable begins with "$"')

const third =
  (...words: readonly string[]): ArgumentCheck =>
  ([, , word]) =>
    problem(word !== undefined && !words.includes(word), `after both arguments only ${words.join(', ')} may follow`)

const offAlone: ArgumentCheck = args =>
  problem(args.length === 1 && args[0] !== 'off', 'a single argument can only be "off"')

/** `name=value` and bare words that may follow the first arguments. */
function options(
  from: number,
  known: Readonly<Record<string, (value: string) => boolean>>,
  words: readonly string[],
): ArgumentCheck {
  return args => {
    for (const [offset, arg] of args.slice(from).entries()) {
      if (words.includes(arg)) continue
      const equals = arg.indexOf('=')
      const check = equals === -1 ? undefined : known[arg.slice(0, equals)]
      if (check === undefined) return `argument ${from + offset + 1} is none that it knows`
      if (!check(arg.slice(equals + 1))) return `the value of "${arg.slice(0, equals)}=" is invalid`
    }
    return ok
  }
}

const anything = () => true
const positive = (text: string) => isNumber(text) && Number(text) > 0
const zone: ArgumentCheck = args => {
  const given = args.find(arg => arg.startsWith('zone='))
  if (given === undefined) return 'it needs "zone=NAME:SIZE"'
  const [name, size] = given.slice('zone='.length).split(':')
  return problem(!name || size === undefined || !isSize(size), 'the zone must be like zone=NAME:10m')
}

/** All of them; the first problem counts. */
const all =
  (...checks: readonly ArgumentCheck[]): ArgumentCheck =>
  (args, place) => {
    for (const check of checks) {
      const found = check(args, place)
      if (found !== undefined) return found
    }
    return ok
  }

const network: ArgumentCheck = ([text = '']) => {
  if (text === 'all' || text === 'unix:') return ok
  const [address = '', bits, ...more] = text.split('/')
  const right =
    isIP(address) &&
    more.length === 0 &&
    (bits === undefined ||
      (isNumber(bits) && Number(bits) <= (isIPv6(address) ? 128 : 32)) ||
      (isIPv4(address) && isIPv4(bits)))
  return problem(!right, 'it is no address such as 192.0.2.0/24, and neither "all" nor "unix:"')
}

const LOG_LEVELS = ['debug', 'info', 'notice', 'warn', 'error', 'crit', 'alert', 'emerg']
const DEBUG_LEVELS = ['core', 'alloc', 'mutex', 'event', 'http', 'mail', 'stream'].map(name => `debug_${name}`)
const logLevels: ArgumentCheck = args =>
  problem(
    !args.slice(1).every(level => [...LOG_LEVELS, ...DEBUG_LEVELS].includes(level)),
    `the level must be one of ${LOG_LEVELS.join(', ')}`,
  )

const METHODS = 'GET HEAD POST PUT DELETE MKCOL COPY MOVE OPTIONS PROPFIND PROPPATCH LOCK UNLOCK PATCH'.split(' ')

const condition: ArgumentCheck = args => {
  const text = args.join(' ')
  if (!text.startsWith('(') || !text.endsWith(')')) return 'a condition stands in parentheses'
  const words = [...args]
  if (words[0] === '(') words.shift()
  else words[0] = words[0]!.slice(1)
  if (words.at(-1) === ')') words.pop()
  else words[words.length - 1] = words.at(-1)!.slice(0, -1)
  const [subject = '', operator, ...operands] = words
  if (/^!?-[fdex]$/s.test(subject))
    return problem(operator === undefined || operands.length > 0, 'one path follows the test of a file')
  if (!/^\$./s.test(subject)) return 'it must begin with a variable or a test of a file such as -f'
  if (operator === undefined) return ok
  if (operands.length !== 1) return 'one argument follows the operator'
  return problem(
    !['=', '!=', '~', '~*', '!~', '!~*'].includes(operator),
    'the operator must be one of = != ~ ~* !~ !~*',
  )
}

const returned: ArgumentCheck = args => {
  const [code = '', text] = args
  if (isNumber(code)) return problem(Number(code) > 999, 'the code has at most three digits')
  const location = /^(?:http:\/\/|https:\/\/|\$scheme)/i.test(code)
  return problem(
    text !== undefined || !location,
    'it needs a code, or a URL that begins with http://, https:// or $scheme',
  )
}

const errorPage: ArgumentCheck = args => {
  const codes = args.slice(0, -1)
  if (/^=/.test(codes.at(-1) ?? '')) {
    const answer = codes.pop()!
    if (!/^=\d*$/.test(answer)) return 'the code after "=" is no number'
    if (codes.length === 0) return 'no code stands before "="'
  }
  return problem(
    !codes.every(code => isNumber(code) && code !== '499' && Number(code) >= 300 && Number(code) <= 599),
    'every code must be from 300 to 599, and not 499',
  )
}

const expires: ArgumentCheck = args => {
  const [first = '', second] = args
  if (second !== undefined && first !== 'modified') return 'the first of two arguments can only be "modified"'
  const text = args.at(-1)!
  if (second === undefined && ['epoch', 'max', 'off'].includes(text)) return ok
  if (text.includes('$')) return ok
  const daily = text.startsWith('@')
  if (daily && second !== undefined) return 'a time of the day cannot follow "modified"'
  return problem(!isTime(text.replace(/^[@+-]/, ''), 'seconds'), 'it must be a time, or epoch, max or off')
}

const passedTo: ArgumentCheck = ([url = ''], place) => {
  if (url.includes('$')) return ok
  const found = /^https?:\/\/(?:unix:[^:]*:?|[^/?#]*)(.*)$/is.exec(url)
  if (found === null) return 'a URL begins with http:// or https://'
  if (found[1] === '') return ok
  const { modifier } = locationAround(place) ?? { modifier: '' }
  const replaced =
    modifier === '@' ||
    modifier === '~' ||
    modifier === '~*' ||
    place.context === 'location-if' ||
    place.context === 'limit_except'
  return problem(
    replaced,
    'it cannot have a path in a location by regular expression or by name, nor in "if" or "limit_except"',
  )
}

const location: ArgumentCheck = (args, place) => {
  const own = locationName(args)
  if (own === undefined) return 'the modifier must be one of =, ^~, ~ and ~*'
  if (own.path === '' && own.modifier.startsWith('~')) return 'a regular expression is missing'
  if (place.context !== 'location') return ok
  const outer = locationAround(place)!
  if (outer.modifier === '=') return 'it cannot be in a location of an exact path'
  if (outer.modifier === '@') return 'it cannot be in a named location'
  if (own.modifier === '@') return 'a named location belongs into the server'
  const isOutside = !own.modifier.startsWith('~') && !outer.modifier.startsWith('~') && !own.path.startsWith(outer.path)
  return problem(isOutside, 'its path is outside of that of the location around it')
}

const serverNames: ArgumentCheck = args =>
  problem(!args.every(isServerName), 'a wildcard stands alone before or after the dots: *.example.org')

/** `ngx_hash_add_key` with wildcards. */
function isServerName(name: string): boolean {
  if (name.startsWith('~')) return name.length > 1
  if (/\*.*\*|\.\.|\0/s.test(name)) return false
  if (name.length > 1 && name.startsWith('.')) return !name.includes('*')
  return !name.includes('*') || (name.length > 2 && (name.startsWith('*.') || name.endsWith('.*')))
}

const isPort = (text: string) => positive(text) && Number(text) < 65536

function isListenAddress(text: string): boolean {
  if (text.startsWith('unix:')) return text.length > 'unix:'.length
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/s.exec(text)
  if (bracketed !== null) return isIPv6(bracketed[1]!) && (bracketed[2] === undefined || isPort(bracketed[2]))
  const [host, port, ...more] = text.split(':')
  if (more.length > 0 || text === '' || host === '') return false
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

const listen: ArgumentCheck = (args, place) => {
  if (!isListenAddress(args[0]!)) return 'it is no address, port or unix: socket'
  const alone = args.includes('deferred') || args.some(arg => arg.startsWith('ipv6only='))
  if (alone && args[0]!.startsWith('unix:') && args.some(arg => arg.startsWith('ipv6only=')))
    return '"ipv6only=" is for IPv6'
  return listenOptions(args, place)
}

const upstreamServer: ArgumentCheck = all(
  options(
    1,
    {
      weight: positive,
      max_conns: isNumber,
      max_fails: isNumber,
      fail_timeout: text => isTime(text, 'seconds'),
      slow_start: isTime,
      service: anything,
      route: anything,
    },
    ['backup', 'down', 'resolve', 'drain'],
  ),
)

const cacheOfFiles: ArgumentCheck = args => {
  if (args[0] === 'off') return ok
  if (!args.some(arg => arg.startsWith('max='))) return 'it needs "max=", or "off"'
  return options(
    0,
    {
      max: positive,
      inactive: text => isTime(text, 'seconds'),
      min_uses: positive,
      valid: text => isTime(text, 'seconds'),
    },
    ['off'],
  )(args, { context: 'http', around: [] })
}

const sessionCache: ArgumentCheck = args =>
  problem(
    !args.every(arg => {
      if (arg === 'off' || arg === 'none' || arg === 'builtin') return true
      if (arg.startsWith('builtin:')) return positive(arg.slice('builtin:'.length))
      const [shared, name, size, ...more] = arg.split(':')
      return (
        shared === 'shared' &&
        !!name &&
        size !== undefined &&
        isSize(size) &&
        parseInt(size, 10) > 0 &&
        more.length === 0
      )
    }),
    'it must be off, none, builtin, or like shared:NAME:10m',
  )

const poolSize: ArgumentCheck = ([text = '']) =>
  problem(
    isNumber(text) && (Number(text) < 112 || Number(text) % 16 !== 0),
    'it must be at least 112 and a multiple of 16',
  )

const powerOf2 =
  (most: number): ArgumentCheck =>
  ([text = '']) => {
    const size = parseInt(text, 10) * (/k$/i.test(text) ? 1024 : /m$/i.test(text) ? 2 ** 20 : 1)
    return problem(
      size < 512 || size > most || Math.log2(size) % 1 !== 0,
      `it must be 512, 1k, 2k and so on up to ${most / 1024}k`,
    )
  }

const cacheValid: ArgumentCheck = args => {
  if (!isTime(args.at(-1)!, 'seconds')) return 'the last argument must be a time'
  return problem(
    !args.slice(0, -1).every(code => code === 'any' || (isNumber(code) && Number(code) >= 100 && Number(code) <= 599)),
    'every code must be from 100 to 599, or "any"',
  )
}

const unlessVariable =
  (isRight: (text: string) => boolean, text: string): ArgumentCheck =>
  ([value = '']) =>
    problem(!value.includes('$') && !isRight(value), text)

/** Outside of `stream` and `mail`, by name. */
export const ARGUMENT_CHECKS: Readonly<Record<string, ArgumentCheck>> = {
  add_header: third('always'),
  add_trailer: third('always'),
  allow: network,
  deny: network,
  auth_request_set: variable(0),
  connection_pool_size: poolSize,
  request_pool_size: poolSize,
  error_log: logLevels,
  error_page: errorPage,
  expires,
  fastcgi_cache_valid: cacheValid,
  proxy_cache_valid: cacheValid,
  scgi_cache_valid: cacheValid,
  uwsgi_cache_valid: cacheValid,
  fastcgi_param: third('if_not_empty'),
  scgi_param: third('if_not_empty'),
  uwsgi_param: third('if_not_empty'),
  geo: variable(-1),
  gzip_hash: powerOf2(131072),
  gzip_window: powerOf2(32768),
  hash: ([, word]) => problem(word !== undefined && word !== 'consistent', 'only "consistent" may follow'),
  if: condition,
  index: args => problem(args.includes(''), 'a name is empty'),
  keepalive: ([count = '']) => problem(!positive(count), 'it must be a number above 0'),
  keepalive_timeout: ([first = '', second]) =>
    problem(!isTime(first) || (second !== undefined && !isTime(second, 'seconds')), 'it is no time such as 75s'),
  limit_conn: ([, count = '']) =>
    problem(!positive(count) || Number(count) > 65535, 'the count must be from 1 to 65535'),
  limit_conn_zone: zone,
  limit_except: args =>
    problem(!args.every(method => METHODS.includes(method.toUpperCase())), 'it takes methods of HTTP'),
  limit_rate: unlessVariable(isSize, 'it is no size such as 512, 8k or 1m'),
  limit_rate_after: unlessVariable(isSize, 'it is no size such as 512, 8k or 1m'),
  limit_req: all(
    args => problem(!args.some(arg => arg.startsWith('zone=')), 'it needs "zone="'),
    options(0, { zone: anything, burst: positive, delay: positive }, ['nodelay']),
  ),
  limit_req_zone: all(
    zone,
    options(1, { zone: anything, rate: text => /^\d+r\/[sm]$/.test(text) && parseInt(text, 10) > 0 }, []),
  ),
  listen,
  location,
  map: variable(1),
  mirror: ([uri]) => problem(uri === '', 'the path is empty'),
  open_file_cache: cacheOfFiles,
  open_log_file_cache: cacheOfFiles,
  proxy_cookie_domain: offAlone,
  proxy_cookie_path: offAlone,
  proxy_pass: passedTo,
  proxy_redirect: args =>
    problem(
      args.length === 1 && args[0] !== 'off' && args[0] !== 'default',
      'a single argument can only be "off" or "default"',
    ),
  return: returned,
  rewrite: third('last', 'break', 'redirect', 'permanent'),
  server: (args, place) => (place.context === 'upstream' ? upstreamServer(args, place) : ok),
  server_name: serverNames,
  set: variable(0),
  split_clients: variable(1),
  ssl_session_cache: sessionCache,
  try_files: args => {
    const last = args.at(-1)!
    return problem(
      last.startsWith('=') && (!isNumber(last.slice(1)) || Number(last.slice(1)) > 999),
      'the code after "=" is no number of three digits',
    )
  },
  use: ([name = '']) =>
    problem(!['select', 'poll', 'epoll', 'kqueue', 'eventport', '/dev/poll'].includes(name), 'there is no such method'),
  worker_connections: ([count = '']) => problem(!isNumber(count), 'it is no number'),
  worker_priority: ([text = '']) => problem(!/^[+-]?\d+$/.test(text), 'it is no number'),
  worker_processes: ([count = '']) =>
    problem(count !== 'auto' && !isNumber(count), 'it is neither "auto" nor a number'),
  worker_rlimit_core: ([size = '']) => problem(!isOffset(size), 'it is no size such as 512, 8k, 1m or 2g'),
  zone: ([, size]) => problem(size !== undefined && !isSize(size), 'the size is none such as 64k'),
}
