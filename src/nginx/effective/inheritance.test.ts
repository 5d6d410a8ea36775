import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ConfigFile, Directive } from '../ast.ts'
import { DIRECTIVES } from '../directives/table.ts'
import { parseConfig } from '../parse.ts'
import { DEFAULTS } from './defaults.ts'
import { effective } from './effective.ts'
import { ask, askHttp, endOf } from './testdata/ask.ts'
import { effectiveOf } from './testdata/read.ts'

describe('a directive with one value', () => {
  test('goes inward until another takes its place', () => {
    const http = `proxy_read_timeout 1s; server { proxy_read_timeout 2s;
      location / { proxy_read_timeout 3s; location /a { } } location /b { } }
      server { server_name b.test; }`
    const at = (path: string, host = 'a.test') => {
      const { args, level, at } = askHttp(http, path, { host }).setting('proxy_read_timeout')
      return [...args, level, at?.line]
    }
    assert.deepEqual(at('/a'), ['3s', 'location', 2])
    assert.deepEqual(at('/b'), ['2s', 'server', 1])
    assert.deepEqual(at('/', 'b.test'), ['1s', 'http', 1])
  })
  test('has its documented default', () => {
    assert.deepEqual(ask('').setting('proxy_buffering'), { args: ['on'], level: 'default' })
    assert.deepEqual(ask('').setting('proxy_ssl_trusted_certificate'), { args: [], level: 'default' })
  })
  test('has one that is the same in all modules that pass requests on', () => {
    assert.deepEqual(ask('').setting('uwsgi_read_timeout').args, ['60s'])
    assert.deepEqual(ask('').setting('grpc_ssl_verify').args, ['off'])
  })
  test('that is known is of a directive of nginx', () => {
    for (const [name, args] of DEFAULTS) {
      assert.ok(DIRECTIVES.has(name), name)
      assert.ok(!args.includes(''), name)
    }
  })
  test('without a known default is a RangeError, unless it is written', () => {
    assert.throws(() => ask('').setting('frob'), RangeError)
    assert.deepEqual(ask('frob 1;').setting('frob').args, ['1'])
  })
  test('is told from one that holds more than one value', () => {
    assert.throws(() => ask('').setting('add_header'), /holds more than one value/)
  })
  for (const name of ['proxy_pass', 'return', 'try_files']) {
    test(`${name} is of its own block only`, () => {
      const place = effectiveOf(`http { server { location /a { ${name} http://x y; location /a/b { } } } }`).places[2]!
      assert.equal(place.location?.text, '/a/b')
      assert.deepEqual(place.setting(name).args, [])
    })
  }
  test('written twice is the last one, or all its words', () => {
    assert.deepEqual(ask('limit_rate 1; limit_rate 2;').setting('limit_rate').args, ['2'])
    assert.deepEqual(ask('ssl_protocols TLSv1.2; ssl_protocols TLSv1.3;').setting('ssl_protocols').args, [
      'TLSv1.2',
      'TLSv1.3',
    ])
  })
  test('main is the outermost level', () => {
    assert.equal(
      effectiveOf('worker_processes 2; http { server { } }').places[0]!.setting('worker_processes').level,
      'main',
    )
  })
})

describe('directives that add up', () => {
  const values = (server: string, path: string, name: string) =>
    ask(server, path)
      .listed(name)
      .map(({ args }) => args[0])

  test('are those of the innermost level that has any', () => {
    const server = 'add_header A 1; add_header B 1; location /a { add_header C 1; location /a/b { } } location /b { }'
    assert.deepEqual(values(server, '/a', 'add_header'), ['C'])
    assert.deepEqual(values(server, '/a/b', 'add_header'), ['C'])
    assert.deepEqual(values(server, '/b', 'add_header'), ['A', 'B'])
    assert.deepEqual(values('', '/b', 'add_header'), [])
  })
  test('of another name are not touched', () => {
    const server = 'proxy_hide_header A; proxy_pass_header B; location / { proxy_pass_header C; }'
    assert.deepEqual(values(server, '/', 'proxy_hide_header'), ['A'])
  })
  test('allow and deny are one list', () => {
    const server = 'allow 127.0.0.1; deny all; location / { allow all; }'
    assert.deepEqual(values(server, '/', 'deny'), [])
    assert.deepEqual(values(server, '/', 'allow'), ['all'])
  })
  test('of a condition that holds are in effect', () => {
    const server = 'location / { add_header A 1; if ($arg_x) { add_header B 1; } }'
    assert.deepEqual(values(server, '/?x=1', 'add_header'), ['B'])
    assert.equal(ask(server, '/?x=1').listed('add_header')[0]!.level, 'if')
    assert.deepEqual(values(server, '/', 'add_header'), ['A'])
  })
  test('of limit_except are for the methods it does not name', () => {
    const server =
      'location / { proxy_set_header A 1; limit_except GET { proxy_set_header B 1; } proxy_pass http://u; }'
    const of = (method: string) =>
      ask(server, '/', { method })
        .listed('proxy_set_header')
        .map(({ args }) => args[0])
    assert.deepEqual([of('GET'), of('HEAD'), of('POST')], [['A'], ['A'], ['B']])
    assert.equal(endOf(ask(server, '/', { method: 'POST' })), 'proxy http://u')
  })
})

describe('included files', () => {
  /** Every `include NAME;` is the file of that name. */
  const read = (files: Readonly<Record<string, string>>) => {
    const parsed = Object.entries(files).map(([path, text]) => parseConfig(path, Buffer.from(text)))
    const included = new Map<Directive, ConfigFile[]>()
    const walk = (directives: readonly Directive[]): void => {
      for (const one of directives) {
        if (one.name.text === 'include') {
          const file = parsed.find(({ path }) => path === one.args[0]!.text)
          included.set(one, file === undefined ? [] : [file])
        } else if (one.body.kind === 'block') walk(one.body.directives)
      }
    }
    for (const file of parsed) walk(file.directives)
    return { files: parsed, included }
  }

  test('stand in the place of the include', () => {
    const view = effective(
      read({
        main: 'http { server { include headers; location ~ a { } include locations; } }',
        headers: 'add_header A 1; include none;',
        locations: 'location ~ a { return 204; }',
      }),
    ).view({ scheme: 'http', host: '', path: '/a' })
    assert.equal(view.location?.at.file, 'main')
    assert.equal(view.listed('add_header')[0]?.at.file, 'headers')
  })
  test('that include themselves are CONFIG_INVALID', () => {
    const files = { main: 'http { include a; }', a: 'server { } include b;', b: 'include a;' }
    assert.throws(() => effective(read(files)), { code: 'CONFIG_INVALID', message: /^a:1:\d+|^b:1:\d+|^main:1:\d+/ })
  })
  test('a part of http without the block around it is read as one', () => {
    assert.equal(
      endOf(effectiveOf('server { return 204; }').view({ scheme: 'http', host: '', path: '/' })),
      'return 204',
    )
  })
})
