import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { ConnectionOptions } from 'node:tls'
import type { Configuration } from '../../src/nginx/ast.ts'
import { changeConfiguration, written } from '../../src/nginx/change.ts'
import { edge } from '../../src/targets/kheish/edge.ts'
import { type Asking, answerOf, type LiveProxy } from './proxy.ts'
import { Upstream } from './upstream.ts'

/** Whether a handshake comes about. */
const shakes = (live: LiveProxy, options: ConnectionOptions) =>
  live.handshake(options).then(
    () => true,
    () => false,
  )

/** What a rule warns of, as something that is seen. */
export type Fact =
  | {
      /** What is seen where the rule is broken. */
      readonly shows: string
      /** What cannot be seen as it is, done to the bad case and to the good one. `place` has a directory `docs` and a file beside it. */
      readonly prepare?: (configuration: Configuration, place: string) => Configuration
      readonly on: (live: LiveProxy) => Promise<boolean>
    }
  /** What nginx says of it, and then does not start. */
  | { readonly refused: RegExp }
  /** Why nothing of it is seen. */
  | { readonly unseen: string }

const STREAMS = edge.paths.filter(({ kind }) => kind === 'stream').map(({ path }) => path)
const ORDINARY = edge.paths.filter(({ kind }) => kind !== 'stream').map(({ path }) => path)
const ALL = edge.paths
const FOREIGN = 'https://foreign.example'
const TOKEN = 'Bearer sent-by-the-client'
const MIB = 2 ** 20

/** The head of a request as the daemon would get it; undefined where the proxy answers itself. */
async function arrives(live: LiveProxy, path: string, asking: Asking = {}): Promise<IncomingMessage | undefined> {
  const head = live.upstream.next()
  const request = live.open(path, asking)
  const answered = answerOf(request)
  answered.catch(() => {})
  request.end(asking.body)
  const came = await Promise.race([head, answered.then(() => undefined)])
  request.on('error', () => {}).destroy()
  return came
}

/** Whether it holds for any of the daemon's paths. */
async function anyPath(
  live: LiveProxy,
  asking: Asking,
  holds: (head: IncomingMessage | undefined, path: string) => boolean,
  paths: readonly string[] = ALL.map(({ path }) => path),
): Promise<boolean> {
  for (const path of paths) if (holds(await arrives(live, path, asking), path)) return true
  return false
}

/** A header of what arrives, under a name, for any path. */
const header =
  (name: string, sent: string | undefined, bad: (value: string | undefined) => boolean, paths?: readonly string[]) =>
  (live: LiveProxy) =>
    anyPath(
      live,
      sent === undefined ? {} : { headers: { [name]: sent } },
      head => head !== undefined && bad(head.headers[name]?.toString()),
      paths,
    )

/** What the client is answered with, for any path. */
async function anyAnswer(
  live: LiveProxy,
  asking: Asking,
  bad: (answer: IncomingMessage) => boolean,
  paths: readonly string[],
): Promise<boolean> {
  for (const path of paths) {
    live.upstream.opened().then(stream => stream.write(':\n\n'))
    const request = live.open(path, asking)
    const answered = answerOf(request)
    request.end(asking.body)
    const answer = await answered
    request.on('error', () => {}).destroy()
    if (bad(answer)) return true
  }
  return false
}

/** Whether what the daemon sends is there before it has sent all of it. */
async function passedOnAtOnce(live: LiveProxy, path: string): Promise<boolean> {
  const opened = live.upstream.opened()
  const request = live.open(path)
  const first = answerOf(request).then(answer => once(answer, 'data'))
  first.catch(() => {})
  request.on('error', () => {}).end()
  const stream = await opened
  stream.write('data: 1\n\n')
  const soon = await live.happensSoon(first)
  request.destroy()
  stream.destroy()
  return soon
}

/** Whether the daemon hears of a request before all of its body has come. */
async function heardAtOnce(live: LiveProxy, path: string): Promise<boolean> {
  const head = live.upstream.next(path)
  const request = live.open(path, { method: 'POST', headers: { 'content-length': '10' } })
  request.on('error', () => {}).write('begin')
  const soon = await live.happensSoon(head)
  request.destroy()
  return soon
}

async function some<Item>(items: readonly Item[], holds: (item: Item) => Promise<boolean>): Promise<boolean> {
  for (const item of items) if (await holds(item)) return true
  return false
}

const CONNECTORS = ALL.filter(({ kind }) => kind === 'connector').map(({ path }) => path)
const CLAIMED = '203.0.113.9'
const posts = ALL.filter(({ method }) => method === 'POST').map(({ path }) => path)

/** Every rule, by its id. */
export const FACTS: Readonly<Record<string, Fact>> = {
  'health-unreachable': {
    shows: 'a probe is not answered by the daemon',
    on: live => anyPath(live, {}, head => head === undefined, ['/healthz', '/readyz']),
  },
  'stream-unreachable': {
    shows: 'a stream is answered by the proxy',
    on: live => anyPath(live, {}, head => head === undefined, ['/v1/events/stream']),
  },
  'path-unreachable': {
    shows: 'a path of the daemon is answered by the proxy',
    on: live => anyPath(live, {}, head => head === undefined),
  },
  'path-rewritten': {
    shows: 'the daemon is asked for another path',
    on: live => anyPath(live, {}, (head, path) => head !== undefined && head.url !== path),
  },
  'path-normalised': {
    shows: 'a slash that was encoded arrives as one',
    on: live =>
      anyPath(live, {}, (head, path) => head !== undefined && head.url !== path, [
        '/v1/runs/a%2Fb',
        '/v1/sessions/a%2Fb/stream',
        '/v1/connectors/http/a%2Fb',
        '/a%2Fb',
      ]),
  },
  'slashes-kept': {
    shows: 'a stream is held back when it is asked for with a doubled slash',
    on: async live => !(await passedOnAtOnce(live, '//v1/events/stream')),
  },
  'stream-buffering': {
    shows: 'an event comes only with a later one',
    on: live => some(STREAMS, async path => !(await passedOnAtOnce(live, path))),
  },
  'stream-request-buffering': {
    shows: 'the daemon hears of a request only when its body is whole',
    on: live => some(STREAMS, async path => !(await heardAtOnce(live, path))),
  },
  'stream-http-version': {
    shows: 'the daemon is asked with HTTP/1.0',
    on: live => anyPath(live, {}, head => head?.httpVersion === '1.0', STREAMS),
  },
  'connection-header': {
    shows: 'the daemon is told to close, or what the client wants of its own connection',
    on: header('connection', undefined, value => value !== undefined),
  },
  'stream-accel-buffering': {
    shows: 'the next proxy is not told to pass on at once',
    on: live => anyAnswer(live, {}, ({ headers }) => headers['x-accel-buffering'] !== 'no', STREAMS),
  },
  'stream-read-timeout': {
    shows: 'a stream is cut that is silent for two seconds',
    on: async live => {
      const opened = live.upstream.opened()
      const request = live.open('/v1/events/stream')
      const answered = answerOf(request)
      request.on('error', () => {}).end()
      const stream = await opened
      stream.write(':\n\n')
      const ended = once(stream, 'close').then(() => true)
      await answered
      const cut = await Promise.race([ended, new Promise<boolean>(resolve => setTimeout(resolve, 2_600, false))])
      request.destroy()
      return cut
    },
  },
  'stream-send-timeout': {
    unseen: 'it counts between two writes to the daemon, and what asks for a stream is one write',
  },
  'stream-gzip': {
    shows: 'a stream comes compressed',
    on: live =>
      anyAnswer(
        live,
        { headers: { 'accept-encoding': 'gzip' } },
        ({ headers }) => headers['content-encoding'] === 'gzip',
        STREAMS,
      ),
  },
  'stream-limited': {
    shows: 'one of many streams that are opened at once is refused',
    on: async live => {
      const requests = Array.from({ length: 12 }, () => live.open('/v1/events/stream'))
      const answers = requests.map(request => answerOf(request))
      for (const request of requests) request.end()
      const statuses = (await Promise.all(answers)).map(({ statusCode }) => statusCode)
      for (const request of requests) request.on('error', () => {}).destroy()
      return statuses.some(status => status !== 200)
    },
  },
  'stream-client-abort': {
    shows: 'the daemon goes on writing to a client that has gone',
    on: async live => {
      const opened = live.upstream.opened()
      const request = live.open('/v1/events/stream')
      request.on('error', () => {}).end()
      const stream = await opened
      const closed = once(stream, 'close')
      request.destroy()
      return !(await live.happensSoon(closed))
    },
  },
  'stream-last-event-id': {
    shows: 'Last-Event-ID does not arrive as it was sent',
    on: header('last-event-id', '17', value => value !== '17', STREAMS),
  },
  'stream-http2': {
    shows: 'HTTP/2 is not taken when it is offered',
    on: async live => (await live.handshake({ ALPNProtocols: ['h2', 'http/1.1'] })).alpnProtocol !== 'h2',
  },
  'authorization-forwarded': {
    shows: 'the token does not arrive as it was sent',
    on: header('authorization', TOKEN, value => value !== TOKEN),
  },
  'request-headers-dropped': {
    shows: 'a header of the client does not arrive',
    on: header('x-of-the-client', 'yes', value => value !== 'yes'),
  },
  'request-body-altered': {
    shows: 'the body does not arrive as it was sent',
    on: live =>
      some(posts, async path => {
        const { arrived } = await live.ask(path, { method: 'POST', body: '{"a":1}' })
        return arrived[0]?.body.toString() !== '{"a":1}'
      }),
  },
  'method-replaced': {
    shows: 'the daemon is asked with another method',
    on: live =>
      some(posts, async path => (await live.ask(path, { method: 'POST', body: '1' })).arrived[0]?.method !== 'POST'),
  },
  'basic-auth': {
    shows: 'the proxy asks for a password',
    on: live =>
      anyAnswer(live, {}, ({ headers }) => /^basic/i.test(headers['www-authenticate']?.toString() ?? ''), ORDINARY),
  },
  'body-limit': {
    shows: 'a body of two megabytes is refused, or one of 33 is not',
    on: live =>
      some(posts, async path => {
        const { status } = await live.ask(path, { method: 'POST', body: Buffer.alloc(2 * MIB) })
        if (status === 413) return true
        const request = live.open(path, { method: 'POST', headers: { 'content-length': String(33 * MIB) } })
        request.on('error', () => {}).write('begin')
        const refused = await live.happensSoon(answerOf(request))
        request.destroy()
        return !refused
      }),
  },
  'mutation-retried': {
    shows: 'a daemon that dies while it is asked is asked twice',
    on: async live => {
      live.upstream.dies = true
      const { arrived } = await live.ask('/v1/sessions', { method: 'POST', body: '{}' })
      return arrived.length > 1
    },
  },
  'request-mirrored': {
    shows: 'one request arrives twice',
    on: live =>
      some([...posts, '/v1/status'], async path => {
        const before = live.upstream.arrived.length
        await live.ask(path)
        await live.happensSoon(new Promise(() => {}))
        return live.upstream.arrived.slice(before).filter(({ url }) => url === path).length > 1
      }),
  },
  'early-data': { unseen: 'no client of this test sends early data' },
  'answer-cached': {
    shows: 'an answer to one token is given to another',
    on: async live => {
      live.upstream.answer = { status: 200, headers: { 'cache-control': 'max-age=60' }, body: 'secret' }
      return some(ORDINARY, async path => {
        await live.ask(path, { headers: { authorization: 'Bearer one' } })
        const { text, arrived } = await live.ask(path, { headers: { authorization: 'Bearer other' } })
        return arrived.length === 0 && text === 'secret'
      })
    },
  },
  'answer-stored': { unseen: 'a copy of a configuration stores nothing' },
  'refusal-replaced': {
    shows: 'a refusal of the daemon does not come as it was given',
    on: async live => {
      return some([401, 403, 404, 429, 500, 503], async status => {
        live.upstream.answer = { status, headers: {}, body: 'refused by the daemon' }
        const came = await live.ask('/v1/status')
        return came.status !== status || came.text !== 'refused by the daemon'
      })
    },
  },
  'buffering-off-elsewhere': {
    shows: 'a slow client would hold the daemon: an answer is passed on while it is made',
    on: live => some(['/v1/status?stream', '/v1/connectors/http/x?stream'], path => passedOnAtOnce(live, path)),
  },
  'host-forwarded': {
    shows: 'the name that was asked for does not arrive',
    on: live => anyPath(live, {}, head => head !== undefined && head.headers.host !== live.host),
  },
  'host-spoofed': {
    shows: 'a name arrives that the server was not chosen by',
    on: live =>
      anyPath(
        live,
        { headers: { host: 'foreign.example' } },
        head => head?.headers.host === 'foreign.example',
        ALL.map(({ path }) => `https://${live.host}${path}`),
      ),
  },
  'forwarded-proto': {
    shows: 'the daemon believes the client of its scheme',
    on: header('x-forwarded-proto', 'claimed', value => value === 'claimed'),
  },
  'forwarded-for': {
    shows: 'the daemon believes the client of its address',
    on: header('x-forwarded-for', '203.0.113.9', value => value === '203.0.113.9'),
  },
  'forwarded-for-appended': {
    shows: 'the first address is one that the client claims',
    on: header('x-forwarded-for', '203.0.113.9', value => value?.startsWith('203.0.113.9,') === true),
  },
  'cors-header': {
    shows: 'the proxy answers for the daemon who may read',
    on: live =>
      anyAnswer(
        live,
        { headers: { origin: FOREIGN } },
        ({ headers }) => Object.keys(headers).some(name => name.startsWith('access-control-')),
        ALL.map(({ path }) => path),
      ),
  },
  'cors-any-origin': {
    shows: 'a foreign page may read',
    on: live =>
      anyAnswer(
        live,
        { headers: { origin: FOREIGN } },
        ({ headers }) => ['*', FOREIGN].includes(headers['access-control-allow-origin']?.toString() ?? ''),
        ALL.map(({ path }) => path),
      ),
  },
  'own-origin-refused': {
    shows: 'the origin of the gateway’s own pages reaches the daemon, which refuses it',
    on: live =>
      anyPath(
        live,
        { headers: { origin: `https://${live.host}:8443` } },
        head => head?.headers.origin !== undefined && head.headers.origin !== '',
      ),
  },
  'foreign-origin-hidden': {
    shows: 'the origin of a foreign page does not arrive',
    on: header('origin', FOREIGN, value => value !== FOREIGN),
  },
  'plain-http': {
    shows: 'what is asked for without TLS reaches the daemon',
    on: live => anyPath(live, { plain: true }, head => head !== undefined),
  },
  'version-disclosed': {
    shows: 'the version is told',
    on: live =>
      anyAnswer(
        live,
        {},
        ({ headers }) => /nginx\/\d/.test(headers.server?.toString() ?? ''),
        ALL.map(({ path }) => path),
      ),
  },
  'default-server': {
    shows: 'a request for a name that nobody has reaches the daemon',
    on: async live => {
      const asked = arrives(live, '/v1/status', { host: 'nobody.invalid', anyName: true })
      return (await asked.catch(() => undefined)) !== undefined
    },
  },
  'redirect-host': {
    shows: 'the client chooses where it is sent',
    on: async live => {
      const asked = live.ask('/v1/status', { plain: true, headers: { host: 'foreign.example' } })
      // A connection that is closed without an answer sends nobody anywhere.
      const came = await asked.catch(() => undefined)
      return /foreign\.example/.test(came?.headers['location'] ?? '')
    },
  },
  'connector-header-replaced': {
    shows: 'what a webhook is signed with does not arrive',
    on: header('x-hub-signature-256', 'sha256=0', value => value !== 'sha256=0', CONNECTORS),
  },
  'forwarded-spoofed': {
    shows: 'the daemon is told an address that the client chose',
    on: live => anyPath(live, { headers: { 'x-claimed-ip': CLAIMED } }, head => head?.headers['x-real-ip'] === CLAIMED),
  },
  'real-ip-from-anyone': {
    shows: 'the proxy takes the client for who it says it is',
    on: header('x-forwarded-for', CLAIMED, value => value?.endsWith('127.0.0.1') === false),
  },
  'header-redefinition': {
    shows: 'a header that is set around is not there',
    on: live => anyAnswer(live, {}, ({ headers }) => headers['strict-transport-security'] === undefined, STREAMS),
  },
  'header-splitting': {
    shows: 'the client writes a header of its own into the answer',
    on: async live =>
      (await live.ask('/a%0d%0ax-injected:%20yes', { plain: true })).headers['x-injected'] !== undefined,
  },
  'tls-floor': {
    shows: 'TLS 1.1 is spoken',
    on: live => shakes(live, { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' }),
  },
  'weak-ciphers': {
    shows: 'a cipher without a certificate is spoken',
    on: live => shakes(live, { maxVersion: 'TLSv1.2', ciphers: 'aNULL:@SECLEVEL=0', rejectUnauthorized: false }),
  },
  'tls-certificate': { refused: /no "ssl_certificate" is defined/ },
  syntax: { refused: /invalid value "maybe"/ },
  'directive-unknown': { refused: /unknown directive "headers_of_another_module"/ },
  'upstream-tls-verify': {
    shows: 'a request goes to a daemon with a certificate of another authority',
    on: live => anyPath(live, {}, head => (head?.socket as { encrypted?: boolean } | undefined)?.encrypted === true),
  },
  'upstream-chosen-by-client': {
    shows: 'the proxy connects to where the client says',
    on: async live => {
      await using other = await Upstream.start()
      await live.ask(`/v1/status?to=127.0.0.1:${other.port}`)
      return other.arrived.length > 0
    },
  },
  'token-literal': { unseen: 'the text stands there, whatever is done with it' },
  'token-logged': {
    shows: 'the token of a client stands in a log',
    on: async live => {
      await live.ask('/v1/status', { headers: { authorization: TOKEN } })
      await live.happensSoon(new Promise(() => {}))
      return live.written('access').includes(TOKEN)
    },
  },
  'alias-traversal': {
    shows: 'a file beside the directory is given',
    prepare: (configuration, place) =>
      changeConfiguration(configuration, one =>
        one.name.text === 'alias' ? written(`alias ${place}/docs/;`, one) : undefined,
      ),
    on: async live => (await live.ask('/docs../beside')).text === 'beside the directory',
  },
  'status-exposed': {
    shows: 'anybody is told how busy it is',
    on: async live => /^Active connections/.test((await live.ask('/nginx-status')).text),
  },
  'if-in-location': {
    shows: 'a client that says so gets another location, with other headers',
    on: async live => {
      const names = async (headers: Record<string, string>) =>
        Object.keys((await live.ask('/v1/status', { headers })).headers).sort()
      return JSON.stringify(await names({})) !== JSON.stringify(await names({ 'x-debug': '1' }))
    },
  },
  'upstream-public': { unseen: 'a copy of a configuration connects to nothing outside' },
  'upstream-unverified-name': { unseen: 'a copy of a configuration looks up no name' },
  'debug-log': { unseen: 'a copy of a configuration writes no log at that level' },
}
