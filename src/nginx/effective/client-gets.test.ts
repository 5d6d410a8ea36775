import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { whatClientGets } from './client-gets.ts'
import { ask } from './testdata/ask.ts'

const of = (location: string) => whatClientGets(ask(`location / { ${location} }`))
const carried = (location: string) => of(`proxy_pass http://u; ${location}`).carried!

describe('what a client gets', () => {
  test('is held back, in and out, unless that is off', () => {
    assert.deepEqual([carried('').buffering, carried('').requestBuffering], [true, true])
    const off = carried('proxy_buffering off; proxy_request_buffering off;')
    assert.deepEqual([off.buffering, off.requestBuffering], [false, false])
  })
  test('may be let through by the upstream, unless it is not heard', () => {
    assert.equal(carried('').upstreamDecidesBuffering, true)
    assert.equal(carried('proxy_ignore_headers Expires X-Accel-Buffering;').upstreamDecidesBuffering, false)
  })
  test('comes from a cache that has a name', () => {
    assert.equal(carried('').cache, undefined)
    assert.equal(carried('proxy_cache off;').cache, undefined)
    assert.equal(carried('proxy_cache zone;').cache, 'zone')
  })
  test('has its time', () => {
    assert.deepEqual([carried('').readTimeoutMs, carried('').sendTimeoutMs], [60_000, 60_000])
    assert.equal(carried('proxy_read_timeout 1h30m;').readTimeoutMs, 5_400_000)
    assert.equal(of('send_timeout 5;').sendTimeoutMs, 5_000)
  })

  const limits = [
    ['', 1_048_576],
    ['client_max_body_size 512;', 512],
    ['client_max_body_size 8K;', 8_192],
    ['client_max_body_size 2g;', 2_147_483_648],
    ['client_max_body_size 0;', undefined],
    ['client_max_body_size huge;', undefined],
  ] as const
  for (const [location, bytes] of limits) {
    test(`may send ${bytes ?? 'any number of'} bytes: ${location || 'default'}`, () => {
      assert.equal(of(location).bodyLimitBytes, bytes)
    })
  }

  test('has headers added, some on every answer', () => {
    const { added } = of('add_header A $host; add_header B "b c" always;')
    assert.deepEqual(
      added.map(({ name, value, always }) => [name, value.text, always]),
      [
        ['A', 'a.test', false],
        ['B', 'b c', true],
      ],
    )
  })
  test('lacks headers of the upstream, unless they are let through', () => {
    assert.ok(carried('').hidden.includes('server'))
    assert.ok(carried('proxy_hide_header X-A;').hidden.includes('x-a'))
    assert.ok(!carried('proxy_pass_header Server;').hidden.includes('server'))
  })
  test('is told the version unless that is off', () => {
    assert.equal(of('').versionTold, true)
    assert.equal(of('server_tokens off;').versionTold, false)
    assert.equal(of('server_tokens build;').versionTold, true)
  })

  test('of other modules goes by their own settings', () => {
    const fastcgi = of('fastcgi_pass u; fastcgi_buffering off; fastcgi_read_timeout 5s;').carried!
    assert.deepEqual([fastcgi.buffering, fastcgi.requestBuffering, fastcgi.readTimeoutMs], [false, true, 5_000])
    for (const module of ['uwsgi', 'scgi']) assert.equal(of(`${module}_pass u;`).carried!.buffering, true)
    const grpc = of('grpc_pass u;').carried!
    assert.deepEqual([grpc.buffering, grpc.cache, grpc.upstreamDecidesBuffering], [undefined, undefined, false])
  })
  test('of nginx itself is not carried', () => {
    assert.equal(of('return 204;').carried, undefined)
    assert.equal(of('stub_status;').carried, undefined)
  })
})
