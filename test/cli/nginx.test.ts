import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { findNginx } from '../../src/adapters/nginx/program.ts'
import { Site } from './launch.ts'
import { sarifProblems } from './sarif.ts'

const CASES = path.resolve(import.meta.dirname, '../../nginx')
const good = path.join(CASES, 'good/daemon.conf')
const bad = (rule: string) => path.join(CASES, 'bad', `${rule}.conf`)

const site = new Site()
const TOKEN = ['Bearer', 'not-a-real-token-0000'].join(' ')

function written(name: string, content: string | Uint8Array): string {
  const file = path.join(site.root, name)
  mkdirSync(path.dirname(file), { recursive: true })
  writeFileSync(file, content)
  return file
}

const check = (...words: readonly string[]) => site.run(['nginx', 'check', '--no-nginx', ...words])

/** The good configuration with some of its text replaced. */
function edited(name: string, ...edits: readonly (readonly [string, string])[]): string {
  let text = readFileSync(good, 'utf8')
  for (const [from, to] of edits) {
    assert.ok(text.includes(from), `${from} is not in the good configuration`)
    text = text.replace(from, to)
  }
  return written(name, text)
}

describe('runproof nginx check', () => {
  test('has nothing to say of a good configuration, and says what it judged', async () => {
    const { status, stdout, stderr } = await check(good)
    assert.deepEqual([status, stderr], [0, ''])
    assert.match(
      stdout,
      /^judged\n {2}https:\/\/daemon\.example\.test server daemon\.example\.test \(.*daemon\.conf:37\)$/m,
    )
    assert.match(
      stdout,
      /location ~ \^\/v1\/.* \(line 55\):\n {4}events-stream, session-stream, run-stream, flow-stream$/m,
    )
    assert.match(stdout, /\nnot judged\n {2}server _ /)
    assert.match(stdout, /\nnginx -t: skipped \(--no-nginx\)\n/)
    assert.match(stdout, /\n\d+ rules, 11 paths at 1 server: 0 errors, 0 warnings, 0 waived\n$/)
  })

  test('shows each finding with its place, the line, the paths and why', async () => {
    const file = bad('stream-buffering')
    const { status, stdout } = await check(file)
    assert.equal(status, 1)
    const shown = [
      `${file}:57:13 error stream-buffering proxy_buffering on; expected proxy_buffering off`,
      '    57 |             proxy_buffering on;',
      '       |             ^',
      '    for events-stream, session-stream, run-stream, flow-stream',
    ]
    assert.ok(stdout.includes(`\n${shown.join('\n')}\n`), stdout)
    assert.match(stdout, /A buffered stream looks healthy/)
    assert.match(stdout, / 1 error, 0 warnings, 0 waived\n$/)
  })

  test('keeps prose and excerpts within 80 columns, and colours nothing', async () => {
    const long = edited('long.conf', ['proxy_buffering off;', `proxy_buffering on; ${'# a comment '.repeat(20)}`])
    const { stdout } = await check(long)
    const lines = stdout.split('\n').filter(line => !/^\S+:\d+:\d+ |^\/|^ {2}https:/.test(line))
    assert.deepEqual(
      lines.filter(line => line.length > 80),
      [],
    )
    assert.ok(!stdout.includes('\x1b'))
  })

  test('fails for a warning only when that was asked for', async () => {
    assert.equal((await check(bad('version-disclosed'))).status, 0)
    assert.equal((await check(bad('version-disclosed'), '--fail-on', 'warning')).status, 1)
  })

  test('finds the place in the file that is included', async () => {
    const part = written('conf.d/streams.conf', 'location ~ stream$ { proxy_pass http://daemon; }\n')
    const main = edited('including.conf', [
      '        location / {',
      '        include conf.d/*.conf;\n        location / {',
    ])
    const { status, stdout } = await check(main)
    assert.equal(status, 1)
    assert.match(stdout, new RegExp(`^${part}:1:1 error stream-buffering proxy_buffering on \\(default\\);`, 'm'))
  })

  test('reads a part of http { } as what it is', async () => {
    const text = readFileSync(good, 'utf8')
    const inner = text.slice(text.indexOf('http {') + 'http {'.length, text.lastIndexOf('}'))
    const { status, stdout, stderr } = await check(written('part.conf', inner))
    assert.deepEqual([status, stderr], [0, ''], stdout)
    const wrong = written('wrong-part.conf', inner.replace('proxy_buffering off', 'proxy_buffering on'))
    const line = inner.slice(0, inner.indexOf('proxy_buffering off')).split('\n').length
    assert.match((await check(wrong)).stdout, new RegExp(`^${wrong}:${line}:13 error stream-buffering `, 'm'))
  })

  test('judges the server of one name when it is given', async () => {
    const other = `server {
      listen 8443 ssl; server_name other.example.test;
      ssl_certificate a; ssl_certificate_key b;
      location / { proxy_pass http://daemon; }
    }`
    const two = edited('two.conf', ['    upstream daemon {', `${other}\n    upstream daemon {`])
    assert.equal((await check(two)).status, 1)
    const { status, stdout } = await check(two, '--host', 'daemon.example.test')
    assert.equal(status, 0, stdout)
    assert.match(stdout, / 11 paths at 1 server: /)
  })

  test('shows no credential, in no format', async () => {
    const file = edited('token.conf', ['$http_authorization;', `"${TOKEN}";`])
    for (const format of ['pretty', 'json', 'sarif']) {
      const { status, stdout } = await check(file, '--format', format)
      assert.equal(status, 1)
      assert.match(stdout, /token-literal/)
      assert.ok(!stdout.includes('not-a-real'), stdout)
    }
    const { stdout } = await site.run(['nginx', 'explain', file, '/v1/status'])
    assert.match(stdout, /authorization +Bearer \*+/)
  })

  test('cannot be made to act on the terminal by what a configuration says', async () => {
    const file = edited('acting.conf', ['proxy_buffering off', "proxy_buffering '\x1b[2Jon'"])
    const { stdout } = await check(file)
    assert.match(stdout, /\\u\{1b\}\[2Jon/)
    assert.ok(!stdout.includes('\x1b'))
  })
})

describe('the result of runproof nginx check', () => {
  test('as JSON names the schema, the findings, what was judged and what not', async () => {
    const { status, stdout, stderr } = await check(bad('stream-buffering'), '--json')
    assert.deepEqual([status, stderr], [1, ''])
    const result = JSON.parse(stdout)
    assert.equal(result.schema, 'runproof-nginx-check-1')
    assert.deepEqual([result.exitCode, result.failOn, result.target], [1, 'error', 'stand-in'])
    const [finding, ...more] = result.findings
    assert.deepEqual(more, [])
    assert.deepEqual(
      [finding.rule, finding.severity, finding.at, finding.paths, finding.expected, finding.actual, finding.waived],
      [
        'stream-buffering',
        'error',
        { file: bad('stream-buffering'), line: 57, column: 13 },
        ['events-stream', 'session-stream', 'run-stream', 'flow-stream'],
        'proxy_buffering off',
        'proxy_buffering on',
        null,
      ],
    )
    assert.equal(result.judged.length, 11)
    assert.equal(result.judged.find((one: { path: string }) => one.path === 'status').location.text, '/')
    assert.equal(result.notJudged.length, 1)
    assert.deepEqual(result.nginx, { outcome: 'skipped', by: '--no-nginx', foreseen: true, messages: [] })
  })

  test('as SARIF is valid, with help for every rule and a suppression for what is waived', async () => {
    const waivers = written('sarif-waivers.json', JSON.stringify([waiver()]))
    for (const words of [[], ['--waivers', waivers]]) {
      const { stdout } = await check(bad('stream-buffering'), '--format', 'sarif', ...words)
      const log = JSON.parse(stdout)
      assert.deepEqual(sarifProblems(log), [])
      const [{ results, tool }] = log.runs
      assert.equal(results.length, 1)
      assert.equal(tool.driver.rules[results[0].ruleIndex].id, 'stream-buffering')
      assert.equal(results[0].locations[0].physicalLocation.region.snippet.text, '            proxy_buffering on;')
      assert.equal(results[0].suppressions.length, words.length === 0 ? 0 : 1)
    }
  })

  test('is written to a private file when one is named', async () => {
    const output = path.join(site.root, 'result.json')
    const { status, stdout } = await check(good, '--json', '--output', output)
    assert.deepEqual([status, stdout], [0, ''])
    assert.equal(JSON.parse(readFileSync(output, 'utf8')).schema, 'runproof-nginx-check-1')
    assert.equal(statSync(output).mode & 0o777, 0o600)
  })

  test('that cannot be written is an error and no verdict', async () => {
    const { status, stderr } = await check(good, '--output', path.join(site.root, 'nowhere', 'x'))
    assert.equal(status, 3)
    assert.match(stderr, /can't write .*nowhere\/x: ENOENT/)
  })
})

function waiver(more: Readonly<Record<string, unknown>> = {}) {
  return { rule: 'stream-buffering', reason: 'the next release of the balancer', expires: '2999-12-31', ...more }
}

describe('a waiver', () => {
  const run = (list: unknown, ...words: readonly string[]) =>
    check(bad('stream-buffering'), '--waivers', written('waivers.json', JSON.stringify(list)), ...words)

  test('excuses its finding, which is still shown with the reason', async () => {
    const { status, stdout } = await run([waiver()])
    assert.equal(status, 0)
    assert.match(stdout, /:57:13 waived stream-buffering /)
    assert.match(stdout, /\n {4}until 2999-12-31: the next release of the balancer\n/)
    assert.match(stdout, / 0 errors, 0 warnings, 1 waived\n$/)
  })

  test('for one path or place excuses no other', async () => {
    const { status, stdout } = await run([waiver({ path: 'run-stream' })])
    assert.equal(status, 1)
    assert.match(stdout, / waived stream-buffering [\s\S]*\n {4}for run-stream\n/)
    assert.match(stdout, / error stream-buffering [\s\S]*\n {4}for events-stream, session-stream, flow-stream\n/)
    assert.equal((await run([waiver({ location: 'stream-buffering.conf:57' })])).status, 0)
    assert.equal((await run([waiver({ location: 'buffering.conf:57' })])).status, 1)
    assert.equal((await run([waiver({ location: 'stream-buffering.conf:60' })])).status, 1)
  })

  test('that has expired excuses nothing and is a finding', async () => {
    const { status, stdout } = await run([waiver({ expires: '2020-02-29' })])
    assert.equal(status, 1)
    assert.match(stdout, / error waiver-expired entry 1, for stream-buffering \(.*\), held until 2020-02-29;/)
    assert.match(stdout, /:57:13 error stream-buffering /)
  })

  test('that excuses nothing is a warning', async () => {
    const unused = [waiver(), waiver({ rule: 'stream-gzip' })]
    const { status, stdout } = await run(unused)
    assert.equal(status, 0)
    assert.match(stdout, /waivers\.json:1:1 warning waiver-unused entry 2, for stream-gzip /)
    assert.equal((await run(unused, '--fail-on', 'warning')).status, 1)
  })

  const mistakes: readonly (readonly [string, unknown, RegExp])[] = [
    ['is in no list', { rule: 'stream-gzip' }, /waivers\.json: it is no list/],
    ['is no object', [waiver(), 'x'], /entry 2 is no object/],
    ['has no reason', [waiver({ reason: ' ' })], /entry 1 has no text as its reason/],
    ['has no end', [{ ...waiver(), expires: undefined }], /entry 1 has no text as its expires/],
    ['ends on no day', [waiver({ expires: '2027-02-30' })], /entry 1 expires on 2027-02-30, which is no day/],
    ['has a member too many', [waiver({ until: '2027-01-31' })], /entry 1 has the unknown member until/],
    ['is for no rule', [waiver({ rule: 'stream-bufering' })], /entry 1: there is no rule stream-bufering/],
    ['is for no path', [waiver({ path: '/v1/status' })], /entry 1: there is no path \/v1\/status/],
  ]
  for (const [what, list, message] of mistakes) {
    test(`that ${what} is refused, named`, async () => {
      const { status, stdout, stderr } = await run(list)
      assert.deepEqual([status, stdout], [3, ''])
      assert.match(stderr, message)
    })
  }

  test('in a file that is not there is refused', async () => {
    const { status, stderr } = await check(good, '--waivers', path.join(site.root, 'none.json'))
    assert.equal(status, 3)
    assert.match(stderr, /can't read .*none\.json: ENOENT/)
  })

  test('that is not JSON is refused', async () => {
    const { status, stderr } = await check(good, '--waivers', written('not.json', '{'))
    assert.equal(status, 3)
    assert.match(stderr, /not\.json is not JSON/)
  })
})

describe('what cannot be judged ends with 3 and says why', () => {
  const cases: readonly (readonly [string, () => string, RegExp])[] = [
    ['a file that is not there', () => path.join(site.root, 'none.conf'), /can't read .*none\.conf: ENOENT/],
    ['a directory', () => site.root, /can't read .*: it is a directory/],
    ['binary data', () => written('binary.conf', Uint8Array.from([0, 255, 1, 123, 0, 200])), /binary\.conf:1:/],
    [
      'a file that includes itself',
      () => written('loop.conf', 'events {}\ninclude loop.conf;\n'),
      /loop\.conf:2:1: .* includes itself/,
    ],
    [
      'an include that is not there',
      () => written('gone.conf', 'events {}\nhttp {\n  include gone.d/x;\n}\n'),
      /gone\.conf:3:3: .*gone\.d\/x/,
    ],
    ['a quote without an end', () => written('quote.conf', 'events {}\nuser "www\n'), /quote\.conf:/],
    [
      'a configuration without servers',
      () => written('empty.conf', 'events {}\nhttp {}\n'),
      /empty\.conf: no server passes/,
    ],
    ['an empty file', () => written('nothing.conf', ''), /nothing\.conf: no server passes/],
    [
      'a gateway of something else',
      () => written('other.conf', 'events {}\nhttp { server { listen 80; } }\n'),
      /no server passes any of the daemon’s paths on/,
    ],
  ]
  for (const [what, file, message] of cases) {
    test(what, async () => {
      const { status, stdout, stderr } = await check(file())
      assert.deepEqual([status, stdout], [3, ''], stderr)
      assert.match(stderr, message)
      assert.ok(!/^\s+at /m.test(stderr), stderr)
    })
  }

  test('a mistake in the grammar is shown where it is', async () => {
    const file = written('unclosed.conf', 'events {}\nhttp {\n  server_tokens off\n}\n')
    const { status, stderr } = await check(file)
    assert.equal(status, 3)
    assert.match(stderr, /^ {5}4 \| \}\n {7}\| \^\nrunproof: .*unclosed\.conf:4:1: /m)
  })

  test('as JSON where that was asked for', async () => {
    const { status, stdout, stderr } = await check(written('brace.conf', '}'), '--json')
    assert.deepEqual([status, stdout], [3, ''])
    const { error } = JSON.parse(stderr)
    assert.deepEqual([error.code, error.exitCode], ['CONFIG_INVALID', 3])
    assert.match(error.message, /brace\.conf:1:1: /)
  })
})

describe('a usage error of runproof nginx', () => {
  for (const [words, message] of [
    [['check'], /missing required argument 'file'/],
    [['check', good, '--format', 'xml'], /'--format <format>' argument 'xml' is invalid/],
    [['check', good, '--fail-on', 'never'], /'--fail-on <level>' argument 'never' is invalid/],
    [['check', good, '--target', 'stand-im'], /no target stand-im[\s\S]*did you mean stand-in\?/],
    [['check', good, '--strict'], /unknown option '--strict'/],
    [['explain', good], /missing required argument 'path'/],
    [['explain', good, 'v1/status'], /v1\/status is no path of a request/],
    [['explain', good, '/', '--scheme', 'gopher'], /argument 'gopher' is invalid/],
  ] as const) {
    test(`${words.join(' ').replace(good, 'FILE')} exits with 2`, async () => {
      const { status, stdout, stderr } = await site.run(['nginx', ...words])
      assert.deepEqual([status, stdout], [2, ''])
      assert.match(stderr, message)
    })
  }

  for (const name of ['check', 'explain']) {
    test(`the help of ${name} has examples and every exit status`, async () => {
      const { status, stdout } = await site.run(['nginx', name, '--help'])
      assert.equal(status, 0)
      assert.match(stdout, /\nExamples:\n( {2}runproof nginx .*\n){2}/)
      assert.match(stdout, /\nEXIT STATUS\n/)
    })
  }
})

describe('runproof nginx explain', () => {
  test('says what a request gets and where each setting comes from', async () => {
    const { status, stdout, stderr } = await site.run(['nginx', 'explain', good, '/v1/runs/7/stream?cursor=3'])
    assert.deepEqual([status, stderr], [0, ''])
    for (const line of [
      /^GET https:\/\/daemon\.example\.test\/v1\/runs\/7\/stream\?cursor=3$/m,
      /^ {2}server +daemon\.example\.test: it has that name .*daemon\.conf:37$/m,
      /^ {2}location +~ \^\/v1\/.*daemon\.conf:55$/m,
      /^ {2}upstream +127\.0\.0\.1:4000 .*daemon\.conf:15$/m,
      /^ {2}asked for +GET \/v1\/runs\/7\/stream\?cursor=3$/m,
      /^ {2}proxy_buffering +off .*daemon\.conf:57 \(location\)$/m,
      /^ {2}proxy_http_version +1\.1 .*daemon\.conf:43 \(server\)$/m,
      /^ {2}proxy_intercept_errors +off +default$/m,
      /^ {2}authorization +as the client sends it /m,
      /^ {2}connection +taken away /m,
      /^ {2}host +daemon\.example\.test /m,
      /^ {2}origin +https:\/\/daemon\.example\.test:8443 taken away /m,
      /^ {2}origin +https:\/\/elsewhere\.example as the client sends it /m,
      /^ {2}x-accel-buffering +no .*daemon\.conf:62$/m,
      /^uncertain\n {2}nothing$/m,
    ])
      assert.match(stdout, line)
  })

  test('takes the host, the method and the scheme of the request', async () => {
    const plain = await site.run(['nginx', 'explain', good, '/x', '--scheme', 'http'])
    assert.match(plain.stdout, /^ {2}action +return 308 https:\/\/daemon\.example\.test:8443\/x /m)
    const stranger = await site.run([
      'nginx',
      'explain',
      good,
      '/x',
      '--scheme',
      'http',
      '--host',
      'other.test',
      '--method',
      'POST',
    ])
    assert.match(stranger.stdout, /^POST http:\/\/other\.test\/x$/m)
    assert.match(stranger.stdout, /^ {2}server +_: no server there has that name, and it is the default one /m)
  })

  test('as JSON names the schema', async () => {
    const { status, stdout } = await site.run(['nginx', 'explain', good, '/v1/status', '--json'])
    assert.equal(status, 0)
    const view = JSON.parse(stdout)
    assert.equal(view.schema, 'runproof-nginx-explain-1')
    assert.deepEqual([view.server.chosenBy, view.location.text, view.action.kind], ['name', '/', 'proxy'])
    assert.deepEqual(
      view.upstream.servers.map((one: { address: string }) => one.address),
      ['127.0.0.1:4000'],
    )
    assert.equal(view.settings.find((one: { name: string }) => one.name === 'proxy_buffering').level, 'default')
  })

  test('of a configuration that listens to nothing ends with 3', async () => {
    const file = written('deaf.conf', 'events {}\nhttp {}\n')
    const { status, stdout, stderr } = await site.run(['nginx', 'explain', file, '/', '--json'])
    assert.deepEqual([status, stdout], [3, ''])
    assert.equal(JSON.parse(stderr).error.code, 'CONFIG_INVALID')
  })
})

describe('what nginx itself says', async () => {
  const found = await findNginx()
  const skip = 'missing' in found ? found.missing : false

  test('is told when it accepts', { skip }, async () => {
    const { status, stdout } = await site.run(['nginx', 'check', good])
    assert.equal(status, 0)
    assert.match(stdout, /^nginx -t: accepted \(nginx \d+\.\d+\.\d+\)$/m)
  })

  test('fails a check that found nothing by itself', { skip }, async () => {
    const file = edited('refused.conf', ['upstream daemon {', 'map $x $y { default 1; }\n    upstream daemon {'])
    const { status, stdout } = await site.run(['nginx', 'check', file])
    assert.equal(status, 1, stdout)
    assert.match(stdout, /^nginx -t: refused \(nginx .*\), for a reason that this check did not see$/m)
    assert.match(stdout, /^ {2}emerg unknown "x" variable$/m)
    assert.match(stdout, /refused\.conf:1:1 error nginx-refused unknown "x" variable; expected what nginx -t accepts$/m)
    assert.match(stdout, / 1 error, 0 warnings, 0 waived\n$/)
    const sarif = await site.run(['nginx', 'check', file, '--format', 'sarif'])
    const log = JSON.parse(sarif.stdout)
    assert.deepEqual(sarifProblems(log), [])
    assert.deepEqual(
      log.runs[0].results.map(({ ruleId }: { ruleId: string }) => ruleId),
      ['nginx-refused'],
    )
  })

  test('is told with the place in the file when it refuses what was found as well', { skip }, async () => {
    const file = bad('tls-certificate')
    const { status, stdout } = await site.run(['nginx', 'check', file])
    assert.equal(status, 1)
    assert.match(stdout, /^nginx -t: refused \(nginx [\d.]+\)$/m)
    assert.match(stdout, /that alone fails this check;[\s\S]*--no-nginx\n/)
    // Where a line is broken depends on how long the path of this checkout is.
    const told = stdout.slice(stdout.search(/^nginx -t: /m)).replaceAll(/\s+/g, ' ')
    assert.ok(told.includes(` ${file}:37:5 emerg no "ssl_certificate" is defined for `), stdout)
  })
})
