import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo, Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { Secret } from '../../model/secret.ts'
import { http } from './port.ts'
import { makeCertificate } from './testdata/certificates.ts'

const skip = spawnSync('openssl', ['version']).status === 0 ? false : 'this machine has no openssl'

describe('HTTP/2 that is offered', { skip }, () => {
  const directory = mkdtempSync(join(tmpdir(), 'runproof-test-'))
  after(() => rmSync(directory, { recursive: true, force: true }))
  const pair = skip === false ? makeCertificate(directory, 'server') : { certificate: '', key: '' }
  const identity = () => ({ cert: readFileSync(pair.certificate), key: readFileSync(pair.key) })

  async function listening(server: Server): Promise<AsyncDisposable & { readonly url: string }> {
    const sockets = new Set<{ destroy(): void }>()
    server.on('secureConnection', socket => sockets.add(socket))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return {
      url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
      [Symbol.asyncDispose]: async () => {
        server.close()
        for (const socket of sockets) socket.destroy()
      },
    }
  }
  const serve = (answer: (request: Http2ServerRequest, response: Http2ServerResponse) => void) =>
    listening(createSecureServer({ ...identity(), allowHTTP1: true }, answer))
  const connect = ({ url }: { readonly url: string }, http2 = true) =>
    http.connect({ baseUrl: url, caFile: pair.certificate, http2 })

  /** What the server saw of a request. */
  async function echo(request: Http2ServerRequest, response: Http2ServerResponse): Promise<void> {
    const pieces: Buffer[] = []
    for await (const piece of request) pieces.push(piece as Buffer)
    const { httpVersion, method, url, headers, authority } = request
    const body = Buffer.concat(pieces).toString()
    response.setHeader('set-cookie', ['a=1', 'b=2'])
    response.end(JSON.stringify({ httpVersion, method, url, headers: { ...headers }, authority, body }))
  }

  test('is spoken where the server takes it, and is not where nobody offered it', async () => {
    await using server = await serve(echo)
    await using target = await connect(server)
    const answer = await target.request('/a?b=c')
    const seen = JSON.parse(answer.text)
    assert.deepEqual([answer.status, answer.protocol, seen.httpVersion, seen.url], [200, 'h2', '2.0', '/a?b=c'])
    assert.equal(answer.headers['set-cookie'], 'a=1, b=2')
    assert.equal(
      Object.keys(answer.headers).some(name => name.startsWith(':')),
      false,
    )
    await using plain = await connect(server, false)
    const other = await plain.request('/')
    assert.deepEqual([other.protocol, JSON.parse(other.text).httpVersion], ['http/1.1', '1.1'])
  })

  test('falls back to HTTP/1.1 where the server does not', async () => {
    const old = createHttpsServer(identity(), (request, response) => response.end(request.httpVersion))
    await using server = await listening(old)
    await using target = await connect(server)
    const answer = await target.request('/')
    assert.deepEqual([answer.protocol, answer.text], ['http/1.1', '1.1'])
    const stream = await target.openStream('/')
    assert.equal(Buffer.concat(await Array.fromAsync(stream.chunks)).toString(), '1.1')
    assert.equal(stream.protocol, 'http/1.1')
  })

  test('carries bodies, secrets and the name that is asked for, and no word about connections', async () => {
    await using server = await serve(echo)
    await using target = await connect(server)
    const { text } = await target.request('/', {
      method: 'POST',
      bearer: new Secret('token', 'the-token'),
      headers: { 'x-other': new Secret('other', 'the-other'), host: 'daemon.test', connection: 'close' },
      body: '{"a":1}',
    })
    const { method, headers, authority, body } = JSON.parse(text)
    assert.deepEqual([method, body, authority], ['POST', '{"a":1}', 'daemon.test'])
    assert.deepEqual([headers.authorization, headers['x-other']], ['Bearer the-token', 'the-other'])
    assert.equal('connection' in headers, false)
  })

  test('has a connection for each request, each with a handshake of its own', async () => {
    const server = createSecureServer(identity(), (_, response) => response.end('x'))
    const resumed: boolean[] = []
    server.on('secureConnection', socket => resumed.push(socket.isSessionReused()))
    await using listener = await listening(server)
    await using target = await connect(listener)
    for (let count = 0; count < 3; count += 1) await target.request('/')
    assert.deepEqual(resumed, [false, false, false])
  })

  test('streams what comes when it comes, and leaves when it is closed or interrupted', async () => {
    const left: Promise<unknown>[] = []
    const goOn = Promise.withResolvers<void>()
    await using server = await serve(async (request, response) => {
      left.push(new Promise(closed => request.stream.once('close', closed)))
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write('data: a\n\n')
      await goOn.promise
      response.write('data: b\n\n')
    })
    await using target = await connect(server)
    const stream = await target.openStream('/', { timeoutMs: 2_000 })
    assert.deepEqual([stream.status, stream.protocol], [200, 'h2'])
    const chunks = stream.chunks[Symbol.asyncIterator]()
    assert.equal(Buffer.from((await chunks.next()).value!).toString(), 'data: a\n\n')
    goOn.resolve()
    assert.equal(Buffer.from((await chunks.next()).value!).toString(), 'data: b\n\n')
    stream.close()
    assert.equal((await chunks.next()).done, true)

    const controller = new AbortController()
    const other = await target.openStream('/', { signal: controller.signal })
    controller.abort()
    await assert.rejects(Array.fromAsync(other.chunks), { code: 'INTERRUPTED' })
    const third = await target.openStream('/')
    const reading = Array.fromAsync(third.chunks)
    await Promise.all([assert.rejects(reading, { code: 'TARGET_UNREACHABLE' }), target.close()])
    await Promise.all(left)
    assert.equal(left.length, 3)
  })

  test('is not asked for what can’t be asked, and refused without TLS', async () => {
    await using server = await serve(echo)
    await using target = await connect(server)
    await assert.rejects(target.request('/with blank'), { code: 'INTERNAL' })
    await assert.rejects(target.request('/', { headers: { 'x-a': 'b\r\nx-c: d' } }), { code: 'INTERNAL' })
    const plain = http.connect({ baseUrl: 'http://127.0.0.1:1', http2: true })
    await assert.rejects(plain, { code: 'PARAM_INVALID', message: /without TLS/ })
  })
})
