import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { CopyPlace, NginxCopy } from '../model/nginx.ts'
import { readIncludes } from './includes.ts'
import { readMessages } from './messages.ts'
import { parseConfig } from './parse.ts'
import { relocate } from './relocate.ts'

/** A configuration from texts by path; the first is the main file. */
function configuration(files: Readonly<Record<string, string>>) {
  const paths = Object.keys(files)
  return readIncludes(paths[0]!, {
    read: path => Buffer.from(files[path] ?? ''),
    expand: pattern =>
      paths.filter(path => path === pattern || (pattern.endsWith('*') && path.startsWith(pattern.slice(0, -1)))),
  })
}

const MAIN = '/etc/nginx/nginx.conf'
const place: CopyPlace = {
  ports: {},
  upstream: () => undefined,
  module: name => (name === 'ngx_known.so' ? `/modules/${name}` : undefined),
  builtWith: () => true,
  asRoot: false,
  oneProcess: false,
}

function copied(
  files: string | Readonly<Record<string, string>>,
  given: Partial<CopyPlace> = {},
): NginxCopy & { text: string } {
  const source = relocate(configuration(typeof files === 'string' ? { [MAIN]: files } : files))
  const ports = Object.fromEntries(source.listens.map(({ address }, index) => [address, 9001 + index]))
  const copy = source.copy({ ...place, ports, ...given })
  return { ...copy, text: Buffer.from(copy.files[0]!.content).toString() }
}

/** One directive of a block, as the copy has it. */
function inBlock(open: string, directive: string, given: Partial<CopyPlace> = {}): string {
  const { text } = copied(`events {}\n${open}\n${directive}\n${'}'.repeat(open.split('{').length - 1)}\n`, given)
  return text.split('\n')[2]!
}

const TABLE: readonly (readonly [open: string, written: string, copy: string])[] = [
  ['http { server {', 'listen 80;', 'listen 127.0.0.1:9001;'],
  [
    'http { server {',
    'listen [::]:443 ssl http2 ipv6only=on default_server;',
    'listen 127.0.0.1:9001 ssl http2 default_server;',
  ],
  ['http { server {', 'listen unix:/run/x.sock proxy_protocol;', 'listen 127.0.0.1:9001;'],
  ['http { server {', 'listen edge.example:8443 ssl backlog=9;', 'listen 127.0.0.1:9001 ssl backlog=9;'],
  ['http { server {', 'listen 127.0.0.1:70000;', 'listen 127.0.0.1:70000;'],
  ['http {', 'ssl_certificate /etc/ssl/a.pem;', 'ssl_certificate leaf.pem;'],
  ['http {', "ssl_certificate 'data:$cert';", 'ssl_certificate leaf.pem;'],
  ['http {', 'ssl_certificate_key engine:x:y;', 'ssl_certificate_key leaf.key;'],
  ['http {', 'ssl_certificate a.pem b.pem;', 'ssl_certificate a.pem b.pem;'],
  ['http {', 'proxy_ssl_certificate "";', 'proxy_ssl_certificate "";'],
  ['http {', 'proxy_ssl_trusted_certificate ca.pem;', 'proxy_ssl_trusted_certificate authority.pem;'],
  ['http {', 'ssl_client_certificate ca.pem;', 'ssl_client_certificate authority.pem;'],
  ['http {', 'ssl_dhparam dh.pem;', 'ssl_dhparam dhparam.pem;'],
  ['http {', 'ssl_session_ticket_key t.key;', 'ssl_session_ticket_key ticket.key;'],
  ['http {', 'ssl_crl c.pem;', ''],
  ['http {', 'ssl_password_file p;', ''],
  ['http {', 'ssl_stapling_responder http://ocsp.example/;', ''],
  ['http {', 'ssl_protocols TLSv1.2;', 'ssl_protocols TLSv1.2;'],
  ['http {', 'resolver 8.8.8.8 [2001:db8::1] valid=10s;', 'resolver 127.0.0.1:9 valid=10s;'],
  ['http {', 'set_real_ip_from proxy.example;', 'set_real_ip_from 192.0.2.1;'],
  ['http {', 'set_real_ip_from 10.0.0.0/8;', 'set_real_ip_from 10.0.0.0/8;'],
  ['http {', 'error_log syslog:server=x debug;', 'error_log error.log info;'],
  ['http {', 'access_log off;', 'access_log off;'],
  ['http {', 'access_log syslog:server=log.example main if=$loggable;', 'access_log access-5 main if=$loggable;'],
  [
    'http {',
    'proxy_cache_path /var/cache/x levels=1:2 keys_zone=z:1m;',
    'proxy_cache_path cache-5 levels=1:2 keys_zone=z:1m;',
  ],
  ['http {', 'client_body_temp_path /tmp/x 1 2;', 'client_body_temp_path temp-4 1 2;'],
  ['http { upstream u {', 'server unix:/run/d.sock weight=2;', 'server 127.0.0.1:9 weight=2;'],
  ['http { upstream u {', 'server d.example:4000 resolve max_fails=1;', 'server 127.0.0.1:9 max_fails=1;'],
  ['http { server { location / {', 'proxy_pass http://d.example;', 'proxy_pass http://127.0.0.1:9;'],
  ['http { server { location / {', 'proxy_pass http://127.0.0.1:4000/x/;', 'proxy_pass http://127.0.0.1:9/x/;'],
  [
    'http { server { location / {',
    'proxy_pass https://[::1]:4000$request_uri;',
    'proxy_pass https://127.0.0.1:9$request_uri;',
  ],
  ['http { server { location / {', 'proxy_pass "http://$where:80/a b";', 'proxy_pass "http://127.0.0.1:9/a b";'],
  ['http { server { location / {', 'proxy_pass http://unix:/run/d.sock:/v1/;', 'proxy_pass http://127.0.0.1:9/v1/;'],
  ['http { server { location / {', 'proxy_pass http://$x_y$uri?$args;', 'proxy_pass http://127.0.0.1:9$uri?$args;'],
  ['http { server { location / {', 'fastcgi_pass unix:/run/php.sock;', 'fastcgi_pass 127.0.0.1:9;'],
  ['http { server { location / {', 'proxy_bind 10.0.0.1 transparent;', ''],
  ['http { server { location / {', 'proxy_bind off;', 'proxy_bind off;'],
  ['http { server { location / {', 'proxy_store /srv/$uri;', 'proxy_store off;'],
  ['http { server { location / {', 'dav_methods PUT DELETE;', 'dav_methods off;'],
  ['http { server { location / {', 'auth_basic_user_file htpasswd;', 'auth_basic_user_file /etc/nginx/htpasswd;'],
  ['http { server { location / {', 'root /srv/www;', 'root /srv/www;'],
  ['http { server { location / {', 'proxy_set_header Host "a;b";', 'proxy_set_header Host "a;b";'],
  ['http { map $a $b {', 'listen 80;', 'listen 80;'],
  ['http { types {', 'access_log off;', 'access_log off;'],
  ['http { geo $x {', 'proxy_pass http://d.example;', 'proxy_pass http://d.example;'],
  ['stream { server {', 'proxy_pass d.example:53;', 'proxy_pass 127.0.0.1:9;'],
  ['stream { server {', 'listen 53 udp;', 'listen 127.0.0.1:9001 udp;'],
]

describe('the copy of a configuration', () => {
  for (const [open, written, wanted] of TABLE) {
    test(`${open.replaceAll(/[{\s]+/g, ' ')}${written} → ${wanted || 'nothing'}`, () => {
      assert.equal(inBlock(open, written).trim(), wanted)
    })
  }

  test('goes to the address it is given, asked by scheme and address', () => {
    const asked: string[] = []
    const { text } = copied(
      'http { upstream u { server a.example; } upstream v { server b.example; } server { location / { proxy_pass http://u; }\nlocation /v { proxy_pass https://V/x; }\nlocation /g { grpc_pass g.example:1; } } }',
      {
        upstream: ({ scheme, address, at }) => {
          asked.push(`${scheme} ${address} ${at.line}`)
          return scheme === 'http' ? '127.0.0.1:4000' : undefined
        },
      },
    )
    assert.deepEqual(asked, ['http a.example 1', 'https b.example 1', 'grpc g.example:1 3'])
    assert.match(text, /upstream u \{ server 127\.0\.0\.1:4000; \} upstream v \{ server 127\.0\.0\.1:9; \}/)
    assert.match(text, /proxy_pass http:\/\/u; \}\nlocation \/v \{ proxy_pass https:\/\/V\/x; \}/)
  })

  test('keeps every line where it is, also where a directive went over several, or is gone', () => {
    const text =
      'user\n  www-data\n;\nevents {}\nhttp {\n  ssl_crl # why\n    x;\n  server { listen\n 80\n default_server; }\n}\n'
    const copy = copied(text)
    assert.equal(copy.text.split('\n').length, text.split('\n').length)
    assert.equal(copy.text.split('\n')[3], 'events {}')
    assert.equal(copy.text.split('\n').at(-2), '}')
    assert.ok(!copy.text.includes('why'))
  })

  test('takes its place in main and http, and only what is not there is added', () => {
    const bare = copied('events {}\nhttp {}').text
    assert.equal(
      bare,
      ' daemon off; pid nginx.pid; worker_processes 1; error_log error.log notice; events {}\nhttp { client_body_temp_path temp-0; proxy_temp_path temp-1; fastcgi_temp_path temp-2; uwsgi_temp_path temp-3; scgi_temp_path temp-4; access_log access.log; }',
    )
    const given = copied(
      'daemon on; pid /run/p; worker_processes auto; error_log /e; user www-data;\nmaster_process off;\nlock_file /l;\nevents {}\nhttp { access_log /a; scgi_temp_path /s; }',
      { builtWith: module => !/fastcgi|uwsgi/.test(module), asRoot: true },
    ).text
    assert.equal(
      given,
      'daemon off; pid nginx.pid; worker_processes 1; error_log error.log; user root;\nmaster_process on;\n\nevents {}\nhttp { client_body_temp_path temp-0; proxy_temp_path temp-1;  access_log access-2; scgi_temp_path temp-3; }',
    )
    assert.match(copied('events {}', { asRoot: true, oneProcess: true }).text, /user root; master_process off; events/)
  })

  test('loads no engine of OpenSSL, which may be any file', () => {
    assert.doesNotMatch(copied('ssl_engine /tmp/engine.so;\nevents {}').text, /ssl_engine/)
  })

  test('listens at sockets, and goes to some, where it is told to', () => {
    const { text } = copied(
      'http { server { server_name a; }\nserver { listen 443 ssl deferred reuseport backlog=9; location / { proxy_pass http://d/x$is_args; } } }',
      { sockets: { '*:80': '/s0', '*:443': '/s1' }, upstream: () => 'unix:/u' },
    )
    assert.match(text, /server \{ listen unix:\/s0; {2}server_name a; \}/)
    assert.match(text, /listen unix:\/s1 ssl backlog=9; location \/ \{ proxy_pass http:\/\/unix:\/u:\/x\$is_args; \}/)
  })

  test('leaves to nginx what nginx refuses', () => {
    for (const text of ['ssl_engine;', 'user a b c;', 'pid;', 'worker_processes 1 2;', 'load_module a b;', 'daemon;']) {
      assert.ok(copied(`${text}\n`).text.includes(`${text}\n`), text)
    }
    assert.match(copied('events { pid x; }').text, /events \{ pid x; \}/)
  })

  test('loads modules of this nginx, and no others', () => {
    const { text, rewrites } = copied('load_module modules/ngx_known.so;\nload_module /opt/x/ngx_other.so;\n')
    assert.match(text, /load_module \/modules\/ngx_known\.so;\n\n$/)
    assert.deepEqual(
      rewrites.filter(({ from }) => from.startsWith('load_module')).map(({ to, why }) => [to, why]),
      [
        ['load_module /modules/ngx_known.so', 'modules are those of this nginx'],
        ['', 'this nginx has no such module'],
      ],
    )
  })

  test('listens where nothing is said about it, also through an include', () => {
    const files = {
      [MAIN]: 'http { include sites/*; server { include listens; } }',
      '/etc/nginx/sites/a': 'server { server_name a; }',
      '/etc/nginx/listens': 'listen 81;',
    }
    const source = relocate(configuration(files))
    assert.deepEqual(
      source.listens.map(({ address }) => address),
      ['*:80', '*:81'],
    )
    const { files: written } = copied(files)
    assert.match(
      Buffer.from(written[1]!.content).toString(),
      /^server \{ listen 127\.0\.0\.1:9001; {2}server_name a; \}$/,
    )
    assert.match(Buffer.from(written[2]!.content).toString(), /^listen 127\.0\.0\.1:9002;$/)
  })

  test('has a copy of each included file, one for each context', () => {
    const files = {
      [MAIN]: 'events {}\nhttp { include a.conf; map $a $b { include b; } server { include b; include none/*; } }\n',
      '/etc/nginx/a.conf': 'include b;\n',
      '/etc/nginx/b': 'listen 80;\n',
    }
    const { text, files: written } = copied(files)
    assert.deepEqual(
      written.map(({ name }) => name),
      ['nginx.conf', '1-a.conf', '2-b', '3-b', '4-b'],
    )
    assert.match(text, /include 1-a\.conf; /)
    assert.match(text, /map \$a \$b \{ include 3-b; +\} server \{ include 4-b; +\} \}\n$/)
    assert.deepEqual(
      written.slice(2).map(({ content }) => Buffer.from(content).toString()),
      ['listen 80;\n', 'listen 80;\n', 'listen 127.0.0.1:9001;\n'],
    )
  })

  test('keeps bytes that are no UTF-8', () => {
    const bytes = Buffer.from('http { server { listen 80; return 200 "\xe9"; } }', 'latin1')
    const file = parseConfig(MAIN, bytes)
    const source = relocate({ files: [file], included: new Map() })
    const [copy] = source.copy({ ...place, ports: { '*:80': 9001 } }).files
    assert.ok(Buffer.from(copy!.content).includes(Buffer.from('"\xe9"', 'latin1')))
  })

  test('tells what it changed, where and why', () => {
    const { rewrites } = copied('events {}\nhttp {\n  server {\n    listen   443 ssl ;\n  }\n}\n')
    assert.deepEqual(rewrites.at(-1), {
      at: { file: MAIN, line: 4, column: 5 },
      from: 'listen 443 ssl',
      to: 'listen 127.0.0.1:9001 ssl',
      why: 'it listens on loopback only',
    })
  })
})

describe('what a configuration needs of its place', () => {
  const source = (text: string) => relocate(configuration({ [MAIN]: text }))

  test('is each address once, whichever server names it, with what is spoken there', () => {
    const { listens } = source(
      'http { server { listen 443; listen 0.0.0.0:80; } server { listen *:443 ssl http2; listen 80; listen localhost; } }\nstream { server { listen [::1]:53 udp; } }',
    )
    assert.deepEqual(listens, [
      { address: '*:443', tls: true, http2: true, protocol: 'http' },
      { address: '*:80', tls: false, http2: false, protocol: 'http' },
      { address: 'localhost:80', tls: false, http2: false, protocol: 'http' },
      { address: '[::1]:53', tls: false, http2: false, protocol: 'other' },
    ])
  })

  test('has TLS and HTTP/2 also where the server says so, or all of them do', () => {
    const spoken = (text: string) => source(text).listens.map(({ tls, http2 }) => [tls, http2])
    assert.deepEqual(
      spoken('http { server { listen 1; ssl on; } server { listen 2 ssl; http2 on; } server { listen 3; } }'),
      [
        [true, false],
        [true, true],
        [false, false],
      ],
    )
    assert.deepEqual(spoken('http { http2 on; server { listen 1 ssl; } server { http2 off; } }'), [
      [true, true],
      [false, false],
    ])
  })

  test('is every name that a certificate can hold', () => {
    const { names } = source(
      'http { server { server_name A.example *.b.example .c.example ~^x _ "" www.* $hostname a.example d_e.example; } }',
    )
    assert.deepEqual(names, ['a.example', '*.b.example', 'c.example', '*.c.example'])
  })

  test('is a key that its ciphers can do with', () => {
    for (const [ciphers, key] of [
      ['ECDHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES256-GCM-SHA384:!aNULL', 'rsa-2048'],
      ['AES128-SHA', 'rsa-2048'],
      ['ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256', 'ec-p256'],
      ['HIGH:!aNULL:!MD5', 'ec-p256'],
      ['!MD5', 'ec-p256'],
    ] as const) {
      assert.equal(source(`http { server { ssl_ciphers ${ciphers}; } }`).key, key, ciphers)
    }
  })

  test('is to be told where it runs code of its own', () => {
    const { code } = source(
      'http {\n  init_by_lua_block { os.exit() }\n  perl_modules x;\n  lua_package_path "/x/?.lua";\n  server { listen 1; }\n}',
    )
    assert.deepEqual(
      code.map(({ line, column }) => [line, column]),
      [
        [2, 3],
        [3, 3],
        [4, 3],
      ],
    )
  })
})

describe('messages of nginx', () => {
  const files = {
    [MAIN]: 'events {}\nhttp {\n  include a.conf;\n  server {\n    listen 80\n      bogus;\n  }\n}\n',
    '/etc/nginx/a.conf': '\n  tcp_nopush on; sendfile maybe;\n',
  }
  const copy = copied(files)
  const read = (line: string) => readMessages(line, copy, '/tmp/x/nginx')

  test('are at the line of the original, and of the directive that is meant', () => {
    assert.deepEqual(read('nginx: [emerg] invalid parameter "bogus" in /tmp/x/nginx/nginx.conf:6\n'), [
      { level: 'emerg', text: 'invalid parameter "bogus"', at: { file: MAIN, line: 5, column: 5 } },
    ])
    const said =
      '2026/11/22 10:14:23 [emerg] 7#7: invalid value "maybe" in "sendfile" directive, it must be "on" or "off" in /tmp/x/nginx/1-a.conf:2'
    assert.deepEqual(read(said)[0]?.at, { file: '/etc/nginx/a.conf', line: 2, column: 18 })
    assert.deepEqual(read('nginx: [emerg] unexpected end of file in /tmp/x/nginx/1-a.conf:3')[0]?.at, {
      file: '/etc/nginx/a.conf',
      line: 3,
      column: 1,
    })
  })

  test('keep their words where there is no line, without the directory of the copy', () => {
    assert.deepEqual(read('nginx: [emerg] no "events" section in configuration'), [
      { level: 'emerg', text: 'no "events" section in configuration' },
    ])
    assert.deepEqual(read('nginx: [emerg] cannot load certificate "/tmp/x/nginx/leaf.pem": x in /elsewhere:3'), [
      { level: 'emerg', text: 'cannot load certificate "leaf.pem": x in /elsewhere:3' },
    ])
  })

  test('are nothing else', () => {
    const said =
      'nginx: configuration file x test failed\nfree text\n2026/11/22 10:14:23 [emerg] 7#7: initgroups(root, 0) failed (1: Operation not permitted)\n2026/11/22 10:14:23 [alert] 7#7: setrlimit(RLIMIT_NOFILE, 900000) failed (1: Operation not permitted)'
    assert.deepEqual(read(said), [])
  })
})
