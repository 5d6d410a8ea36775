import { bind, listen, network, resolver, upstreamServer } from './addresses.ts'
import { condition, errorPage, expires, returned } from './answers.ts'
import {
  type ArgumentCheck,
  all,
  anything,
  inSeconds,
  notEmpty,
  offAlone,
  ok,
  oneOf,
  options,
  positive,
  problem,
  third,
  unlessVariable,
  variable,
} from './forms.ts'
import { accessLog, browser, cpuAffinity, logLevels, random, referers } from './others.ts'
import { location, passedTo, serverNames } from './routing.ts'
import { cacheOfFiles, cachePath, cacheValid, poolSize, powerOf2, sessionCache, temporaryPath, zone } from './stores.ts'
import { isNumber, isOffset, isSize, isTime } from './values.ts'

const METHODS = 'GET HEAD POST PUT DELETE MKCOL COPY MOVE OPTIONS PROPFIND PROPPATCH LOCK UNLOCK PATCH'.split(' ')

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
  limit_req_zone: all(zone, options(1, { zone: anything, rate: text => /^0*[1-9]\d*(?:r\/[sm])?$/.test(text) }, [])),
  listen,
  log_format: ([name]) => problem(name === 'combined', '"combined" is a format that nginx brings'),
  location,
  map: variable(1),
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
  resolver,
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
  use: oneOf('select', 'poll', 'epoll', 'kqueue', 'eventport', '/dev/poll'),
  worker_connections: ([count = '']) => problem(!isNumber(count), 'it is no number'),
  worker_priority: ([text = '']) => problem(!isNumber(text.replace(/^[+-]/, '')), 'it is no number'),
  worker_processes: ([count = '']) =>
    problem(count !== 'auto' && !isNumber(count), 'it is neither "auto" nor a number'),
  worker_rlimit_core: ([size = '']) => problem(!isOffset(size), 'it is no size such as 512, 8k, 1m or 2g'),
  zone: ([name, size]) =>
    problem(name === '' || (size !== undefined && !isSize(size)), 'it needs a name, and a size such as 64k'),
  access_log: accessLog,
  aio: ([how = '']) => problem(!/^(?:on|off|threads(?:=.+)?)$/s.test(how), 'it must be on, off or threads'),
  directio: ([size = '']) => problem(size !== 'off' && !isOffset(size), 'it is neither a size nor "off"'),
  disable_symlinks: ([how = '', from]) =>
    problem(
      !['on', 'off', 'if_not_owner'].includes(how) || (from !== undefined && !from.startsWith('from=')),
      'it must be off, on or if_not_owner, and "from=" may follow',
    ),
  http2_chunk_size: ([size]) => problem(size === '0', 'it cannot be zero'),
  http2_pool_size: poolSize,
  http2_recv_buffer_size: ([size = '']) => problem(isNumber(size) && Number(size) < 32, 'it is too small'),
  http2_streams_index_size: ([size = '']) =>
    problem(!positive(size) || Math.log2(Number(size)) % 1 !== 0, 'it must be a power of two'),
  modern_browser: browser,
  proxy_cookie_flags: offAlone,
  random,
  thread_pool: args =>
    problem(!args.some(arg => /^threads=0*[1-9]\d*$/.test(arg)), 'it needs "threads=" and a number above 0'),
  userid_expires: ([time = '']) =>
    problem(time !== 'max' && time !== 'off' && !inSeconds(time), 'it must be a time, max or off'),
  userid_mark: ([mark = '']) =>
    problem(mark !== 'off' && !/^[a-z0-9=]$/i.test(mark), 'it must be "off", or a letter, a digit or "="'),
  valid_referers: referers,
  worker_cpu_affinity: cpuAffinity,
  client_body_temp_path: temporaryPath,
  proxy_temp_path: temporaryPath,
  fastcgi_temp_path: temporaryPath,
  uwsgi_temp_path: temporaryPath,
  scgi_temp_path: temporaryPath,
  proxy_bind: bind,
  fastcgi_bind: bind,
  uwsgi_bind: bind,
  scgi_bind: bind,
  grpc_bind: bind,
  memcached_bind: bind,
  proxy_cache_path: cachePath,
  fastcgi_cache_path: cachePath,
  uwsgi_cache_path: cachePath,
  scgi_cache_path: cachePath,
  fastcgi_pass: notEmpty,
  uwsgi_pass: notEmpty,
  scgi_pass: notEmpty,
  grpc_pass: notEmpty,
  memcached_pass: notEmpty,
}
