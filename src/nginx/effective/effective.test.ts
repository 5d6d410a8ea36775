import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Asked, View } from '../view.ts'
import { effectiveOf } from './testdata/read.ts'

/** `server { … }` around it, asked over plain HTTP. */
function ask(server: string, path: string, more: Partial<Asked> = {}): View {
  return effectiveOf(`http { server { listen 80; ${server} } }`).view({ scheme: 'http', host: 'a.test', path, ...more })
}

function located(server: string, path: string): string | undefined {
  return ask(server, path).location?.text
}

describe('the location of a path', () => {
  const cases = [
    ['an exact name wins over everything', 'location / {} location = /a {} location ~ a {}', '/a', '= /a'],
    ['an exact name is not a prefix', 'location / {} location = /a {}', '/a/b', '/'],
    ['the longest prefix wins', 'location /a/ {} location /a/b {} location / {}', '/a/bc', '/a/b'],
    ['an expression wins over a prefix', 'location /a/ {} location ~ \\.x$ {}', '/a/b.x', '~ \\.x$'],
    ['the first expression wins', 'location ~ ^/a {} location ~ ^/ab {}', '/ab', '~ ^/a'],
    ['^~ keeps expressions off', 'location ^~ /a/ {} location ~ \\.x$ {}', '/a/b.x', '^~ /a/'],
    ['a longer prefix lets them in again', 'location ^~ /a/ {} location /a/b {} location ~ x {}', '/a/b.x', '~ x'],
    ['case counts', 'location ~ /A {} location / {}', '/a', '/'],
    ['case does not count with ~*', 'location ~* /A {} location / {}', '/a', '~* /A'],
    ['an inner location takes its part', 'location /a/ { location /a/b/ {} }', '/a/b/c', '/a/b/'],
    ['an inner expression wins over an outer one', 'location /a/ { location ~ x {} } location ~ ^/a {}', '/a/x', '~ x'],
    [
      '^~ of an inner one does not keep off outer ones',
      'location /a/ { location ^~ /a/b {} } location ~ x {}',
      '/a/bx',
      '~ x',
    ],
    ['none', 'location /a {}', '/b', undefined],
    ['slashes are merged', 'location /a/b {}', '/a//b', '/a/b'],
    ['unless that is off', 'merge_slashes off; location /a/b {} location / {}', '/a//b', '/'],
    ['an encoded slash is one', 'location /a/b {}', '/a%2Fb', '/a/b'],
    ['dots are resolved', 'location /b {} location /a {}', '/a/.%2e/./b', '/b'],
    ['the query is not part of it', 'location ~ x {} location / {}', '/a?x', '/'],
    ['an encoded ? is', 'location ~ x {} location / {}', '/a%3fx', '~ x'],
  ] as const
  for (const [title, server, path, expected] of cases) {
    test(title, () => assert.equal(located(server, path), expected))
  }
})
