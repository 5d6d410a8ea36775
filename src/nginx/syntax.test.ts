import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { DIRECTIVES } from './directives/table.ts'
import { readIncludes } from './includes.ts'
import { checkSyntax } from './syntax.ts'

type Start = Parameters<typeof checkSyntax>[1]

function found(files: string | Readonly<Record<string, string>>, start: Start = 'http'): readonly string[] {
  const all = typeof files === 'string' ? { x: files } : files
  const configuration = readIncludes(Object.keys(all)[0]!, {
    read: path => Buffer.from(all[path] ?? ''),
    expand: () => [],
  })
  return checkSyntax(configuration, start).map(
    ({ severity, at, text }) => `${severity} ${at.file}:${at.line}:${at.column}: ${text}`,
  )
}

describe('checkSyntax', () => {
  const cases: readonly [string, string, Start, readonly string[]][] = [
    [
      'has nothing to say of what is right',
      'server { listen 80; location / { proxy_pass http://127.0.0.1:1; } }',
      'http',
      [],
    ],
    [
      'names the contexts that a directive belongs in',
      'server {\n  worker_connections 1;\n}',
      'http',
      ['error x:2:3: "worker_connections" is not allowed in "server", only in events'],
    ],
    [
      'names the block for a directive in an `if`',
      'location / { if ($a) { proxy_buffering off; } }',
      'server',
      ['error x:1:24: "proxy_buffering" is not allowed in "if" in "location", only in http, server, location'],
    ],
    ['misses a block', 'server;', 'http', ['error x:1:1: "server" needs a block, but "{" is missing']],
    [
      'misses a semicolon',
      'root a { }',
      'http',
      ['error x:1:1: "root" takes no block, ";" is missing after its arguments'],
    ],
    ['counts arguments', 'root a b;', 'http', ['error x:1:1: "root" takes 1 argument, and has 2']],
    ['counts none', 'internal x;', 'location', ['error x:1:1: "internal" takes no argument, and has 1']],
    ['counts at least one', 'index;', 'http', ['error x:1:1: "index" takes 1 argument or more, and has 0']],
    [
      'reads flags',
      'proxy_buffering yes;',
      'http',
      ['error x:1:17: arguments of "proxy_buffering": it must be "on" or "off"'],
    ],
    [
      'says where it was written first',
      'etag on;\n etag off;',
      'http',
      ['error x:2:2: "etag" is written twice here, first at x:1:1'],
    ],
    ['lets another block say it again', 'etag on; server { etag off; }', 'http', []],
    [
      'tells of an unknown directive',
      'brotli on;',
      'http',
      ['warning x:1:1: the directive "brotli" is not known: a module may bring it'],
    ],
    [
      'knows what was meant',
      'proxy_bufering off;',
      'http',
      ['warning x:1:1: the directive "proxy_bufering" is not known: is "proxy_buffering" meant?'],
    ],
    [
      'leaves what an unknown block holds',
      'my_block { root; listen; }',
      'http',
      ['warning x:1:1: the directive "my_block" is not known: a module may bring it'],
    ],
    ['refuses a name that no module can have', '"a b" c;', 'http', ['error x:1:1: this can be no directive']],
    [
      'says so of a byte order mark',
      '\ufeffetag on;',
      'http',
      ['error x:1:1: this can be no directive: the file begins with a byte order mark'],
    ],
    ['reads data where data stands', 'map $a $b { listen 1; server x; } types { etag maybe; }', 'http', []],
    [
      'finds blocks among data',
      'types { a { } }',
      'http',
      ['error x:1:9: in "types" there are no blocks, ";" is missing'],
    ],
    ['insists on events', 'http { }', 'main', ['error x:1:1: there is no "events" block, which nginx insists on']],
    ['knows later versions', 'http2 on; http3 on;', 'server', []],
    ['knows stream', 'stream { server { listen 1; proxy_pass a:1; proxy_timeout 1h; } } events { }', 'main', []],
    ['knows mail', 'mail { server { listen 1; protocol imap; } } events { }', 'main', []],
    [
      'tells a location that is there already',
      'location /a { }\nlocation ^~ /a { }',
      'server',
      ['error x:2:1: "location" is written twice here, first at x:1:1'],
    ],
    [
      'is told of a location by another way',
      'location /a { } location = /a { } location ~ /a { } location ~ /a { }',
      'server',
      [],
    ],
  ]
  for (const [title, text, start, expected] of cases) {
    test(title, () => assert.deepEqual(found(text, start), expected))
  }

  test('puts included files where they are included', () => {
    const files = {
      main: 'events { } http { include one; server { include one; } include two; }',
      one: 'etag on;',
      two: 'etag off;\nlisten 80;',
    }
    assert.deepEqual(found(files, 'main'), [
      'error two:1:1: "etag" is written twice here, first at one:1:1',
      'error two:2:1: "listen" is not allowed in "http", only in server, stream-server, mail-server',
    ])
  })

  test('says once what is wrong in a file that is included twice', () => {
    const files = { main: 'server { include one; } server { include one; }', one: 'etag maybe;' }
    assert.deepEqual(found(files), ['error one:1:6: arguments of "etag": it must be "on" or "off"'])
  })

  test('shows no argument, only what was expected of it', () => {
    for (const name of DIRECTIVES.keys()) {
      for (const args of ['', 'hunter2', 'hunter2 hunter2', 'hunter2 hunter2 hunter2', '$hunter2- $']) {
        for (const context of ['main', 'events', 'http', 'server', 'location', 'upstream', 'server-if'] as const) {
          for (const line of found(`${name} ${args}; ${name} ${args} { }`, context))
            assert.ok(!line.includes('hunter2'), line)
        }
      }
    }
  })

  test('never throws, whatever stands where', () => {
    const name = fc.oneof(fc.constantFrom(...DIRECTIVES.keys()), fc.string({ maxLength: 6 }))
    const argument = fc.oneof(
      fc.string({ maxLength: 8 }),
      fc.constantFrom(
        '=',
        '~',
        '~*',
        '^~',
        '@',
        '(',
        ')',
        '($a',
        '-f',
        '$',
        '${',
        '[',
        'unix:',
        '[::1]:1',
        'http://',
        '1k',
        '80%',
      ),
    )
    const { tree } = fc.letrec<{ tree: string }>(tie => ({
      tree: fc
        .array(
          fc
            .tuple(name, fc.array(argument, { maxLength: 4 }), fc.option(tie('tree'), { depthSize: 'small' }))
            .map(([word, args, inner]) => {
              const quoted = [word, ...args].map(text => `"${text.replace(/[\\"]/g, '\\$&')}"`).join(' ')
              return inner === null ? `${quoted};` : `${quoted} {${inner}}`
            }),
          { maxLength: 4 },
        )
        .map(parts => parts.join('\n')),
    }))
    fc.assert(
      fc.property(tree, fc.constantFrom('main', 'http', 'server', 'location', 'upstream', 'events'), (text, start) => {
        found(text, start as Start)
      }),
      { numRuns: 2000 },
    )
  })
})
