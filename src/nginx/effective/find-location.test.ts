import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ask, endOf } from './testdata/ask.ts'
import { effectiveOf } from './testdata/read.ts'

describe('the location of a path', () => {
  const cases = [
    ['an exact name wins over everything', 'location / {} location = /a {} location ~ a {}', '/a', '= /a'],
    ['an exact name is no prefix', 'location / {} location = /a {}', '/a/b', '/'],
    ['a modifier may stand at the name', 'location / {} location =/a {}', '/a', '=/a'],
    ['the longest prefix wins', 'location /a/ {} location /a/b {} location / {}', '/a/bc', '/a/b'],
    ['an expression wins over a prefix', 'location /a/ {} location ~ \\.x$ {}', '/a/b.x', '~ \\.x$'],
    ['the first expression wins', 'location ~ ^/a {} location ~ ^/ab {}', '/ab', '~ ^/a'],
    ['^~ keeps expressions off', 'location ^~ /a/ {} location ~ \\.x$ {}', '/a/b.x', '^~ /a/'],
    ['a longer prefix lets them in again', 'location ^~ /a/ {} location /a/b {} location ~ x {}', '/a/b.x', '~ x'],
    ['case counts', 'location ~ /A {} location / {}', '/a', '/'],
    ['case does not count with ~*', 'location ~* /A {} location / {}', '/a', '~* /A'],
    ['an inner location takes its part', 'location /a/ { location /a/b/ {} }', '/a/b/c', '/a/b/'],
    ['an inner expression wins over an outer one', 'location /a/ { location ~ x {} } location ~ ^/a {}', '/a/x', '~ x'],
    ['an inner ^~ keeps off no outer one', 'location /a/ { location ^~ /a/b {} } location ~ x {}', '/a/bx', '~ x'],
    ['an expression has inner ones, too', 'location ~ ^/a { location ~ b$ {} }', '/ab', '~ b$'],
    ['a named one is never matched', 'location @a {} location / {}', '/@a', '/'],
    ['none', 'location /a {}', '/b', undefined],
    ['slashes are merged', 'location /a/b {}', '/a//b', '/a/b'],
    ['unless that is off', 'merge_slashes off; location /a/b {} location / {}', '/a//b', '/'],
    ['an encoded slash is one', 'location /a/b {}', '/a%2Fb', '/a/b'],
    ['which ends a name as any does', 'location /b {} location / {}', '/a%2F..%2fb', '/b'],
    ['and is merged with others', 'location /a/b {} location / {}', '/a%2F%2fb', '/a/b'],
    ['dots are resolved', 'location /b {} location /a {}', '/a/.%2e/./b', '/b'],
    ['the query is no part of it', 'location ~ x {} location / {}', '/a?x', '/'],
    ['an encoded ? is', 'location ~ x {} location / {}', '/a%3fx', '~ x'],
    ['names are bytes', 'location /ü {} location / {}', '/%C3%BC', '/ü'],
  ] as const
  for (const [title, server, path, expected] of cases) {
    test(title, () => assert.equal(ask(server, path).location?.text, expected))
  }

  test('where a path lacks the slash of a location that passes on, the answer is a redirect', () => {
    const server = 'location "/a b/" { proxy_pass http://up; } location /c/ {}'
    assert.equal(endOf(ask(server, '/a%20b?x=1')), 'return 301 /a%20b/?x=1')
    assert.equal(endOf(ask(`${server} location "/a b" { return 204; }`, '/a%20b')), 'return 204')
    assert.equal(endOf(ask(server, '/c')), 'root html')
  })

  test('an internal location is not there for clients', () => {
    const server = 'location /in { internal; return 200 in; } location /a { rewrite ^ /in; }'
    assert.equal(endOf(ask(server, '/in')), 'return 404')
    assert.equal(endOf(ask(server, '/a')), 'return 200 in')
  })

  test('places are the server and every location in it, the outer ones first', () => {
    const inner = 'location ~ x { proxy_pass http://up; } location /a { location = /a/b { stub_status; } }'
    const { places } = effectiveOf(`http { server { ${inner} location @n { return 404; } } }`)
    assert.deepEqual(
      places.map(({ location, action }) => [location?.text, action?.kind]),
      [
        [undefined, 'files'],
        ['~ x', 'proxy'],
        ['/a', 'files'],
        ['= /a/b', 'module'],
        ['@n', 'return'],
      ],
    )
  })
})
