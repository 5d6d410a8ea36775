import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Asked } from '../view.ts'
import { ask, askHttp, endOf } from './testdata/ask.ts'
import { whatUpstreamGets } from './upstream-gets.ts'

const pathOf = (server: string, path: string) => whatUpstreamGets(ask(server, path))?.path

describe('the path at the upstream', () => {
  const cases = [
    ['is as it came', 'location / { proxy_pass http://u; }', '/a%20b//c/../d?x=%20', '/a%20b//c/../d?x=%20'],
    ['has its part replaced by the path of proxy_pass', 'location /a/ { proxy_pass http://u/b/; }', '/a/c?x', '/b/c?x'],
    ['is not made whole', 'location /a { proxy_pass http://u/b/; }', '/a/c', '/b//c'],
    ['is decoded and encoded again then', 'location /a/ { proxy_pass http://u/; }', '/a/%62%20%2fc', '/b%20/c'],
    ['loses a bare slash', 'location /a/ { proxy_pass http://u/; }', '/a/', '/'],
    ['of an exact name is that of proxy_pass', 'location = /a { proxy_pass http://u/b?y; }', '/a', '/b?y'],
    [
      'of a rewrite with break is what it makes',
      'location /a { rewrite ^/a(.*) /x$1 break; proxy_pass http://u/b/; }',
      '/a/c',
      '/x/c',
    ],
    [
      'of a rewrite that goes on is matched again',
      'location /a { rewrite a /b/c; } location /b { proxy_pass http://u/d; }',
      '/a',
      '/d/c',
    ],
    ['with variables is what they make', 'location /a { proxy_pass http://u/x$uri; }', '/a/b?y', '/x/a/b'],
    ['with a variable as host is as it came', 'set $h u; location / { proxy_pass http://$h; }', '/a?b', '/a?b'],
    ['has the query that is set', 'location / { set $args y; proxy_pass http://u; }', '/a?b', '/a?y'],
    ['is not known where its end is not', 'location / { proxy_pass http://u/$remote_addr; }', '/', undefined],
    [
      'is not known where a rewrite of it is not',
      'location / { rewrite ^ /$remote_addr break; proxy_pass http://u; }',
      '/',
      undefined,
    ],
    ['nor where its query is not', 'location / { set $args $remote_addr; proxy_pass http://u; }', '/', undefined],
    ['of grpc is as it came', 'location / { grpc_pass grpc://u; }', '/a.B/c', '/a.B/c'],
    ['of a socket', 'location /a/ { proxy_pass http://unix:/run/x.sock:/b/; }', '/a/c', '/b/c'],
  ] as const
  for (const [title, server, path, expected] of cases) test(title, () => assert.equal(pathOf(server, path), expected))
})

describe('the upstream', () => {
  const upstreams = 'upstream Up { server 127.0.0.1:4000 weight=2; server unix:/run/x.sock backup; keepalive 4; }'
  const of = (pass: string) => {
    const { action } = askHttp(`${upstreams} server { location / { ${pass} } }`)
    assert.equal(action.kind, 'proxy')
    const { scheme, name, servers, dynamic, uri, block } = action.upstream
    return [
      scheme,
      name,
      servers.map(({ address, options }) => [address, ...options].join(' ')),
      dynamic,
      uri,
      block !== undefined,
    ]
  }
  const both = ['127.0.0.1:4000 weight=2', 'unix:/run/x.sock backup']
  const cases = [
    ['proxy_pass http://up/b;', ['http', 'up', both, false, '/b', true]],
    ['proxy_pass https://127.0.0.1:1;', ['https', '127.0.0.1:1', ['127.0.0.1:1'], false, undefined, false]],
    ['proxy_pass http://[::1]:1/;', ['http', '[::1]:1', ['[::1]:1'], false, '/', false]],
    [
      'proxy_pass http://unix:/run/x.sock;',
      ['http', 'unix:/run/x.sock', ['unix:/run/x.sock'], false, undefined, false],
    ],
    ['set $u up; proxy_pass http://$u;', ['http', 'up', both, true, undefined, true]],
    ['set $u https://b.test:1/c; proxy_pass $u;', ['https', 'b.test:1', ['b.test:1'], true, '/c', false]],
    ['proxy_pass http://$remote_addr:1;', ['http', '$remote_addr:1', [], true, undefined, false]],
    ['proxy_pass http://u$request_uri;', ['http', 'u', ['u'], false, '/', false]],
    ['grpc_pass up;', ['grpc', 'up', both, false, undefined, true]],
    ['grpc_pass grpcs://u:1;', ['grpcs', 'u:1', ['u:1'], false, undefined, false]],
  ] as const
  for (const [pass, expected] of cases) test(pass, () => assert.deepEqual(of(pass), expected))

  test('of variables that come to nothing is 500', () => {
    assert.equal(endOf(ask('location / { proxy_pass http://$arg_u; }')), 'return 500')
  })
})

/** A header at the upstream, for a table. */
function header(location: string, name: string, more: Partial<Asked> = {}): string {
  const arriving = whatUpstreamGets(ask(`location / { proxy_pass http://u:8080; ${location} }`, '/', more), [name])!
  const header = arriving.headers.get(name)!
  return header.kind === 'set'
    ? header.values.map(({ text, known }) => (known ? text : `${text}?`)).join(', ')
    : header.kind
}

describe('a header at the upstream', () => {
  const set = (...lines: string[]) => lines.map(line => `proxy_set_header ${line};`).join(' ')
  const cases = [
    ['is passed', '', 'authorization', 'passed'],
    ['is the name of the upstream for Host', '', 'host', 'u:8080'],
    ['is close for Connection', 'proxy_http_version 1.1;', 'connection', 'close'],
    ['is removed for Upgrade', '', 'upgrade', 'removed'],
    ['is set', set('X-Forwarded-Proto $scheme'), 'x-forwarded-proto', 'http'],
    ['is set to what is not known', set('X-Real-IP $remote_addr'), 'x-real-ip', '$remote_addr?'],
    ['is removed by an empty value', set('Authorization ""'), 'authorization', 'removed'],
    ['is removed by a variable that is empty', set('Connection $arg_x'), 'connection', 'removed'],
    ['is passed by its own variable', set('Origin $http_origin'), 'origin', 'passed'],
    ['comes twice', set('A 1', 'a 2'), 'a', '1, 2'],
    ['is not passed with an underscore', '', 'x_a', 'removed'],
    ['unless that is allowed', '} underscores_in_headers on; location /z {', 'x_a', 'passed'],
    ['is not passed with other characters', '', 'x.a', 'removed'],
    ['unless that is allowed, too', '} ignore_invalid_headers off; location /z {', 'x.a', 'passed'],
    ['is not passed where none are', 'proxy_pass_request_headers off;', 'authorization', 'removed'],
    ['of a condition is kept from a cache', 'proxy_cache z;', 'if-none-match', 'removed'],
    ['and else passed', '', 'if-none-match', 'passed'],
    ['is close by a map of what is not there', set('Connection $upgrade'), 'connection', '$upgrade?'],
  ] as const
  for (const [title, location, name, expected] of cases) {
    test(`${title}: ${name}`, () => assert.equal(header(location, name), expected))
  }

  test('of a method that is not cached is passed', () => {
    assert.equal(header('proxy_cache z;', 'range', { method: 'POST' }), 'passed')
  })
  test('by a map of a header that was not given is that of none, and that is told', () => {
    const map = "map $http_upgrade $to { default upgrade; '' close; }"
    const server = 'server { location / { proxy_pass http://u; proxy_set_header Connection $to; } }'
    const at = (more: Partial<Asked>) => whatUpstreamGets(askHttp(map + server, '/', more))!.headers.get('connection')!
    const without = at({})
    assert.deepEqual(without.kind === 'set' && without.values, [
      { text: 'close', known: true, uncertain: ['taken that the request has no header Upgrade'] },
    ])
    const withIt = at({ headers: { upgrade: 'websocket' } })
    assert.deepEqual(withIt.kind === 'set' && withIt.values, [{ text: 'upgrade', known: true, uncertain: [] }])
  })
  test('is the usual host without the usual port', () => {
    const host = (pass: string) => whatUpstreamGets(ask(`location / { ${pass} }`))!.headers.get('host')!
    const text = (pass: string) => {
      const header = host(pass)
      return header.kind === 'set' ? header.values[0]!.text : header.kind
    }
    assert.deepEqual(
      ['http://u:80', 'https://u:443/', 'https://u:80', 'http://unix:/x'].map(url => text(`proxy_pass ${url};`)),
      ['u', 'u', 'u:80', 'localhost'],
    )
  })
})

describe('the request at the upstream', () => {
  const of = (location: string) => whatUpstreamGets(ask(`location / { ${location} }`, '/', { method: 'post' }))

  test('is of HTTP/1.0 unless it is said', () => {
    assert.equal(of('proxy_pass http://u;')?.httpVersion, '1.0')
    assert.equal(of('proxy_pass http://u; proxy_http_version 1.1;')?.httpVersion, '1.1')
    assert.equal(of('grpc_pass u;')?.httpVersion, '2')
  })
  test('has the method that came, unless another is set', () => {
    assert.equal(of('proxy_pass http://u;')?.method, 'POST')
    assert.equal(of('proxy_pass http://u; proxy_method GET;')?.method, 'GET')
  })
  test('is none where nothing is passed on by HTTP', () => {
    assert.equal(of('return 204;'), undefined)
    assert.equal(of('fastcgi_pass u;'), undefined)
  })
})
