import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createSecureServer } from 'node:http2'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import type { Duplex } from 'node:stream'
import { after, before, describe, test } from 'node:test'
import { http } from '../../src/adapters/http/port.ts'
import { makeCertificate } from '../../src/adapters/http/testdata/certificates.ts'
import { createInterposer } from '../../src/adapters/interposer.ts'
import type { Interposition } from '../../src/model/interposer.ts'
import { startStreamServer, streamAnswerer } from '../../src/sse/testdata/stream-server.ts'
import standIn from '../../src/targets/stand-in.ts'
import type { RunningStandIn } from '../run-suite.ts'
import { startWithRoute } from '../stand-in-with-route.ts'
import { Site } from './launch.ts'

const noOpenssl = spawnSync('openssl', ['version']).status === 0 ? false : 'this machine has no openssl'
const site = new Site()
const at = (name: string) => path.join(site.root, name)
const token = at('token')
writeFileSync(token, 'a-token-of-nobody')
const lines = at('lines')
writeFileSync(lines, 'a-token-of-nobody\nand-another')

interface Document {
  readonly exitCode: number
  readonly ways: readonly {
    readonly id: string
    readonly protocol: string | null
    readonly buffering: { readonly verdict: string; readonly confidence: string } | null
    readonly findings: readonly { readonly id: string; readonly outcome: string }[]
    readonly differences: readonly { readonly id: string; readonly outcome: string; readonly actual: unknown }[]
  }[]
}

describe('runproof sse check refuses', { concurrency: 3 }, () => {
  const url = 'http://127.0.0.1:1/v1/events/stream'
  const cases: readonly (readonly [string, readonly string[], number, RegExp])[] = [
    ['no URL', [], 2, /missing required argument/],
    ['a URL that is none', ['localhost'], 2, /the URL localhost is none/],
    ['a URL of another kind', ['file:///etc/passwd'], 2, /neither http: nor https:/],
    ['a password in a URL, which is not repeated', ['http://u:the-password@127.0.0.1/'], 2, /^(?![\s\S]*the-password)/],
    ['a fragment', [`${url}#a`], 2, /has a fragment/],
    ['a cursor of the caller’s', [`${url}?cursor=7`], 2, /holds cursor=, which is what is tried out/],
    ['a direct URL that is none', [url, '--direct', 'there'], 2, /--direct there is none/],
    ['HTTP/2 without TLS', [url, '--http2'], 2, /without TLS/],
    ['an unknown flag', [url, '--drive'], 2, /unknown option '--drive'/],
    ['a name that is none', [url, '--cursor-param', 'a&b'], 2, /expected a name such as cursor/],
    ['events that are no number', [url, '--events', 'many'], 2, /expected 3 to 100000/],
    ['too few events', [url, '--events', '2'], 2, /expected 3 to 100000/],
    ['a time that is none', [url, '--timeout', '5'], 2, /5 is no duration/],
    ['no time at all', [url, '--timeout', '0s'], 2, /--timeout 0s: expected more than nothing/],
    ['a heartbeat in an hour', [url, '--heartbeat-within', '1h'], 2, /--heartbeat-within 1h: .*up to 10m/],
    ['a target that there is not', [url, '--target', 'kheihs'], 2, /no target kheihs[\s\S]*did you mean kheish/],
    ['a token file that is not there', [url, '--token-file', at('none')], 3, /none: ENOENT/],
    ['a token file that holds more than a token', [url, '--token-file', lines], 2, /lines holds no token/],
    ['a file of certificates that is none', ['https://127.0.0.1:1/', '--ca-file', token], 3, /holds no certificate/],
    ['a server that is not there', [url], 3, /nothing listens where http:\/\/127\.0\.0\.1:1/],
    ['a name that has no address', ['http://no-such-host.invalid/'], 3, /has no address/],
  ]
  for (const [title, words, exitCode, message] of cases) {
    test(`${title}: ${exitCode}`, async () => {
      const { status, stdout, stderr } = await site.run(['sse', 'check', ...words])
      assert.deepEqual([status, stdout], [exitCode, ''], stderr)
      assert.match(stderr, message)
    })
  }

  test('in JSON where that is asked for', async () => {
    const { status, stderr } = await site.run(['sse', 'check', url, '--json'])
    const { error } = JSON.parse(stderr)
    assert.deepEqual([status, error.code, error.exitCode], [3, 'TARGET_UNREACHABLE', 3])
  })
})

describe('runproof sse check on a running daemon', { timeout: 120_000 }, () => {
  let running: RunningStandIn
  let words: (...more: readonly string[]) => readonly string[]
  before(async () => {
    running = await startWithRoute()
    for (const name of ['one', 'two', 'three'])
      await (await running.daemon.post('/v1/sessions', running.site.admin, { session_id: name })).text()
    const url = `${running.daemon.url}/v1/events/stream`
    words = (...more) => ['sse', 'check', url, '--token-file', running.site.readOnlyFile, ...more]
  })
  after(() => running[Symbol.asyncDispose]())

  const auditLog = () => path.join(running.site.stateRoot, standIn.signals.auditLog)
  const through = async (how: Interposition) => {
    const daemon = await http.connect({ baseUrl: running.daemon.url })
    const proxied = await createInterposer().interpose(daemon, how)
    const url = `${proxied.place.baseUrl}/v1/events/stream`
    return { url, [Symbol.asyncDispose]: () => proxied[Symbol.asyncDispose]() }
  }

  describe('whose token is right', { concurrency: 4 }, () => {
    test('finds nothing, waits for a heartbeat, writes nothing and leaves no row in the audit log', async () => {
      const before = running.files()
      const { status, stdout, stderr } = await site.run(words())
      assert.deepEqual([status, stderr], [0, 'everything else is read: waiting up to 15 s for a heartbeat\n'], stdout)
      assert.match(stdout, /ok {10}heartbeat {11}after (?:9\d{3}|1\d{4}) ms\n/)
      assert.match(stdout, /\n16 ok, 0 failed, 0 not tested; read in \d+ ms, \d+ ms for a heartbeat\n$/)
      assert.deepEqual(running.files(), before)
      assert.equal(existsSync(auditLog()), false)
      assert.equal((stdout + stderr).includes(running.site.readOnly), false)
    })

    test('compares as many events as it is told, and lists a heartbeat it was not to wait for', async () => {
      const { status, stdout } = await site.run(words('--no-heartbeat', '--events', '4'))
      assert.equal(status, 0, stdout)
      assert.match(stdout, /ok {10}event-stream {8}4 \(more came\) events/)
      assert.match(stdout, /not tested {2}heartbeat {11}it was left out/)
    })

    test('reads the stream of a session', async () => {
      const url = `${running.daemon.url}/v1/sessions/one/stream`
      const flags = ['--token-file', running.site.readOnlyFile, '--no-heartbeat', '--json']
      const { status, stdout } = await site.run(['sse', 'check', url, ...flags])
      const { ways }: Document = JSON.parse(stdout)
      assert.deepEqual([status, ways[0]!.buffering?.verdict, ways[0]!.protocol], [0, 'passes', 'http/1.1'], stdout)
    })

    test('finds what only a proxy does: buffering', async () => {
      await using proxy = await through({ stream: { buffer: 2 ** 20 } })
      const flags = ['--token-file', running.site.readOnlyFile, '--no-heartbeat', '--timeout', '3s', '--json']
      const direct = `${running.daemon.url}/v1/events/stream`
      const { status, stdout } = await site.run(['sse', 'check', proxy.url, '--direct', direct, ...flags])
      const { exitCode, ways }: Document = JSON.parse(stdout)
      assert.deepEqual([status, exitCode], [1, 1])
      const [url, plain] = ways
      assert.deepEqual([plain!.id, plain!.findings.filter(({ outcome }) => outcome === 'failed')], ['direct', []])
      assert.equal(url!.buffering?.verdict, 'buffered')
      const first = url!.differences.find(({ id }) => id === 'proxy-first-byte')
      assert.match(String(first?.actual), /^the proxy buffers: no byte came, direct \d+ ms$/)
    })

    test('finds what only a proxy does: a header that it drops, in words', async () => {
      await using proxy = await through({ dropHeader: 'last-event-id' })
      const flags = ['--token-file', running.site.readOnlyFile, '--no-heartbeat', '--timeout', '3s']
      const direct = `${running.daemon.url}/v1/events/stream`
      const { status, stdout } = await site.run(['sse', 'check', proxy.url, '--direct', direct, ...flags])
      assert.equal(status, 1)
      assert.match(stdout, /against direct\n[\s\S]*failed {6}proxy-replay-header .*the proxy drops Last-Event-ID/)
    })

    test('prints what was found so far when it is interrupted', async () => {
      const started = site.start(words())
      await started.says('waiting up to 15 s for a heartbeat')
      started.child.kill('SIGINT')
      const { status, stdout, stderr } = await started.ended
      assert.equal(status, 130, stderr)
      assert.doesNotMatch(stdout, /^ {2}failed/m)
      assert.match(stderr, /interrupted: this is what was found so far/)
      assert.match(
        stdout,
        /ok {10}replay-cursor[\s\S]*not tested {2}heartbeat {11}it was interrupted[\s\S]*; interrupted\n$/,
      )
    })
  })

  test('shows a token that is refused once, and says so', async () => {
    const url = `${running.daemon.url}/v1/events/stream`
    const { status, stdout } = await site.run(['sse', 'check', url, '--token-file', token])
    assert.equal(status, 1)
    assert.match(stdout, /failed {6}status {14}401; expected: 200; --token-file/)
    const rows = readFileSync(auditLog(), 'utf8').trimEnd().split('\n')
    assert.equal(rows.length, 1)
  })
})

describe('runproof sse check on other servers', { concurrency: 2 }, () => {
  // What is waited for to its end is short; where something comes, a busy machine is given time.
  const check = (url: string, ...more: readonly string[]) =>
    site.run(['sse', 'check', `${url}/events`, '--timeout', '10s', '--heartbeat-within', '10s', ...more])
  const shortly = ['--timeout', '1s', '--heartbeat-within', '1s']

  test('knows no names where there is no target', async () => {
    await using server = await startStreamServer({ heartbeat: ': still here\n\n' })
    const { status, stdout } = await check(server.url, '--target', 'none', '--cursor-param', 'cursor')
    assert.equal(status, 0, stdout)
    assert.match(stdout, /ok {10}heartbeat/)
  })

  const cases: readonly (readonly [
    string,
    Parameters<typeof startStreamServer>[0],
    number,
    RegExp,
    (readonly string[])?,
  ])[] = [
    [
      'a page in its place',
      { answer: (_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>') },
      1,
      /failed {6}content-type {8}text\/html; expected: text\/event-stream/,
    ],
    [
      'a daemon that hangs',
      { answer: () => {} },
      3,
      /within 1000 ms: no head came[\s\S]*hint: a proxy that buffers/,
      shortly,
    ],
    ['nothing but a head', { count: 0, heartbeat: '' }, 1, /failed {6}buffering .*not even a heartbeat came/, shortly],
    ['escape sequences in an id', { text: 'id: \u001b[2J\ndata: a\n\n' }, 1, /\\u\{1b\}\[2J/],
  ]
  for (const [title, how, exitCode, says, flags = []] of cases) {
    test(`tells ${title}: ${exitCode}`, async () => {
      await using server = await startStreamServer(how)
      const { status, stdout, stderr } = await check(server.url, ...flags)
      assert.equal(status, exitCode, stdout + stderr)
      assert.match(stdout + stderr, says)
      assert.equal((stdout + stderr).includes('\u001b'), false)
    })
  }

  test('ends at once when it is interrupted before there is an answer', async () => {
    const asked = Promise.withResolvers<void>()
    await using server = await startStreamServer({ answer: () => asked.resolve() })
    const started = site.start(['sse', 'check', `${server.url}/events`, '--timeout', '5m'])
    await asked.promise
    started.child.kill('SIGINT')
    const { status, stdout } = await started.ended
    assert.equal(status, 130)
    assert.match(stdout, /not tested {2}answer {14}it was interrupted/)
  })

  test('asks over HTTP/2, too, and finds where it is not taken', { skip: noOpenssl }, async () => {
    const { certificate, key } = makeCertificate(site.root, 'server')
    const identity = { cert: readFileSync(certificate), key: readFileSync(key) }
    const servers = [createSecureServer({ ...identity, allowHTTP1: true }), createHttpsServer(identity)]
    const outcomes: (string | undefined)[][] = []
    for (const server of servers) {
      const sockets = new Set<Duplex>()
      server.on('secureConnection', (socket: Duplex) => sockets.add(socket))
      // Both kinds of request and answer have what the stream server uses of them. There is no heartbeat: one that a busy reader
      // reads together with an event is a finding, and rightly so.
      server.on('request', streamAnswerer({ heartbeat: '' }) as never)
      await once(server.listen(0, '127.0.0.1'), 'listening')
      const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
      const { status, stdout } = await check(url, '--ca-file', certificate, '--http2', '--no-heartbeat', '--json')
      const { ways }: Document = JSON.parse(stdout)
      const http2 = ways[1]!.findings.find(({ id }) => id === 'http2')
      outcomes.push([String(status), ...ways.map(({ protocol }) => protocol ?? ''), http2?.outcome])
      for (const socket of sockets) socket.destroy()
      server.close()
    }
    assert.deepEqual(outcomes, [
      ['0', 'http/1.1', 'h2', 'ok'],
      ['1', 'http/1.1', 'http/1.1', 'failed'],
    ])
  })

  test('has no verdict where nothing came and no heartbeat was waited for', async () => {
    await using server = await startStreamServer({ count: 0, heartbeat: '' })
    const { status, stdout } = await check(server.url, '--no-heartbeat')
    assert.equal(status, 3, stdout)
  })
})
