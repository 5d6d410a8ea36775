import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempDisposableSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { RunproofError } from '../model/error.ts'
import { LATER } from './directives/later.ts'
import { OPTIONAL } from './directives/optional.ts'
import { type Context, DIRECTIVES, type DirectiveSyntax } from './directives/table.ts'
import { readIncludes } from './includes.ts'
import { checkSyntax } from './syntax.ts'

const missing = spawnSync('nginx', ['-v']).error === undefined ? false : 'this machine has no nginx'

/** Every how many cases of each list are tried: all of them take a minute. */
const STRIDE = Number(process.env['ORACLE_STRIDE'] ?? 19)

/** What `nginx -t` says where a single directive is right, but files, hosts, zones or other directives are not. */
const BEYOND = new RegExp(
  [
    'host not found|no port in upstream|no servers are inside upstream|invalid port in upstream',
    'cannot load|No such file|PEM_|SSL_CTX|SSL_CONF|ENGINE|is defined for|Is a directory|getpwnam|getgrnam',
    'unknown ".*" variable|unknown thread pool|invalid event type|unknown log format|zone "[^"]*" is unknown|zero size shared memory zone|is already (?:bound|declared)|same path name',
    'must be equal to or greater than|must be less than|are not enough|could not build|is too small|pcre2_compile.. failed: (?!unmatched|missing|quantifier)|not supported on this platform|no captures|must have 2 captures',
  ].join('|'),
)

interface Verdict {
  readonly refused: boolean
  readonly why: string
}

function ours(text: string): Verdict & { readonly told: boolean } {
  try {
    const reader = { read: () => Buffer.from(text), expand: () => [] }
    const findings = checkSyntax(readIncludes('x.conf', reader))
    const errors = findings.filter(({ severity }) => severity === 'error')
    return { refused: errors.length > 0, told: findings.length > 0, why: errors.map(error => error.text).join('; ') }
  } catch (thrown) {
    if (!(thrown instanceof RunproofError)) throw thrown
    return { refused: true, told: true, why: thrown.message }
  }
}

interface Case {
  readonly title: string
  readonly text: string
}

/** What `nginx -t` says of each, from one shell: a process started from here costs more than nginx itself. */
function theirs(directory: string, cases: readonly Case[]): readonly Verdict[] {
  mkdirSync(join(directory, 'logs'))
  for (const [index, { text }] of cases.entries()) writeFileSync(join(directory, `${index}.conf`), text)
  const script =
    'for n in $(seq 0 "$2"); do echo "=$n"; nginx -p "$1" -c "$1/$n.conf" -t -q 2>&1 && echo accepted; done; true'
  const { stdout, status } = spawnSync('sh', ['-c', script, 'sh', directory, String(cases.length - 1)], {
    encoding: 'latin1',
    maxBuffer: 2 ** 28,
  })
  assert.equal(status, 0)
  const answers = stdout.split(/^=\d+\n/m).slice(1)
  assert.equal(answers.length, cases.length)
  return answers.map(answer => ({
    refused: !answer.endsWith('accepted\n'),
    why: answer.split('\n').find(line => line.includes('[emerg]')) ?? answer,
  }))
}

/** @returns how many of each there were */
function compare(directory: string, cases: readonly Case[]) {
  const disagreements: string[] = []
  const counts = { accepted: 0, refused: 0, beyond: 0 }
  const verdicts = theirs(directory, cases)
  for (const [index, { title, text }] of cases.entries()) {
    const own = ours(text)
    const { refused, why } = verdicts[index]!
    if (!refused) {
      counts.accepted++
      if (own.refused) disagreements.push(`${title}: nginx accepts, we say: ${own.why}\n${text}`)
    } else if (BEYOND.test(why)) counts.beyond++
    else {
      counts.refused++
      const told = why.includes('unknown directive') ? own.told : own.refused
      if (!told) disagreements.push(`${title}: we accept, nginx says: ${why}\n${text}`)
    }
  }
  assert.deepEqual(disagreements, [], disagreements.join('\n'))
  return counts
}

/** A whole configuration with one place filled. */
function around(context: Context, inner: string): string {
  const at = (wanted: Context) => (wanted === context ? ` ${inner} ` : ' ')
  return `${at('main')}
events {${at('events')}}
http {
  client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5;
  upstream u { server unix:SOCKET;${at('upstream')}}${at('http')}
  server {
    listen unix:SOCKET;${at('server')}
    if ($uri) {${at('server-if')}}
    location / {${at('location')}
      if ($uri) {${at('location-if')}}
      limit_except GET {${at('limit_except')}}
    }
  }
}
`.replace(/client_body_temp_path t1; proxy.*\n/, context === 'http' && /_temp_path/.test(inner) ? '\n' : '$&')
}

const CONTEXTS: readonly Context[] = [
  'main',
  'events',
  'http',
  'server',
  'location',
  'upstream',
  'server-if',
  'location-if',
  'limit_except',
]
const WORDS: Readonly<Record<string, string>> = {
  flag: 'on',
  size: '4096',
  offset: '4096',
  time: '10s',
  seconds: '10s',
  buffers: '4 8k',
  access: 'user:rw',
}
/** Arguments for what takes a form of its own. */
const SAMPLES: Readonly<Record<string, string>> = {
  use: 'epoll',
  user: 'root',
  worker_priority: '1',
  worker_cpu_affinity: 'auto',
  worker_processes: '2',
  worker_connections: '9',
  debug_connection: '127.0.0.1',
  set: '$a b',
  if: '($uri)',
  return: '404',
  rewrite: '^/a /b last',
  break: '',
  limit_except: 'GET',
  location: '/a/',
  listen: '127.0.0.1:1234',
  server_name: 'a.b',
  map: '$uri $m',
  geo: '$g',
  split_clients: '$uri $s',
  upstream: 'v',
  charset_map: 'a b',
  auth_request_set: '$a b',
  limit_req_zone: '$uri zone=z:1m rate=1r/s',
  limit_conn_zone: '$uri zone=y:1m',
  error_page: '404 /a',
  error_log: 'logs/e',
  expires: '1h',
  allow: 'all',
  deny: '127.0.0.0/8',
  set_real_ip_from: '127.0.0.1',
  hash: '$uri',
  zone: 'u 1m',
  keepalive: '3',
  try_files: '/a =404',
  keepalive_timeout: '5s 6s',
  resolver: '127.0.0.1',
  proxy_pass: 'http://u',
  grpc_pass: 'u',
  fastcgi_pass: 'u',
  scgi_pass: 'u',
  uwsgi_pass: 'u',
  memcached_pass: 'u',
  access_log: 'off',
  open_file_cache: 'off',
  open_log_file_cache: 'off',
  ssl_session_cache: 'none',
  ssl_ocsp_cache: 'off',
  proxy_redirect: 'off',
  aio: 'off',
  directio: 'off',
  disable_symlinks: 'off',
  userid_expires: 'max',
  userid_mark: 'a',
  charset: 'utf-8',
  source_charset: 'utf-8',
  server: 'unix:SOCKET',
  modern_browser: 'msie 5.0',
  proxy_cache_path: 'x keys_zone=w:1m',
  fastcgi_cache_path: 'x keys_zone=w:1m',
  gzip_window: '512',
  gzip_hash: '512',
  connection_pool_size: '256',
  request_pool_size: '256',
  gzip_types: 'a/b',
  valid_referers: 'server_names',
  thread_pool: 't threads=2',
  log_format: 'f a',
  random: 'two least_conn',
  proxy_cache_valid: '1m',
  proxy_store: 'off',
  proxy_bind: 'off',
  limit_rate: '10k',
  limit_rate_after: '10k',
  ssl: 'off',
  proxy_cookie_path: 'off',
  proxy_cookie_domain: 'off',
  proxy_cookie_flags: 'off',
  secure_link: '$uri',
  proxy_cache: 'off',
  http2_streams_index_size: '32',
  real_ip_header: 'A',
  mirror: 'off',
  env: 'A',
  http2_push: 'off',
  fastcgi_split_path_info: '^(a)(b)$',
}

function sampleOf({ name, kind, values, takes }: DirectiveSyntax): string {
  const own = SAMPLES[name]
  if (own !== undefined) return own
  if (kind === 'one-of' || kind === 'any-of') return values[0]!
  if (kind === 'number') return values[0] ?? '8'
  if (WORDS[kind] !== undefined) return WORDS[kind]
  const count = [0, 1, 2, 3].find(takes) ?? 1
  return ['$uri', 'b', 'c'].slice(0, count).join(' ')
}

/** What an nginx of this version, without more modules, does not know. */
const unknown = new Set((LATER + OPTIONAL).split('\n').map(line => line.split(' ')[0]))
const directives = [...DIRECTIVES.values()]
  .flat()
  .filter(
    ({ contexts, name }) =>
      contexts !== 'everywhere' && CONTEXTS.some(context => contexts.has(context)) && !unknown.has(name),
  )
  .filter(({ name }) => !['load_module', 'stream', 'mail', 'ssl_engine', 'daemon', 'perl'].includes(name))

const inside = (directive: DirectiveSyntax, context: Context) =>
  directive.contexts !== 'everywhere' && directive.contexts.has(context)
const written = ({ name, block }: DirectiveSyntax, args: string) => `${name} ${args}${block ? ' { }' : ';'}`

function run(
  all: readonly (readonly [string, string])[],
  expected: { accepted?: number; refused?: number },
  stride = STRIDE,
) {
  using scratch = mkdtempDisposableSync(join(tmpdir(), 'syntax-oracle-'))
  const offset = Math.floor(stride / 2)
  const cases = all
    .filter((_, index) => index % stride === offset)
    .map(([title, text]) => ({ title, text: text.replaceAll('SOCKET', join(scratch.path, 'socket')) }))
  const { accepted, refused, beyond } = compare(scratch.path, cases)
  assert.ok(accepted >= (expected.accepted ?? 0) * cases.length, `only ${accepted} of ${cases.length} were accepted`)
  assert.ok(refused >= (expected.refused ?? 0) * cases.length, `only ${refused} of ${cases.length} were refused`)
  return `${accepted} accepted, ${refused} refused, ${beyond} refused for what is not in the text`
}

describe('nginx -t and we agree', { skip: missing }, () => {
  test('on every directive in every place where it may stand', t => {
    const cases = directives.flatMap(directive =>
      CONTEXTS.filter(context => inside(directive, context)).map(
        context =>
          [`${directive.name} in ${context}`, around(context, written(directive, sampleOf(directive)))] as const,
      ),
    )
    t.diagnostic(run(cases, { accepted: 0.6 }))
  })

  test('on every directive in every place where it may not stand', t => {
    const names = new Map(directives.map(directive => [directive.name, directive]))
    const cases = [...names.values()].flatMap(directive =>
      CONTEXTS.filter(
        context => !directives.some(other => other.name === directive.name && inside(other, context)),
      ).map(
        context =>
          [`${directive.name} in ${context}`, around(context, written(directive, sampleOf(directive)))] as const,
      ),
    )
    t.diagnostic(run(cases, { refused: 0.9 }))
  })

  test('on too few, too many and wrong arguments, on repetition, and on a block instead of a semicolon', t => {
    const cases = directives.flatMap(directive => {
      const { name, block } = directive
      const context = CONTEXTS.find(one => inside(directive, one))!
      const sample = sampleOf(directive)
      const end = block ? ' { }' : ';'
      const variants: readonly (readonly [string, string])[] = [
        ['without arguments', `${name}${end}`],
        ['with one', `${name} b@d${end}`],
        ['with two', `${name} $b@d b@d${end}`],
        ['with three', `${name} $b@d b@d b@d${end}`],
        ['with one more', `${name} ${sample} b@d${end}`],
        ['with nine', `${name} 1 2 3 4 5 6 7 8 9${end}`],
        ['with an empty one', `${name} ""${end}`],
        ['with a negative one', `${name} -1${end}`],
        ['with zero', `${name} 0${end}`],
        ['with a number', `${name} 12345678${end}`],
        ['with a huge number', `${name} 99999999999999999999${end}`],
        ['with a size', `${name} 8m${end}`],
        ['with a big size', `${name} 1g${end}`],
        ['with a time', `${name} 1h30m${end}`],
        ['in capitals', `${name} ON${end}`],
        ['twice', `${name} ${sample}${end} ${name} ${sample}${end}`],
        ['with the other end', `${name} ${sample}${block ? ';' : ' { }'}`],
      ]
      return variants.map(([title, text]) => [`${name} ${title} in ${context}`, around(context, text)] as const)
    })
    t.diagnostic(run(cases, { refused: 0.5, accepted: 0.1 }))
  })

  test('on forms of their own', t => {
    const cases = Object.entries(FORMS).flatMap(([context, lines]) =>
      lines.map(line => [`${line} in ${context}`, around(context as Context, line)] as const),
    )
    t.diagnostic(run(cases, {}, 1))
  })

  test('on whole configurations in which a character was lost, added, doubled or replaced', t => {
    const random = seeded(20261122)
    const pick = (count: number) => Math.floor(random() * count)
    const characters = [...';;;{{{}}}""\'\'#\\$ \n\t)(abz09~=*/:.-', '${', '\0', 'é']
    const cases = Array.from({ length: 400 * 19 }, (_, index) => {
      let text = WHOLE
      for (let edits = 1 + (index % 3); edits > 0; edits--) {
        const at = pick(text.length)
        const lost = pick(3)
        text = text.slice(0, at) + (pick(3) === 0 ? '' : characters[pick(characters.length)]) + text.slice(at + lost)
      }
      return [`case ${index}`, index % 20 === 0 ? text.slice(0, pick(text.length)) : text] as const
    })
    t.diagnostic(run(cases, { refused: 0.3, accepted: 0.05 }))
  })
})

/** The same numbers every time: mulberry32. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const WHOLE = `# all there is
worker_processes auto;
events { worker_connections 512; }
http {
  map $http_upgrade $connection_upgrade { default upgrade; '' close; ~*x y; }
  geo $far { default 1; 127.0.0.0/8 0; }
  split_clients $remote_addr $part { 10% a; * b; }
  types { text/html html htm; text/css css; }
  log_format short '$remote_addr "$request" $status';
  limit_req_zone $binary_remote_addr zone=one:1m rate=10r/s;
  upstream daemon { server 127.0.0.1:8080 max_fails=2 fail_timeout=5s; server unix:SOCKET backup; keepalive 4; }
  gzip on; gzip_types text/plain application/json;
  server {
    listen unix:SOCKET default_server;
    server_name example.org *.example.org ~^wwwd+.example.net$;
    client_max_body_size 8m; keepalive_timeout 65s 60s;
    error_page 500 502 =503 /error.html;
    if ($request_method !~ ^(GET|POST)$) { return 405; }
    if (-f /nowhere) { rewrite ^/(.*)$ /x/$1 last; }
    location = /health { access_log off; return 200 "ok\n"; }
    location /v1/ {
      proxy_pass http://daemon;
      proxy_http_version 1.1; proxy_buffering off; proxy_buffers 8 16k;
      proxy_set_header Host $host; proxy_set_header X-Forwarded-For "$proxy_add_x_forwarded_for";
      add_header X-A "a b;{}" always;
      limit_req zone=one burst=5 nodelay;
      limit_except GET POST { deny all; }
      location /v1/in/ { expires 1h; root html; }
    }
    location ~* .(?:png|jpe?g)$ { try_files $uri =404; set $a "\${uri}"; }
    location @named { proxy_read_timeout 1h30m; }
    location / { allow 127.0.0.1; deny 10.0.0.0/8; deny all; resolver 127.0.0.1 valid=10s; }
  }
}
`

/** One directive, or a few, for a context; some right, some wrong. */
const FORMS: Readonly<Partial<Record<Context, readonly string[]>>> = {
  main: [
    'events { }',
    'worker_processes 0;',
    'worker_processes -1;',
    'worker_priority -5;',
    'error_log logs/x debug;',
    'error_log logs/x bad;',
    'error_log stderr warn;',
    'thread_pool a threads=0;',
    'server { }',
    'worker_cpu_affinity 01 10;',
    'worker_shutdown_timeout 10;',
    'user;',
    'env A=b;',
    '"events" x;',
    "'worker_priority' 1;",
    'no-such-thing a;',
    'worker_rlimit_core 1g;',
    'include;',
    'include a b;',
    'include *.none;',
  ],
  http: [
    'map $uri $a { a b c; }',
    'map $uri $b { a b; A c; }',
    'map $uri $c { default a; default b; }',
    'map $uri d { }',
    'map $uri $e { hostnames; volatile; }',
    'map $uri $f { a; }',
    'map $uri $g { a { } }',
    'map $uri $h { ~a b; ~a c; }',
    'map $uri $i { ~(a b; }',
    'map $ $j { a b; }',
    'map $uri $k { a $; }',
    'map $uri $ { a b; }',
    'log_format g $;',
    'log_format g "$uri $";',
    'log_format g escape=json a;',
    'log_format g escape=x a;',
    'log_format g $1;',
    'log_format g;',
    'limit_req_zone $ zone=a:1m rate=1r/s;',
    'server_tokens ON;',
    'geo $a { ranges; 1.1.1.1-2.2.2.2 a; }',
    'geo $b { a; }',
    'geo c { }',
    'geo $uri $d { default a; 10.0.0.0/8 b; }',
    'split_clients $uri $a { 50% a; * b; }',
    'split_clients $uri $b { 50 a; }',
    'split_clients $uri $c { 50.123% a; }',
    'types { text/plain txt; text/plain a; }',
    'types { text/plain { } }',
    'types { text/plain; }',
    'upstream v { }',
    'upstream u { server 127.0.0.1:1; }',
    'upstream w { server 127.0.0.1:1 weight=0; }',
    'upstream w { server 127.0.0.1:1 weight=2 max_conns=3 max_fails=1 fail_timeout=1s down; }',
    'upstream w { server 127.0.0.1:1 bad; }',
    'upstream w { server 127.0.0.1:1 fail_timeout=x; }',
    'upstream w { ip_hash; server 127.0.0.1:1; }',
    'upstream w { hash $uri consistent; server 127.0.0.1:1; }',
    'upstream w { hash $uri other; server 127.0.0.1:1; }',
    'log_format combined a;',
    'log_format f a; log_format f b;',
    'limit_req_zone $uri zone=a rate=1r/s;',
    'limit_req_zone $uri rate=1r/s;',
    'limit_req_zone $uri zone=a:1m rate=1;',
    'limit_req_zone $uri zone=a:1m rate=5r/m;',
    'limit_conn_zone $uri zone=a:1x;',
    'limit_conn_zone $uri zone=a:1m;',
    'proxy_cache_path x keys_zone=k:1m levels=1:2 inactive=1d max_size=1g;',
    'proxy_cache_path x levels=1:2;',
    'proxy_cache_path x keys_zone=k:1m levels=3:1;',
    'proxy_cache_path x keys_zone=k:1m levels=1:2:2:1;',
    'proxy_cache_path x keys_zone=k;',
    'types_hash_max_size 0;',
    'client_header_timeout 1m30s;',
    'client_header_timeout 30s1m;',
    'client_header_timeout 1y;',
    'client_header_timeout 1M;',
    'client_header_timeout 10ms;',
    'client_header_timeout "10 s";',
    'client_header_timeout "1m 10s";',
    'client_header_timeout "10s ";',
    'client_header_timeout "10 ";',
    'client_header_timeout "1m 10";',
    'client_header_timeout "";',
    'client_header_timeout s;',
    'client_header_timeout 1dh;',
    'client_header_timeout 1h1h;',
    'client_header_timeout 1.5h;',
    'client_header_timeout +1;',
    'resolver_timeout 1y;',
    'proxy_cache_valid 200 1y;',
    'proxy_cache_valid 200 302 10m;',
    'proxy_cache_valid any 1m;',
    'proxy_cache_valid 99 1m;',
    'proxy_cache_valid 1m 200 x;',
    'open_file_cache max=10 inactive=10s;',
    'open_file_cache inactive=10s;',
    'open_file_cache max=0;',
    'ssl_session_cache shared:a:1m;',
    'ssl_session_cache shared:a;',
    'ssl_session_cache builtin:100 shared:b:1m;',
    'ssl_session_cache on;',
    'ssl_protocols TLSv1.2 TLSv1.4;',
    'ssl_protocols tlsv1.2;',
    'client_body_temp_path a 1 2 3;',
    'client_body_temp_path a 0;',
    'client_body_temp_path a 1 2 3 4;',
    'gzip_comp_level 10;',
    'gzip_comp_level 9;',
    'gzip_types *;',
    'gzip_buffers 0 4k;',
    'gzip_buffers 4;',
    'connection_pool_size 100;',
    'connection_pool_size 120;',
    'connection_pool_size 1k;',
    'charset_map a b { 80; }',
    'lingering_close ALWAYS;',
    'server_tokens build;',
    'server_tokens no;',
    'root a; root b;',
    'index a /b;',
    'access_log logs/a combined buffer=1k flush=1s;',
    'access_log logs/a combined x=1;',
    'access_log logs/a combined gzip=9 if=$uri;',
    'access_log off a;',
    'access_log logs/b; access_log logs/c;',
    'keepalive_timeout 0;',
    'keepalive_timeout 5 x;',
  ],
  server: [
    'listen 80x;',
    'listen 0;',
    'listen 65536;',
    'listen 127.0.0.1:0;',
    'listen 127.0.0.1:65536;',
    'listen [::1]:x;',
    'listen unix:;',
    'listen unix:SOCKET.2 bad;',
    'listen unix:SOCKET.3 backlog=0;',
    'listen unix:SOCKET.4 backlog=5 rcvbuf=1k sndbuf=1k;',
    'listen unix:SOCKET.5 ssl=on;',
    'listen unix:SOCKET.6 proxy_protocol;',
    'listen unix:SOCKET.7 so_keepalive=1:2:3;',
    'listen unix:SOCKET.8 so_keepalive=x;',
    'listen unix:SOCKET.9 so_keepalive=on;',
    'listen unix:SOCKET;',
    'listen unix:SOCKET.a http2 bind;',
    'listen 127.0.0.1:8081 ipv6only=on;',
    'listen unix:SOCKET.b fastopen=3 deferred;',
    'listen unix:SOCKET.d default_server; listen unix:SOCKET.e default;',
    'listen :8082;',
    'listen [::1;',
    'listen "";',
    'server_name *a.b;',
    'server_name a.*.b;',
    'server_name a.*;',
    'server_name .a.b;',
    'server_name *.a.*;',
    'server_name "";',
    'server_name a..b;',
    'server_name ~;',
    'server_name *;',
    'server_name ~^(?<x>a)$ "_";',
    'return 1000;',
    'return 404 a;',
    'return http://a;',
    'return a;',
    'return $scheme://a;',
    'return 301;',
    'return "";',
    'return 301 http://a b;',
    'rewrite a b c;',
    'rewrite a b permanent;',
    'rewrite a;',
    'set a b;',
    'set $a;',
    'set $b "";',
    'error_page 404;',
    'error_page 299 /a;',
    'error_page 499 /a;',
    'error_page 600 /a;',
    'error_page 404 = /a;',
    'error_page 404 =200 /a;',
    'error_page 404 =x /a;',
    'error_page = /a;',
    'error_page =200 /a;',
    'error_page 404 403 /a;',
    'error_page x /a;',
    'error_page 404 /a 403;',
    'if $uri { }',
    'if ($uri) { }',
    'if ( $uri ) { }',
    'if ($uri = a) { }',
    'if ($uri = "a") { }',
    'if ($uri == a) { }',
    'if ($uri ~ a b) { }',
    'if (-f a) { }',
    'if (!-e a) { }',
    'if (-z a) { }',
    'if (-f) { }',
    'if (uri) { }',
    'if ($) { }',
    'if () { }',
    'if ( ) { }',
    'if ($uri ~ "^(a)$") { set $x 1; }',
    'if ($uri !~* a ) { }',
    'if ($uri) ;',
    'if ($uri = ) { }',
    'if (!$uri) { }',
    'if ($uri !=) { }',
    'if ($uri=a) { }',
    'if ( -d a ) { }',
    'if (-da) { }',
    'if ($uri ~) { }',
    'if ("$uri" = a) { }',
    'location a { }',
    'location = a { }',
    'location == a { }',
    'location ^~ /a/ { }',
    'location ~ { }',
    'location ~a { }',
    'location =/b { } location = /b { }',
    'location /c { } location ^~ /c { }',
    'location /d { } location = /d { }',
    'location ~ d { } location ~ d { }',
    'location @a { } location @a { }',
    'location @b c { }',
    'location /e { location /f { } }',
    'location /e { location /e/f { } }',
    'location = /e { location /e/f { } }',
    'location @e { location /e/f { } }',
    'location /e { location @f { } }',
    'location ~ e { location /f { } }',
    'location /e { location ~ f { } }',
    'location /e { location = /e { } }',
    'location "" { }',
    'location { }',
    'location a b c { }',
    'location ~e { location ~f { } }',
    'location /g { location = /f { } }',
    'location =/h { location =/h { } }',
    'try_files a;',
    'try_files a =40x;',
    'try_files a =1000;',
    'try_files a b;',
    'ssl_verify_client maybe;',
    'resolver 127.0.0.1 valid=10s ipv6=off;',
    'resolver 127.0.0.1 other;',
    'resolver 127.0.0.1 ipv6=maybe;',
    'resolver 127.0.0.1 valid=x;',
  ],
  location: [
    'proxy_pass http://127.0.0.1:1;',
    'proxy_pass http://127.0.0.1:1/;',
    'proxy_pass 127.0.0.1;',
    'proxy_pass ftp://a;',
    'proxy_pass HTTP://127.0.0.1;',
    'proxy_pass http://unix:/a:/b;',
    'proxy_pass http://unix:/a;',
    'proxy_pass http://u/$uri;',
    'proxy_pass $scheme://127.0.0.1;',
    'proxy_pass http://;',
    'proxy_pass http://127.0.0.1:x;',
    'proxy_pass http://127.0.0.1:70000;',
    'proxy_pass http://127.0.0.1?a;',
    'location ~ a { proxy_pass http://u/; }',
    'location ~ a { proxy_pass http://u; }',
    'location ~ a { proxy_pass http://u/$uri; }',
    'location ~ a { proxy_pass http://u?a; }',
    'if ($args) { proxy_pass http://u/; }',
    'if ($args) { proxy_pass http://u; }',
    'if ($args) { add_header a b; }',
    'if ($args) { proxy_set_header a b; }',
    'if ($args) { root a; }',
    'add_header a b c;',
    'add_header a b always;',
    'add_header a;',
    'add_header a "";',
    'add_header a $;',
    'add_header a ${b;',
    'add_header a "${b";',
    'add_header a $1;',
    'add_header a "$-";',
    'add_header a "$uri";',
    'proxy_set_header a $;',
    'return 200 $;',
    'return 200 $uri$;',
    'rewrite a $;',
    'rewrite (a b;',
    'rewrite a) b;',
    'rewrite [a b;',
    'rewrite []a] b;',
    'rewrite *a b;',
    'rewrite a** b;',
    'rewrite a*+ b;',
    'rewrite a|*b c;',
    'rewrite "a{2}" b;',
    'rewrite (?:a)? b;',
    'rewrite (?<n>a)+? b;',
    'rewrite [[:alpha:]\\]]+ b;',
    'rewrite a\\ b;',
    'rewrite (?i)a b;',
    'rewrite (?) b;',
    'rewrite ^*a b;',
    'rewrite $* b;',
    'rewrite a?? b;',
    'rewrite a??? b;',
    'rewrite a{2}{3} b;',
    'rewrite \\(a b;',
    'root $;',
    'try_files $ =404;',
    'set $a $;',
    'set $ a;',
    'proxy_pass http://$;',
    'access_log logs/$;',
    'auth_basic $;',
    'proxy_set_header a;',
    'expires 1h;',
    'expires -1;',
    'expires +1h;',
    'expires epoch;',
    'expires modified 1h;',
    'expires a 1h;',
    'expires modified;',
    'expires @12h;',
    'expires @25h;',
    'expires modified @12h;',
    'expires $uri;',
    'expires x;',
    'expires "";',
    'expires modified off;',
    'expires modified -1h;',
    'expires @1h30m;',
    'allow 127.0.0.1/33;',
    'allow 127.0.0.1/32;',
    'allow ::1;',
    'allow ::1/129;',
    'allow ::2:3:4:5:6:7:8;',
    'allow 1:2:3:4:5:6::;',
    'allow 1:2:3:4:5:6:1.2.3.4;',
    'allow unix:;',
    'deny x;',
    'deny 10.0.0.1/8;',
    'allow 2001:db8::/32;',
    'allow 1.2.3;',
    'allow 1..3.4;',
    'allow 255.255.255.255;',
    'allow 0001.2.3.4;',
    'allow 1.2.3.256;',
    'allow ::ffff:1.2.3.4;',
    'allow :::;',
    'allow 1:2:3:4:5:6:7:8:9;',
    'allow ::12345;',
    'allow 1::2::3;',
    'allow 1:2:3:4:5:6:7::;',
    'allow 1.2.3.4/;',
    'allow 1.2.3.4/08;',
    'allow 10.0.0.0/255.0.0.0;',
    'allow localhost;',
    'alias a; root b;',
    'root a; alias b;',
    'alias a; alias b;',
    'proxy_http_version 1.2;',
    'proxy_http_version 1;',
    'proxy_buffering maybe;',
    'proxy_buffers 8;',
    'proxy_buffers 8 x;',
    'proxy_redirect off; proxy_redirect a b;',
    'proxy_redirect a b; proxy_redirect c d;',
    'proxy_redirect x;',
    'proxy_cookie_path a b; proxy_cookie_path off;',
    'proxy_cookie_flags a secure;',
    'proxy_next_upstream error bad;',
    'proxy_ignore_headers x-accel-buffering;',
    'limit_rate 1x;',
    'limit_rate $uri;',
    'limit_rate 1k;',
    'limit_rate_after 1g;',
    'aio threads;',
    'aio threads=x;',
    'aio threads=default;',
    'directio 4m;',
    'auth_request off;',
    'auth_request /a; auth_request off;',
    'auth_request_set a b;',
    'satisfy some;',
    'satisfy ANY;',
    'dav_access user:rw group:r;',
    'dav_access user:x;',
    'dav_access user:w;',
    'proxy_store on; proxy_store off;',
    'proxy_store_access user:rw all:r;',
    'proxy_bind 127.0.0.1 transparent;',
    'proxy_bind $remote_addr transparent;',
    'proxy_bind 127.0.0.1:99;',
    'proxy_bind [::1]:99;',
    'proxy_bind [::1];',
    'proxy_bind ::1;',
    'proxy_bind 127.0.0.1:x;',
    'limit_except GET { }',
    'stub_status; stub_status on;',
    'internal; internal;',
    'etag on; etag on;',
    'client_max_body_size 1g;',
    'client_max_body_size 1t;',
    'client_max_body_size -1;',
    'client_max_body_size 1.5m;',
    'client_body_buffer_size 1g;',
    'client_body_buffer_size 1K;',
    'send_timeout 1h 1m;',
    'gzip_proxied any;',
    'gzip_proxied expired no-cache bad;',
    'mirror /a; mirror /b;',
    'fastcgi_param a b if_not_empty;',
    'fastcgi_param a b other;',
    'return 200 "{ } ;";',
    'return 200 a\\;b;',
    'add_header a "b" c"d;',
    'default_type text/html; default_type x;',
    'rewrite ^ /a? last; break;',
    'set $a b; set $a c;',
    'set "$a" "b";',
    'if ($a) { }',
    'limit_req zone=a;',
    'limit_req burst=1;',
    'limit_conn a 0;',
    'limit_conn a 65536;',
    'uwsgi_modifier1 256;',
    'error_log logs/a crit; error_log logs/b;',
    'types { } types { }',
    'proxy_cache off; proxy_cache off;',
    'slice 0;',
    'slice 1m;',
    'proxy_temp_path a 1 2; proxy_temp_path b;',
    'secure_link_secret a; secure_link_secret b;',
    'post_action /a;',
    'random_index on;',
    'sub_filter a b; sub_filter c d;',
    'auth_basic off; auth_basic a;',
    'auth_delay 1s;',
    'absolute_redirect off;',
  ],
  upstream: [
    'server unix:/a weight=x;',
    'keepalive 0;',
    'keepalive x;',
    'random two;',
    'random three;',
    'random two other;',
    'zone z 1m;',
    'zone z x;',
    'least_conn a;',
    'ip_hash; least_conn;',
    'keepalive_requests x;',
    'listen 80;',
    'proxy_pass a;',
  ],
  'server-if': [
    'return 1;',
    'set $q 1;',
    'break;',
    'rewrite a b;',
    'add_header a b;',
    'proxy_pass http://u;',
    'if ($uri) { }',
    'location / { }',
  ],
  'location-if': [
    'return 204;',
    'gzip off;',
    'expires 1h;',
    'proxy_pass http://u;',
    'proxy_pass http://u/;',
    'try_files a b;',
    'access_log off;',
    'charset a;',
    'proxy_buffering off;',
    'limit_rate 1k;',
    'alias a;',
  ],
  limit_except: [
    'allow all;',
    'deny all;',
    'auth_basic off;',
    'proxy_pass http://u;',
    'proxy_pass http://u/;',
    'return 403;',
    'access_log off;',
  ],
  events: [
    'use epoll;',
    'use nothing;',
    'use poll;',
    'worker_connections x;',
    'multi_accept on off;',
    'accept_mutex_delay 10;',
    'debug_connection 127.0.0.1;',
  ],
}
