import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import kheish from '../../targets/kheish.ts'
import { effective } from '../effective/effective.ts'
import { type Finding, judge } from '../judge.ts'
import { parseConfig } from '../parse.ts'
import { survey } from '../survey.ts'

const GOOD = readFileSync(path.resolve(import.meta.dirname, '../../../nginx/good/daemon.conf'), 'utf8')

/** Places in the good configuration before which more is written. */
const HTTP = '    upstream daemon {'
const SERVER = '        proxy_http_version 1.1;'
const ORDINARY = '        location / {'
const IN_ORDINARY = '        }\n\n        location ~ ^/v1/'
const IN_STREAM = '            proxy_buffering off;'

/** What a daemon is told by any request. */
const HEALTH =
  'proxy_set_header Host $host; proxy_set_header X-Forwarded-For $remote_addr; proxy_set_header X-Forwarded-Proto $scheme;'

type Edit = readonly [from: string, to: string]
const before = (place: string, text: string): Edit => [place, `${text}\n${place}`]
const within = (place: string, text: string): Edit => [place, `${place}\n${text}`]

function findingsAfter(edits: readonly Edit[]): readonly Finding[] {
  let text = GOOD
  for (const [from, to] of edits) {
    assert.ok(text.includes(from), `${from} is not in the good configuration`)
    text = text.replace(from, () => to)
  }
  const configuration = { files: [parseConfig('edge.conf', Buffer.from(text))], included: new Map() }
  const whole = effective(configuration)
  const { requests } = survey(whole, kheish.edge)
  assert.ok(requests.length >= kheish.edge.paths.length)
  return judge({ configuration, effective: whole, edge: kheish.edge, requests })
}

const passedOn = 'proxy_pass http://daemon;'
const UPSTREAM = 'server 127.0.0.1:4000;'
const OWN_ORIGIN = 'https://daemon.example.test:8443 "";'
const AUTHORIZATION = 'proxy_set_header Authorization $http_authorization;'
const PROTOCOLS = 'ssl_protocols TLSv1.2 TLSv1.3;'

describe('nothing is found where', () => {
  const cases: Readonly<Record<string, readonly Edit[]>> = {
    'a stream waits for an hour, told in other units': [['proxy_read_timeout 1h', 'proxy_read_timeout 60m']],
    'a stream waits for an hour, told without a unit': [['proxy_send_timeout 1h', 'proxy_send_timeout 3600']],
    'a stream waits for a day and an hour': [['proxy_read_timeout 1h', 'proxy_read_timeout 1d1h']],
    'buffering is off for streams, said around their location': [
      [IN_STREAM, ''],
      within(SERVER, 'proxy_buffering off;'),
      before(IN_ORDINARY, 'proxy_buffering on;'),
    ],
    'X-Accel-Buffering is not added to errors': [['X-Accel-Buffering no always', 'X-Accel-Buffering no']],
    'a pattern fits the own origin only': [[OWN_ORIGIN, '~^https://daemon\\.example\\.test(?::8443)?$ "";']],
    'the own origin becomes a loopback one': [[OWN_ORIGIN, 'https://daemon.example.test:8443 http://127.0.0.1;']],
    'the own origin is told without a port': [[OWN_ORIGIN, 'https://daemon.example.test "";']],
    'Authorization is passed on by not being spoken of': [[AUTHORIZATION, '']],
    'Authorization is written with braces': [[AUTHORIZATION, `proxy_set_header authorization $\{http_authorization};`]],
    'the scheme is written out': [['X-Forwarded-Proto $scheme', 'X-Forwarded-Proto https']],
    'the daemon is on a socket': [[UPSTREAM, 'server unix:/run/daemon.sock;']],
    'the daemon is on IPv6 loopback': [[UPSTREAM, 'server [::1]:4000;']],
    'the daemon is on localhost': [[UPSTREAM, 'server localhost:4000;']],
    'the daemon is in a private network': [[UPSTREAM, 'server 172.31.0.9:4000;']],
    'the daemon is in a private IPv6 network': [[UPSTREAM, 'server [fd00::9]:4000;']],
    'the daemon has a name of a container': [[UPSTREAM, 'server daemon-1:4000;']],
    'the daemon has a private name': [[UPSTREAM, 'server daemon.prod.internal:4000;']],
    'clear text is taken from loopback only': [before(SERVER, 'listen 127.0.0.1:8081;')],
    'a server listens on a socket, too': [before(SERVER, 'listen unix:/run/edge.sock;')],
    'broken ciphers are taken out': [within(PROTOCOLS, 'ssl_ciphers HIGH:!aNULL:!MD5:!RC4:!3DES;')],
    'ciphers are named one by one': [
      within(PROTOCOLS, 'ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256;'),
    ],
    'a location of one path names it again': [
      before(ORDINARY, 'location = /healthz { proxy_pass http://daemon/healthz; }'),
    ],
    'a comment speaks of bearer authentication': [before(SERVER, '# bearer authentication stays with the daemon')],
    'a variable names the upstream by what is written': [
      [`${passedOn}\n        }`, 'set $to daemon; proxy_pass http://$to; }'],
    ],
    'the path is passed on by its variable': [[`${passedOn}\n        }`, 'proxy_pass http://daemon$request_uri; }']],
    'an own name is told, with its port': [['Host $host', 'Host $server_name:$server_port']],
    'a header is emptied before it is set': [
      before('        proxy_set_header Host $host;', 'proxy_set_header Host "";'),
    ],
    'a map decides by a header, and gives nothing of it': [
      before(HTTP, 'map $http_x_internal $seen_by { default $remote_addr; 1 $realip_remote_addr; }'),
      ['X-Forwarded-For $remote_addr', 'X-Forwarded-For $seen_by'],
    ],
    'whether there is a token is logged': [
      before(HTTP, "map $http_authorization $with { default 1; '' 0; } log_format with '$with';"),
    ],
    'a condition only returns': [before(IN_ORDINARY, 'if ($request_method = TRACE) { return 405; }')],
    'an alias and its location both have no slash at the end': [
      before(ORDINARY, 'location /docs { alias /srv/docs; }'),
    ],
    'errors of the proxy itself have a page': [
      before(ORDINARY, 'error_page 502 504 /sorry.html; location = /sorry.html { return 503; }'),
    ],
    'requests that are no streams are limited': [
      before(HTTP, 'limit_req_zone $binary_remote_addr zone=all:1m rate=50r/s;'),
      before(IN_ORDINARY, 'limit_req zone=all burst=100;'),
    ],
    'a header is set in a location that proxies nothing': [
      before(ORDINARY, 'location = /about { add_header X-About this; return 200; }'),
    ],
    'documents of another kind are cached': [
      before(HTTP, 'proxy_cache_path /var/cache/nginx/pages keys_zone=pages:1m;'),
      before(ORDINARY, 'location /pages/ { proxy_cache pages; proxy_pass http://daemon; }'),
    ],
    'requests that ask for an upgrade keep their Connection': [
      before(HTTP, 'map $http_upgrade $connection_upgrade { default upgrade; "" ""; }'),
      ['Connection "";', 'Connection $connection_upgrade;'],
    ],
    'health is answered without TLS, too': [
      [
        'return 308 https://daemon.example.test:8443$request_uri;',
        `location = /healthz { proxy_pass http://daemon; ${HEALTH} }`,
      ],
    ],
    'the limit of bodies stands only where there are bodies': [
      ['    client_max_body_size 32m;\n', ''],
      before(IN_ORDINARY, 'client_max_body_size 32m;'),
    ],
    'only the orchestrator may ask for health': [
      before(ORDINARY, 'location = /readyz { allow 10.0.0.0/8; deny all; proxy_pass http://daemon; }'),
    ],
    'pages of the gateway are served beside': [
      before(ORDINARY, 'root /srv/pages; location /pages/ { try_files $uri /pages/index.html; }'),
    ],
    'a path that is no file goes to the daemon': [
      [
        `location / {\n            ${passedOn}`,
        `location @daemon { ${passedOn} }\nlocation / {\n            try_files $uri @daemon;`,
      ],
    ],
    'the body is put where it was': [before(SERVER, 'proxy_set_body $request_body;')],
    'the token is compared with none that is written': [
      before(SERVER, 'if ($http_authorization = "") { set $anonymous 1; }'),
    ],
  }
  for (const [title, edits] of Object.entries(cases)) {
    test(title, () => {
      const told = findingsAfter(edits).map(({ rule, actual }) => `${rule.id}: ${actual}`)
      assert.deepEqual(told, [])
    })
  }
})

describe('it is found that', () => {
  const cases: readonly (readonly [title: string, rules: readonly string[], edits: readonly Edit[]])[] = [
    [
      'a stream waits for less than an hour',
      ['stream-read-timeout'],
      [['proxy_read_timeout 1h', 'proxy_read_timeout 59m59s']],
    ],
    [
      'one stream is in another location',
      [
        'stream-buffering',
        'stream-request-buffering',
        'stream-accel-buffering',
        'stream-read-timeout',
        'stream-send-timeout',
      ],
      [['sessions|runs|flows', 'sessions|runs']],
    ],
    ['buffering is off for everything', ['buffering-off-elsewhere'], [before(SERVER, 'proxy_buffering off;')]],
    [
      'streams are asked for without their query',
      ['path-rewritten'],
      [[`            ${passedOn}\n${IN_STREAM}`, `            rewrite ^(.*)$ $1? break; ${passedOn}\n${IN_STREAM}`]],
    ],
    ['a pattern fits names of others', ['foreign-origin-hidden'], [[OWN_ORIGIN, '~daemon.example.test "";']]],
    ['a pattern has no end', ['foreign-origin-hidden'], [[OWN_ORIGIN, '~^https://daemon\\.example\\.test "";']]],
    [
      'a dot of a pattern is any character',
      ['foreign-origin-hidden'],
      [[OWN_ORIGIN, '~^https://daemon.example.test:8443$ "";']],
    ],
    ['every origin is taken away', ['foreign-origin-hidden'], [['Origin $origin_for_daemon', 'Origin ""']]],
    [
      'every origin becomes a loopback one',
      ['foreign-origin-hidden'],
      [['Origin $origin_for_daemon', 'Origin http://localhost']],
    ],
    [
      'only the origin of another is taken away',
      ['own-origin-refused'],
      [[OWN_ORIGIN, 'https://pages.example.test "";']],
    ],
    [
      'the proxy sends a token of its own',
      ['authorization-forwarded', 'token-literal'],
      [['$http_authorization;', '"Bearer not-a-real-token-0000";']],
    ],
    [
      'a token is in a comment',
      ['token-literal'],
      [before(SERVER, '# try: curl -H "Authorization: Bearer not-a-real-token-0000"')],
    ],
    ['a long value is set as a secret', ['token-literal'], [before(SERVER, 'set $api_key not4real0key0at0all0x;')]],
    [
      'no header of a request is passed on',
      ['request-headers-dropped'],
      [[AUTHORIZATION, 'proxy_pass_request_headers off;']],
    ],
    [
      'nobody may ask for health',
      ['health-unreachable'],
      [before(ORDINARY, 'location = /readyz { deny all; proxy_pass http://daemon; }')],
    ],
    [
      'bodies are logged',
      ['token-logged'],
      [before(HTTP, "log_format whole '$request $request_body'; access_log /var/log/nginx/whole.log whole;")],
    ],
    [
      'tokens are logged through a map',
      ['token-logged'],
      [before(HTTP, "map $http_authorization $whose { default $http_authorization; } log_format whose '$whose';")],
    ],
    [
      'a map takes the scheme that the client claims',
      ['forwarded-spoofed'],
      [
        before(HTTP, 'map $http_x_forwarded_proto $told { default $http_x_forwarded_proto; "" $scheme; }'),
        ['X-Forwarded-Proto $scheme', 'X-Forwarded-Proto $told'],
      ],
    ],
    [
      'the address of the client is set from a header',
      ['forwarded-spoofed'],
      [before(SERVER, 'set $client $http_cf_connecting_ip; proxy_set_header X-Real-IP $client;')],
    ],
    [
      'a map takes the host that the client wrote',
      ['host-spoofed'],
      [before(HTTP, 'map $http_host $named { default $http_host; }'), ['Host $host', 'Host $named']],
    ],
    ['the host is told twice', ['host-forwarded'], [before(SERVER, 'proxy_set_header Host $server_name;')]],
    [
      'the host is told once more, as the client wrote it',
      ['host-forwarded', 'host-spoofed'],
      [['Host $host;', 'Host $host; proxy_set_header Host $http_host;']],
    ],
    ['the daemon is told another name', ['host-forwarded'], [['Host $host', 'Host localhost']]],
    ['TLS is told to be clear text', ['forwarded-proto'], [['X-Forwarded-Proto $scheme', 'X-Forwarded-Proto http']]],
    ['no scheme is told', ['forwarded-proto'], [['X-Forwarded-Proto $scheme', 'X-Forwarded-Proto ""']]],
    [
      'every client is told to be the same one',
      ['forwarded-for'],
      [['X-Forwarded-For $remote_addr', 'X-Forwarded-For 127.0.0.1']],
    ],
    [
      'a token in the address is as good as one in the header',
      ['authorization-forwarded'],
      [
        before(HTTP, 'map $arg_token $token { default "Bearer $arg_token"; "" $http_authorization; }'),
        ['$http_authorization;\n', '$token;\n'],
      ],
    ],
    [
      'a cookie is as good as a token',
      ['authorization-forwarded'],
      [
        before(SERVER, 'set $token $http_authorization; if ($cookie_session) { set $token "Bearer $cookie_session"; }'),
        ['$http_authorization;\n', '$token;\n'],
      ],
    ],
    [
      'a part of the path names the upstream',
      ['upstream-chosen-by-client'],
      [before(ORDINARY, 'location ~ ^/fetch/(?<from>[^/]+)/ { proxy_pass http://$from; }')],
    ],
    [
      'a part of the host names the upstream, through a map',
      ['upstream-chosen-by-client'],
      [
        before(HTTP, 'map $host $inner { ~^(?P<tenant>[^.]+)\\. $tenant.internal; }'),
        before(ORDINARY, 'location /tenants/ { proxy_pass http://$inner; }'),
      ],
    ],
    [
      'a variable holds a public name',
      ['upstream-unverified-name'],
      [[`${passedOn}\n        }`, 'set $to daemon.example.com; proxy_pass http://$to:4000; }']],
    ],
    [
      'nothing can be taken away through the proxy',
      ['path-unreachable'],
      [before(SERVER, 'if ($request_method !~ ^(GET|HEAD|POST)$) { return 405; }')],
    ],
    ['the body is left out', ['request-body-altered'], [before(SERVER, 'proxy_pass_request_body off;')]],
    ['bodies have no limit', ['body-limit'], [['client_max_body_size 32m', 'client_max_body_size 0']]],
    ['the daemon is at a public address', ['upstream-public'], [[UPSTREAM, 'server 172.32.0.9:4000;']]],
    ['the daemon is at a public IPv6 address', ['upstream-public'], [[UPSTREAM, 'server [2001:db8::1]:4000;']]],
    [
      'one of two daemons is at a public address',
      ['upstream-public'],
      [[UPSTREAM, `${UPSTREAM} server 198.51.100.7;`]],
    ],
    [
      'an https upstream is verified against nothing',
      ['upstream-tls-verify'],
      [[`${passedOn}\n        }`, 'proxy_ssl_verify on; proxy_pass https://daemon; }']],
    ],
    ['TLS has the versions of its defaults', ['tls-floor'], [[PROTOCOLS, '']]],
    [
      'the default server speaks older TLS than the one with the name',
      ['tls-floor'],
      [[PROTOCOLS, ''], before(SERVER, PROTOCOLS)],
    ],
    ['every cipher is offered', ['weak-ciphers'], [within(PROTOCOLS, 'ssl_ciphers ALL:!aNULL;')]],
    ['a broken cipher comes first', ['weak-ciphers'], [within(PROTOCOLS, 'ssl_ciphers RC4-SHA:HIGH;')]],
    [
      'a path is replaced by the same path',
      ['path-normalised'],
      [before(ORDINARY, 'location /v1/ { proxy_pass http://daemon/v1/; }')],
    ],
    [
      'a query names the upstream through a variable, and none does without it',
      ['upstream-chosen-by-client', 'health-unreachable', 'path-unreachable'],
      [[`${passedOn}\n        }`, 'set $to $arg_to; proxy_pass http://$to; }']],
    ],
    [
      'the host names the upstream',
      ['upstream-chosen-by-client'],
      [[`${passedOn}\n        }`, 'proxy_pass http://$host:4000; }']],
    ],
    [
      'a decoded path is passed on',
      ['header-splitting', 'path-normalised'],
      [[`${passedOn}\n        }`, 'proxy_pass http://daemon$uri; }']],
    ],
    [
      'a decoded path is added as a header',
      ['header-splitting'],
      [before(IN_ORDINARY, 'add_header X-Path $document_uri;')],
    ],
    [
      'preflights are answered by the proxy',
      ['cors-any-origin', 'if-in-location'],
      [before(IN_ORDINARY, 'if ($request_method = OPTIONS) { add_header Access-Control-Allow-Origin *; return 204; }')],
    ],
    [
      'every origin is given back',
      ['cors-any-origin'],
      [before(IN_ORDINARY, 'add_header Access-Control-Allow-Origin $http_origin;')],
    ],
    [
      'a header is replaced two levels in',
      ['header-redefinition'],
      [
        before(SERVER, 'add_header X-One 1;'),
        ['X-Accel-Buffering no always;', 'X-Accel-Buffering no always; add_header X-One 1;'],
        before(IN_ORDINARY, 'location = /v1/deep { add_header X-Two 2; proxy_pass http://daemon; }'),
      ],
    ],
    [
      'refusals have a page of the proxy',
      ['refusal-replaced'],
      [before(ORDINARY, 'error_page 401 /who.html; proxy_intercept_errors on;')],
    ],
    [
      'a connection is closed that asks for no upgrade',
      ['connection-header'],
      [
        before(HTTP, 'map $http_upgrade $connection_upgrade { default upgrade; "" close; }'),
        ['Connection "";', 'Connection $connection_upgrade;'],
      ],
    ],
    ['a connection is passed on to be upgraded', ['connection-header'], [['Connection "";', 'Connection upgrade;']]],
    ['streams have a rate', ['stream-limited'], [before(IN_STREAM, 'limit_rate 10k;')]],
    [
      'the only server takes every name',
      ['default-server'],
      [
        ['server_name daemon.example.test;\n        ssl', 'server_name daemon.example.test "";\n        ssl'],
        [
          ' default_server;\n        server_name _;\n        ssl_reject',
          ';\n        server_name nobody.example.test;\n        ssl_reject',
        ],
        [
          'listen 8443 ssl http2;\n        server_name daemon',
          'listen 8443 ssl http2 default_server;\n        server_name daemon',
        ],
      ],
    ],
    [
      'clear text is passed on for whoever claims to have come by TLS',
      ['plain-http'],
      [
        [
          'return 308 https://daemon.example.test:8443$request_uri;',
          `if ($http_x_forwarded_proto != https) { return 308 https://daemon.example.test:8443$request_uri; } location / { ${passedOn} }`,
        ],
      ],
    ],
    ['clear text is passed on at every address', ['plain-http', 'default-server'], [before(SERVER, 'listen 8081;')]],
    [
      'a redirect of any name leads to that name',
      ['redirect-host'],
      [['return 444', 'return 301 https://$host$request_uri']],
    ],
  ]
  for (const [title, rules, edits] of cases) {
    test(title, () => {
      const findings = findingsAfter(edits)
      const told = findings.map(({ rule, at, actual }) => `${at.line} ${rule.id}: ${actual}`).join('\n')
      assert.deepEqual([...new Set(findings.map(({ rule }) => rule.id))].sort(), [...rules].sort(), told)
    })
  }

  test('a token stands in a comment, at its line', () => {
    const [finding] = findingsAfter([before(SERVER, '# one\n  # Bearer not-a-real-token-0000\n# three')])
    const line = GOOD.slice(0, GOOD.indexOf(SERVER)).split('\n').length + 1
    assert.deepEqual([finding?.at.line, finding?.at.column], [line, 5])
    assert.equal(finding?.actual, 'a credential of 21 characters')
  })
})
