import { randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:net'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import type { Destination, Instance } from '../model/instance.ts'
import type { InterposerPort, Interposition } from '../model/interposer.ts'
import { createHttpClient } from './http/client.ts'
import { makeSocketDir } from './isolation/layout.ts'
import type { Lease } from './process/lease.ts'

/**
 * Puts a real HTTP proxy that misbehaves as told between the checks and an instance, and listeners outside its barrier.
 *
 * @param lease - told of every directory outside the run's own, which a run that is killed leaves to `gc`
 */
export function createInterposer(lease?: Pick<Lease, 'addDir'>): InterposerPort {
  return {
    async interpose(instance, how) {
      const directory = socketDirectory(lease)
      const socketPath = join(directory, randomBytes(3).toString('hex'))
      const server = createHttpServer((request, response) => {
        if (how.silent === true) return
        forward(instance, how, request, response).catch(() => response.destroy())
      })
      await new Promise<void>((resolve, reject) => server.once('error', reject).listen(socketPath, resolve))
      const port = await createHttpClient({ baseUrl: instance.place.baseUrl, socketPath })

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
      const { server, port } = await acceptAt({ host: '127.0.0.1', port: 0 })
      return { host: '127.0.0.1', port, [Symbol.asyncDispose]: () => closed(server) }
    },

    async lure(where) {
      if (where === 'socket') {
        const directory = socketDirectory(lease)
        const at = { path: join(directory, 's') }
        const { server } = await acceptAt(at)
        return {
          where,
          at,
          [Symbol.asyncDispose]: async () => {
            await closed(server)
            await rm(directory, { recursive: true, force: true })
          },
        }
      }
      const host = Object.values(networkInterfaces())
        .flat()
        .find(one => (where === 'ipv6' ? one?.address === '::1' : one?.family === 'IPv4' && !one.internal))?.address
      if (host === undefined) return undefined
      const { server, port } = await acceptAt({ host, port: 0 })
      return { where, at: { host, port }, [Symbol.asyncDispose]: () => closed(server) }
    },
  }
}

async function acceptAt(at: Destination): Promise<{ server: Server; port: number }> {
  // What is sent is read and dropped: a socket with unread bytes never closes, and closing the listener waits for it.
  const server = createServer(socket =>
    socket
      .on('error', () => {})
      .resume()
      .end(),
  )
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(at, resolve))
  const address = server.address()
  return { server, port: address === null || typeof address === 'string' ? 0 : address.port }
}

function closed(server: Server): Promise<void> {
  return new Promise(resolve => server.close(() => resolve()))
}

function socketDirectory(lease: Pick<Lease, 'addDir'> | undefined): string {
  const directory = makeSocketDir()
  lease?.addDir(directory)
  return directory
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
