import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { Secret } from '../../model/secret.ts'
import { http } from './port.ts'

async function serve(answer: RequestListener): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer(answer).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

const echo: RequestListener = (request, response) => {
  if (request.url === '/moved') response.writeHead(302, { location: '/elsewhere' }).end()
  else response.end(JSON.stringify({ url: request.url, host: request.headers.host, headers: request.headers }))
}

describe('a target that is reached by its address', () => {
  test('is asked below the path of its URL, and never elsewhere', async () => {
    await using server = await serve(echo)
    await using target = await http.connect({ baseUrl: `${server.url}/below//` })
    assert.equal(target.place.baseUrl, `${server.url}/below`)
    const seen = async (path: string) => JSON.parse((await target.request(path)).text).url
    assert.equal(await seen('/v1/status?a=b'), '/below/v1/status?a=b')
    await using root = await http.connect({ baseUrl: server.url })
    const { url, host } = JSON.parse((await root.request('//other.invalid/x')).text)
    assert.deepEqual([url, host], ['//other.invalid/x', server.url.slice('http://'.length)])
  })

  test('gets secrets in headers only, and its redirects are answers', async () => {
    await using server = await serve(echo)
    await using target = await http.connect({ baseUrl: server.url })
    const options = {
      bearer: new Secret('token', 'the-token'),
      headers: { 'x-other': new Secret('other', 'the-other') },
    }
    const { headers } = JSON.parse((await target.request('/', options)).text)
    assert.deepEqual(
      [headers.authorization, headers['x-other'], headers.connection],
      ['Bearer the-token', 'the-other', 'close'],
    )
    const moved = await target.request('/moved')
    assert.deepEqual([moved.status, moved.headers['location']], [302, '/elsewhere'])
  })

  test('is left alone when it is closed, and by a signal', async () => {
    let came = 0
    let left = 0
    const all = Promise.withResolvers<void>()
    const gone = Promise.withResolvers<void>()
    await using server = await serve((_, response) => {
      response.write('x')
      if (++came === 3) all.resolve()
      response.once('close', () => ++left === 3 && gone.resolve())
    })
    const target = await http.connect({ baseUrl: server.url })
    const stream = await target.openStream('/')
    const reading = Array.fromAsync(stream.chunks)
    const controller = new AbortController()
    const interrupted = await target.openStream('/', { signal: controller.signal })
    controller.abort()
    await assert.rejects(Array.fromAsync(interrupted.chunks), { code: 'INTERRUPTED' })
    const pending = target.request('/')
    // Both are watched before either can end: they do so in any order.
    const ends = [pending, reading].map(one => assert.rejects(one, { code: 'TARGET_UNREACHABLE' }))
    await all.promise
    await target.close()
    await Promise.all(ends)
    await gone.promise
    await assert.rejects(target.request('/', { signal: controller.signal }), { code: 'INTERRUPTED' })
    await assert.rejects(target.openStream('/', { signal: AbortSignal.timeout(0) }), { code: 'TIMEOUT' })
  })

  test('may be silent in a stream for longer than its head may take', async () => {
    const goOn = Promise.withResolvers<void>()
    await using server = await serve(async (_, response) => {
      response.write('a')
      await goOn.promise
      response.end('b')
    })
    await using target = await http.connect({ baseUrl: server.url })
    // The head is there at once, and yet a busy machine may need half a second for it.
    const stream = await target.openStream('/', { timeoutMs: 500 })
    setTimeout(goOn.resolve, 600)
    assert.equal(Buffer.concat(await Array.fromAsync(stream.chunks)).toString(), 'ab')
  })

  test('is not asked for what can’t be asked', async () => {
    await using server = await serve(echo)
    await using target = await http.connect({ baseUrl: server.url })
    await assert.rejects(target.request('/with blank'), { code: 'INTERNAL' })
    await assert.rejects(target.request('/', { headers: { 'x-a': 'b\r\nx-c: d' } }), { code: 'INTERNAL' })
  })
})

describe('a target is refused', () => {
  const cases = [
    ['that is no URL', 'daemon', /is no URL/],
    ['of another kind', 'file:///etc/passwd', /neither http: nor https:/],
    ['with a query', 'http://127.0.0.1/?a=b', /a query/],
    ['with a fragment', 'http://127.0.0.1/#a', /a fragment/],
    [
      'with a password, which is not repeated',
      'http://user:the-password@127.0.0.1',
      /for 127.0.0.1 holds a user or a password/,
    ],
  ] as const
  for (const [title, baseUrl, message] of cases) {
    test(`${title}: PARAM_INVALID`, () => assert.rejects(http.connect({ baseUrl }), { code: 'PARAM_INVALID', message }))
  }

  test('with a file of certificates that is useless', async t => {
    const directory = mkdtempSync(join(tmpdir(), 'runproof-test-'))
    t.after(() => rmSync(directory, { recursive: true, force: true }))
    const caFile = join(directory, 'ca.pem')
    const connect = (baseUrl: string) => http.connect({ baseUrl, caFile })
    await assert.rejects(connect('http://127.0.0.1'), { code: 'PARAM_INVALID', message: /without TLS/ })
    await assert.rejects(connect('https://127.0.0.1'), { code: 'FILE_UNREADABLE', message: /ENOENT/ })
    writeFileSync(caFile, 'no certificate')
    await assert.rejects(connect('https://127.0.0.1'), { code: 'FILE_UNREADABLE', message: /holds no certificate/ })
    writeFileSync(caFile, '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n')
    await assert.rejects(connect('https://127.0.0.1'), { code: 'FILE_UNREADABLE', message: /certificate 1 in/ })
  })
})
