import { Random } from './random.ts'

/** What a generated configuration listens on and passes to. */
export interface Places {
  readonly ports: { readonly shared: number; readonly other: number; readonly tls: number }
  readonly socket: string
  readonly upstreams: readonly [number, number]
  readonly certificate: string
  readonly key: string
  /** A directory that is not there: every file is missing. */
  readonly root: string
}

const PREFIXES = ['/', '/a', '/a/', '/a/b', '/a/b/', '/ab', '/b/', '/b/c', '/c/', '/c d/', '/ü']
const PATTERNS = ['^/a', 'b$', '\\.x$', '/(?<seg>[ab]+)/', '^/(a|b)/(.*)$', '(?i)C', '^/b/c', '^/[^/]+/?$', '/\\d{2,}']
const NESTED = ['b', '/b', 'b/', 'c/', '/b/c', 'a.x']
const NAMES = [
  'a.test',
  '.a.test',
  '*.b.test',
  'x.b.test',
  'c.*',
  '~^d(?<tail>\\d+)\\.test$',
  '~^[a-d]',
  '""',
  'E.Test',
]

const SET_HEADERS = [
  'Host $host',
  'Host $http_host',
  'Host ""',
  'X-Real-IP $remote_addr',
  'X-Forwarded-For $proxy_add_x_forwarded_for',
  'X-Forwarded-For $remote_addr',
  'X-Forwarded-Proto $scheme',
  'X-Forwarded-Host $host:$server_port',
  'Authorization ""',
  'Authorization $http_authorization',
  'authorization "Basic fixed"',
  'Origin ""',
  'Origin $own_origin',
  'Connection ""',
  'Connection $connection_upgrade',
  'Upgrade $http_upgrade',
  'X-Uri $uri',
  'X-Query "$is_args$args"',
  'X-Twice one',
  'X-Twice "two $arg_x"',
  'X-Name $server_name',
  'X-Mapped $by_host.$by_uri',
  'X-Set $set_value',
  'X-Proxy $proxy_host',
  'X-Cookie $cookie_c',
  'X-Seg $seg$tail',
  'X-Group "[$1][$2]"',
]

const CONDITIONS = [
  '$request_method = POST',
  '$request_method != GET',
  '$arg_x',
  '$arg_x = ""',
  '$http_x_case ~ ^[0-4]',
  '$http_x_case !~ ^[0-4]',
  '$uri ~* "/(B|c)/"',
  '$host = a.test',
  '$scheme = https',
  '$http_missing',
  '$http_origin !~* ^https://own',
  '!-f $request_filename',
  '-d $document_root/none',
]

const REWRITES = [
  'rewrite ^/a/(.*)$ /b/$1 last;',
  'rewrite ^/b/(.*)$ /c/$1?r=$1 break;',
  'rewrite ^/b/(.*)$ /c/$1?r=$1 last;',
  'rewrite ^(.*)$ /moved$1 redirect;',
  'rewrite ^/c/(.*) http://other.test/$1? permanent;',
  'rewrite ^/a(.*) https://other.test/$1?q=$arg_x;',
  'rewrite ^/(a)(b)?(.*)$ /$3$1;',
  'rewrite "/b{1,2}$" /ab?z=1 last;',
  'rewrite ^/(?<seg>[^/]+)/a /x-$seg? break;',
  'set $set_value "set-$uri";',
  'set $args "y=2&$args";',
  'break;',
]

const RETURNS = [
  'return 200 "ok $uri $1";',
  'return 204;',
  'return 301 https://$host$request_uri;',
  'return 302 /b/c?from=$arg_x;',
  'return https://$server_name/a/b;',
  'return 301 $uri/;',
  'return 403;',
  'return 410;',
  'return 444;',
  'return 418;',
  'return 404 "gone $args";',
  'return 307 $scheme://$http_host/;',
]

/**
 * A configuration that nginx accepts, of servers that differ in everything that decides where a request ends up and what
 * it takes along. Answers tell the place they come from in `X-Place`, as far as it is not inherited.
 */
export function generate(seed: number, serverCount: number, places: Places): string {
  const random = new Random(seed)
  const servers = Array.from({ length: serverCount }, (_, index) => server(random, index, places))
  return `${process.getuid?.() === 0 ? 'user root;' : ''} daemon off; worker_processes 1; pid nginx.pid; error_log error.log emerg;
events { worker_connections 512; }
http {
  access_log off; default_type text/plain; absolute_redirect off; root ${places.root};
  proxy_temp_path t1; client_body_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5;
  server_names_hash_bucket_size 128; variables_hash_max_size 4096; proxy_buffer_size 16k; proxy_buffers 4 16k;
  keepalive_requests 100000; ssl_certificate ${places.certificate}; ssl_certificate_key ${places.key};
  upstream Named { server 127.0.0.1:${places.upstreams[0]}; keepalive 8; }
  map $http_upgrade $connection_upgrade { default upgrade; '' close; }
  map $http_origin $own_origin { default $http_origin; ~^https://own\\. ""; }
  map $host $by_host { hostnames; default none; .a.test dot; *.b.test star; c.* tail; ~^d(?<digit>.*)\\.test "re-$digit"; }
  map "$uri" $by_uri { volatile; default u; /a/b exact; ~^/a(?<rest>.*) "re$rest"; ~*C ci; }
  proxy_set_header X-Http $request_method;
  add_header X-Http yes;
${servers.join('\n')}
}
`
}

function server(random: Random, index: number, places: Places): string {
  const id = `s${index}`
  const { ports, socket } = places
  // Names are told apart by the server only where nobody else has them, so most servers have one of their own.
  const names = [`${id}.test`, ...random.some(NAMES, random.count(2))]
  const listens = [
    `127.0.0.1:${ports.shared}`,
    `127.0.0.2:${ports.shared}`,
    `127.0.0.1:${ports.other}`,
    // One server behind an address says for all of them that it speaks TLS.
    `127.0.0.1:${ports.tls}${index === 0 || random.chance(0.3) ? ' ssl' : ''}`,
    `unix:${socket}`,
  ]
  const [first, second] = random.some(listens, 2)
  const own = index === 0 ? listens.slice(2, 4) : random.chance(0.5) ? [first!, second!] : [first!]
  const lines = [
    ...own.map(listen => `listen ${listen};`),
    `server_name ${names.join(' ')};`,
    `add_header X-Place ${id} always;`,
    ...(random.chance(0.2) ? ['merge_slashes off;'] : []),
    ...(random.chance(0.1) ? ['ssl_reject_handshake on;'] : []),
    ...(random.chance(0.3) ? ['underscores_in_headers on;'] : []),
    ...(random.chance(0.2) ? ['server_tokens off;'] : []),
    ...setHeaders(random, 0.6),
    ...(random.chance(0.3) ? [errorPage(random, id)] : []),
    ...(random.chance(0.15) ? [random.pick(REWRITES.slice(0, 3)).replace('break', 'last')] : []),
    ...(random.chance(0.1) ? [condition(random, ['return 403;', 'set $set_value server;', 'rewrite ^/c /b/c;'])] : []),
    ...(random.chance(0.05) ? [random.pick(RETURNS)] : []),
    `location @${id} { ${body(random, `${id}.named`, 'named')} }`,
    ...locations(random, id, '', 3 + random.count(5), 0),
  ]
  return `server { ${lines.join('\n  ')} }`
}

function locations(random: Random, id: string, outer: string, count: number, depth: number): string[] {
  const prefixes = outer === 'pattern' ? [] : outer === '' ? PREFIXES : NESTED.map(one => outer + one)
  const made = random.some([...prefixes, ...PATTERNS.map(one => `~${one}`)], count).map((name, index) => {
    const inner = `${id}.${index}`
    if (name.startsWith('~')) {
      const modifier = random.pick(['~', '~*'])
      return `location ${modifier} "${name.slice(1)}" { ${body(random, inner, 'pattern')}
        ${depth < 2 && random.chance(0.2) ? locations(random, inner, 'pattern', 2, depth + 1).join('\n') : ''} }`
    }
    const modifier = random.pick(['', '', '', '^~', '='])
    const nested = modifier !== '=' && depth < 2 && random.chance(0.35)
    return `location ${modifier} "${name}" { ${body(random, inner, 'prefix', name)}
      ${nested ? locations(random, inner, name, 1 + random.count(2), depth + 1).join('\n') : ''} }`
  })
  // The order of expressions decides.
  return random.chance(0.5) ? made : made.reverse()
}

type Kind = 'prefix' | 'pattern' | 'named'

function body(random: Random, id: string, kind: Kind, name = ''): string {
  const lines = [
    ...(random.chance(0.75) ? [`add_header X-Place ${id} always;`] : []),
    ...(random.chance(0.2) ? ['add_header X-More "$scheme $arg_x";'] : []),
    ...setHeaders(random, 0.45),
    ...(random.chance(0.3) ? ['proxy_http_version 1.1;'] : []),
    ...(random.chance(0.05) ? ['proxy_pass_request_headers off;'] : []),
    ...(random.chance(0.04) ? ['internal;'] : []),
    ...(random.chance(0.15) ? [errorPage(random, id.split('.')[0]!)] : []),
    ...(random.chance(0.2) ? random.some(REWRITES, 1 + random.count(1)) : []),
    ...(random.chance(0.2) ? [condition(random, inCondition(id))] : []),
    ...(kind !== 'named' && random.chance(0.06)
      ? [
          `limit_except ${random.pick(['GET', 'POST', 'GET POST'])} { ${random.pick(['deny all;', 'allow all;', `proxy_pass http://127.0.0.1:PORT1;`])} }`,
        ]
      : []),
    ...handler(random, id, kind, name),
  ]
  return lines.join(' ')
}

function inCondition(id: string): string[] {
  return [
    'return 403;',
    'set $set_value conditional;',
    `add_header X-Place ${id}.if always;`,
    'proxy_pass http://127.0.0.1:PORT1;',
    'rewrite ^/a /b/c last;',
    'rewrite ^/a /b/c break;',
    'break;',
    'return 302 /c/;',
  ]
}

function condition(random: Random, inside: readonly string[]): string {
  return `if (${random.pick(CONDITIONS)}) { ${random.some(inside, 1 + random.count(1)).join(' ')} }`
}

function setHeaders(random: Random, probability: number): string[] {
  if (!random.chance(probability)) return []
  const lines = random.some(SET_HEADERS, 1 + random.count(5))
  // nginx itself takes the length of a group before, and its text after an expression of a map has replaced it.
  const maps = lines.some(line => /\$own_origin|\$by_/.test(line))
  return lines.filter(line => !maps || !line.includes('$1')).map(line => `proxy_set_header ${line};`)
}

function errorPage(random: Random, id: string): string {
  return random.pick([
    `error_page 418 = @${id};`,
    'error_page 403 410 /b/c;',
    'error_page 403 =204 /a/b?e=1;',
    'error_page 410 https://other.test/gone$uri;',
    `error_page 403 =299 @${id};`,
    'error_page 403 410 418 = /ab;',
  ])
}

function handler(random: Random, id: string, kind: Kind, name: string): string[] {
  const server = id.split('.')[0]
  const choice = random.number()
  if (choice < 0.4)
    return [`proxy_pass http://${random.pick(['Named', '127.0.0.1:PORT1', '127.0.0.1:PORT2', 'named'])};`]
  if (choice < 0.65 && kind === 'prefix') {
    const uri = random.pick(['/', '/up', '/up/', encodeURI(name), '/up%20x/'])
    return [`proxy_pass "http://${random.pick(['Named', '127.0.0.1:PORT2'])}${uri}";`]
  }
  if (choice < 0.7)
    return ['set $to 127.0.0.1:PORT1;', `proxy_pass http://$to${random.pick(['', '/fixed', '$request_uri'])};`]
  if (choice < 0.8) return [random.pick(RETURNS)]
  if (choice < 0.84) return ['empty_gif;']
  if (choice < 0.92 && kind !== 'named') {
    return [
      `try_files $uri /none ${random.pick([`@${server}`, `@${server}`, '=404', '=418', '/b/c', '/a/b?t=$arg_x', '$uri/x'])};`,
    ]
  }
  if (choice < 0.95) return []
  return ['proxy_pass http://Named;']
}

const SEGMENTS = ['a', 'b', 'c', 'ab', 'a.x', 'B', 'C', 'c%20d', '%61', 'a%2fb', '%C3%BC', '12', 'x+y', '%25', "a'b"]

/** A path as a client would send it, also badly. */
export function randomPath(random: Random): string {
  const segments = Array.from({ length: 1 + random.count(2) }, () => random.pick(SEGMENTS))
  const joined = segments
    .map(segment => random.pick(['/', '/', '/', '/', '/', '//', '/./', '/c/../', '/%2e/']) + segment)
    .join('')
  const end = random.chance(0.3) ? random.pick(['/', '/', '//', '/.', '/..', '/../../../..']) : ''
  const query = random.chance(0.4) ? random.pick(['?x=1', '?x=0', '?', '?y=%20&x=a+b', '?X=2#f', '?x']) : ''
  return joined + end + query
}
