import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Asked } from '../view.ts'
import { askHttp, endOf } from './testdata/ask.ts'
import { effectiveOf } from './testdata/read.ts'

/** Every server as `listen` with names; told by its place in the list. */
function chosen(servers: readonly (readonly [string, string?])[], asked: Partial<Asked>): number {
  const text = servers.map(([listen, names]) => `server { ${listen} ${names ? `server_name ${names};` : ''} }`)
  const view = askHttp(text.join('\n'), '/', asked)
  return effectiveOf(`http { ${text.join('\n')} }`).servers.findIndex(({ at }) => at.line === view.server.at.line)
}

describe('the server of a host', () => {
  const names = ['', 'a.test', '*.a.test', 'b.*', '~^c(\\d)\\.test$', '~^c', '.d.test', '*.x.a.test', 'b.a.test E.test']
  const cases = [
    ['an exact name', 'a.test', 1],
    ['in whatever case', 'A.Test', 1],
    ['with a port', 'a.test:8080', 1],
    ['with a last dot', 'a.test.', 1],
    ['an exact name before a wildcard', 'b.a.test', 8],
    ['any part before a wildcard', 'y.z.a.test', 2],
    ['the longest wildcard', 'y.x.a.test', 7],
    ['a wildcard at the end', 'b.c.d', 3],
    ['the wildcard at the beginning before it', 'b.y.a.test', 2],
    ['the first expression', 'c1.test', 4],
    ['the next one', 'cx.test', 5],
    ['a name with a dot before it is the name', 'd.test', 6],
    ['and everything below it', 'x.d.test', 6],
    ['one of several names', 'e.test', 8],
    ['the default for another name', 'z.test', 0],
    ['the one without a name for none', '', 0],
  ] as const
  for (const [title, host, expected] of cases) {
    test(title, () =>
      assert.equal(
        chosen(
          names.map(name => ['listen 80;', name] as const),
          { host },
        ),
        expected,
      ),
    )
  }

  test('an expression names what it caught', () => {
    const server = 'server { server_name ~^(?<who>\\w+)\\.test$; return 200 "$who $1"; }'
    assert.equal(endOf(askHttp(server, '/', { host: 'me.test' })), 'return 200 me me')
  })
  test('a name that an earlier server has is not looked at', () => {
    assert.equal(
      chosen(
        [
          ['listen 80;', 'z'],
          ['listen 80;', 'a.test'],
          ['listen 80;', '.a.test'],
        ],
        { host: 'b.a.test' },
      ),
      0,
    )
  })
  test('the one that says so is the default', () => {
    assert.equal(
      chosen(
        [
          ['listen 80;', 'a'],
          ['listen 80 default_server;', 'b'],
        ],
        { host: 'c' },
      ),
      1,
    )
    assert.equal(askHttp('server { listen 80; server_name b; }', '/').chosenBy, 'default')
    assert.equal(askHttp('server { listen 80; server_name a.test; }', '/').chosenBy, 'name')
  })
  test('a host that is none is refused by the default server', () => {
    const view = askHttp('server { } server { server_name "a/b"; }', '/', { host: 'a/b' })
    assert.equal(view.status, 400)
    assert.equal(view.chosenBy, 'default')
  })
})

describe('the socket of a connection', () => {
  const at = (address: string | undefined, port: number): Partial<Asked> => ({
    listen: { ...(address === undefined ? {} : { address }), port },
  })
  const servers = [
    ['listen 80;'],
    ['listen 127.0.0.1:80;'],
    ['listen 8080; listen [::]:8080;'],
    ['listen [::1]:80;'],
    ['listen unix:/run/x.sock;'],
    ['listen localhost:81;'],
    ['listen 9000-9002;'],
    ['listen [::]:82 ipv6only=off;'],
  ] as const
  const cases = [
    ['any address', at(undefined, 80), 0],
    ['another address', at('192.0.2.1', 80), 0],
    ['an address of its own comes first', at('127.0.0.1', 80), 1],
    ['IPv6', at('::', 8080), 2],
    ['IPv6, written at length', at('[0:0:0:0:0:0:0:1]', 80), 3],
    ['a socket', at('unix:/run/x.sock', 0), 4],
    ['a socket by its path', at('/run/x.sock', 0), 4],
    ['a name', at('127.0.0.1', 81), 5],
    ['a range of ports', at(undefined, 9001), 6],
    ['IPv6 that takes IPv4', at('127.0.0.1', 82), 7],
  ] as const
  for (const [title, asked, expected] of cases) test(title, () => assert.equal(chosen(servers, asked), expected))

  test('without `listen` it is every address, port 80', () => {
    const [server] = effectiveOf('http { server { } }').servers
    assert.deepEqual(
      server!.listens.map(({ address, port }) => [address, port]),
      [['*', 80]],
    )
    assert.deepEqual(server!.names, [''])
  })
  test('without a say it is the port that the scheme usually has, rather where the host is known', () => {
    assert.equal(chosen([['listen 8080;', 'a.test'], ['listen 80;']], {}), 0)
    assert.equal(chosen([['listen 8080;', 'x'], ['listen 80;']], {}), 1)
    assert.equal(chosen([['listen 8080;', 'x'], ['listen 8081;']], {}), 0)
  })
  test('TLS and HTTP/2 of a socket are of all servers behind it', () => {
    const { servers } = effectiveOf('http { server { listen 443; } server { listen 443 ssl http2; listen 80; } }')
    assert.deepEqual(
      servers.map(({ listens }) => listens.map(({ tls, http2 }) => tls && http2)),
      [[true], [true, false]],
    )
  })
  test('the first server is the default one of its address, unless another says so', () => {
    const defaults = (second: string) =>
      effectiveOf(`http { server { listen 80; listen 81; } server { listen 80 ${second}; } }`).servers.map(
        ({ listens }) => listens.map(one => one.defaultServer),
      )
    assert.deepEqual(defaults(''), [[true, true], [false]])
    assert.deepEqual(defaults('default_server'), [[false, true], [true]])
  })
  test('a server that rejects handshakes answers nothing by TLS', () => {
    const status = (scheme: 'http' | 'https', host: string) =>
      askHttp(
        `server { listen 443 ssl; listen 80; ssl_reject_handshake on; return 204; }
         server { listen 443 ssl; server_name a.test; return 200 a; }`,
        '/',
        { scheme, host },
      ).status
    assert.deepEqual([status('https', 'b.test'), status('https', 'a.test'), status('http', 'b.test')], [444, 200, 204])
  })
  test('HTTP/2 by a directive is of its own server', () => {
    const { servers } = effectiveOf('http { server { listen 443 ssl; http2 on; } server { listen 443; } }')
    assert.deepEqual(
      servers.map(({ listens }) => listens[0]!.http2),
      [true, false],
    )
  })
  test('`ssl on` of the default server is TLS for all of them, of another one for none', () => {
    const on = (first: string, second: string) =>
      effectiveOf(`http { server { listen 443; ${first} } server { listen 443; ${second} } }`).servers.map(
        ({ listens }) => listens[0]!.tls,
      )
    assert.deepEqual(on('ssl on;', ''), [true, true])
    assert.deepEqual(on('', 'ssl on;'), [false, false])
  })
  test('slashes are merged as the default server says, unless SNI names the server', () => {
    const http = (scheme: 'http' | 'https') =>
      askHttp(
        `server { listen 80; listen 443 ssl; }
         server { listen 80; listen 443 ssl; server_name a.test; merge_slashes off; location /a/b { return 204; } }`,
        '/a//b',
        { scheme },
      ).action.kind
    assert.equal(http('http'), 'return')
    assert.equal(http('https'), 'files')
  })

  const nowhere = [
    ['no server', '', {}],
    ['no server for the scheme', 'server { listen 80; }', { scheme: 'https' }],
    ['another port', 'server { listen 80; }', at(undefined, 81)],
    ['another address', 'server { listen 127.0.0.1:80; }', at('127.0.0.2', 80)],
    ['IPv4 where IPv6 listens', 'server { listen [::]:80; }', at('127.0.0.1', 80)],
    ['another socket', 'server { listen unix:/a; }', at('/b', 0)],
  ] as const
  for (const [title, http, asked] of nowhere) {
    test(`${title} is CONFIG_INVALID`, () => {
      assert.throws(() => askHttp(http, '/', asked), { code: 'CONFIG_INVALID' })
    })
  }
})
