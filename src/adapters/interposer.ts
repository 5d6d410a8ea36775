import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import type { Instance } from '../model/instance.ts'
import type { InterposerPort, Interposition } from '../model/interposer.ts'
import { createHttpPort } from './isolation/http.ts'

/** Puts a real HTTP proxy that misbehaves as told between the checks and an instance. */
export const interposer: InterposerPort = {
  async interpose(instance, how) {
    // Not below the run's scratch: a unix socket's path has 107 bytes at most.
    const directory = await mkdtemp(join(tmpdir(), 'rp-'))
    const socketPath = join(directory, randomBytes(3).toString('hex'))
    const server = createHttpServer((request, response) => {
      if (how.silent === true) return
      forward(instance, how, request, response).catch(() => response.destroy())
    })
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(socketPath, resolve))
    const port = await createHttpPort(instance.place.baseUrl, socketPath)

    return delegate(instance, {
      request: (path, options) => port.request(path, options),
      openStream: (path, options) => port.openStream(path, options),
      [Symbol.asyncDispose]: async () => {
        server.closeAllConnections()
        await new Promise<void>(resolve => server.close(() => resolve()))
        await port.close()
        await rm(directory, { recursive: true, force: true })
      },
    })
  },

  async beacon() {
    // What is sent is read and dropped: a socket with unread bytes never closes, and closing the listener waits for it.
    const server = createServer(socket =>
      socket
        .on('error', () => {})
        .resume()
        .end(),
    )
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve))
    const address = server.address()
    if (address === null || typeof address === 'string') throw new TypeError('a TCP listener has an address')
    return {
      host: '127.0.0.1',
      port: address.port,
      [Symbol.asyncDispose]: () => new Promise<void>(resolve => server.close(() => resolve())),
    }
  },
}

async function forward(
  instance: Instance,
  how: Interposition,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (how.answer !== undefined) {
    response.writeHead(how.answer.status, how.answer.headers).end(how.answer.body)
    return
  }
  const path = request.url ?? '/'
  const headers: Record<string, string> = {}
  for (const name of ['authorization', 'content-type', 'origin'] as const) {
    const value = request.headers[name]
    if (typeof value === 'string') headers[name] = value
  }
  const { swapBearer } = how
  if (swapBearer !== undefined && headers.authorization === `Bearer ${swapBearer.from.reveal()}`) {
    headers.authorization = `Bearer ${swapBearer.to.reveal()}`
  }

  const body = await buffer(request)
  const answer = await instance.request(path, {
    method: request.method ?? 'GET',
    headers,
    ...(body.length === 0 ? {} : { body }),
  })
  const { 'content-length': _length, 'transfer-encoding': _encoding, connection: _connection, ...rest } = answer.headers
  const text = how.rewriteBody?.(path, answer.text) ?? answer.text
  response.writeHead(answer.status, rest).end(text)
}

/** The instance with some of its methods replaced; the others keep acting on the instance itself. */
function delegate(instance: Instance, replaced: Partial<Instance>): Instance {
  return new Proxy(instance, {
    get: (target, name) => {
      const own = (replaced as Record<string | symbol, unknown>)[name] ?? Reflect.get(target, name, target)
      return typeof own === 'function' && !(name in replaced) ? own.bind(target) : own
    },
  })
}
