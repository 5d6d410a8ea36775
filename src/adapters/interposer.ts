import { randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'
import type { Server as HttpServer } from 'node:http'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { delegate } from '../daemon/delegate.ts'
import type { Destination, Instance } from '../model/instance.ts'
import type { Interposable, InterposerPort, TlsFront } from '../model/interposer.ts'
import type { CommandRunner } from '../model/run-command.ts'
import { createHttpClient } from './http/client.ts'
import { createProxy } from './http/proxy.ts'
import { makeSocketDir } from './isolation/layout.ts'
import type { Lease } from './process/lease.ts'

/**
 * Puts a real HTTP proxy that misbehaves as told between the checks and a daemon, and listeners outside every barrier.
 *
 * @param lease - told of every directory outside the run's own, which a run that is killed leaves to `gc`
 */
export function createInterposer(lease?: Pick<Lease, 'addDir'>): InterposerPort {
  return {
    async interpose(subject, how) {
      const proxy = createProxy(subject, how)
      const directory = socketDirectory(lease)
      const socketPath = join(directory, randomBytes(3).toString('hex'))
      const connections = trackConnections(proxy)
      await new Promise<void>((resolve, reject) => proxy.once('error', reject).listen(socketPath, resolve))
      await using scope = new AsyncDisposableStack()
      scope.defer(() => rm(directory, { recursive: true, force: true }))
      scope.defer(() => closed(proxy))
      const door = scope.use(await openDoor(subject, proxy, how.tls))
      const client = scope.use(
        await createHttpClient({ baseUrl: door.place.baseUrl, socketPath, ...trustOf(how.tls, door.place.baseUrl) }),
      )
      scope.defer(() => {
        for (const connection of connections) connection.destroy()
      })
      const held = scope.move()

      const end = () => held.disposeAsync()
      return delegate(subject, {
        place: door.place,
        request: client.request,
        openStream: client.openStream,
        peer: client.peer,
        ...(how.tls === undefined || subject.run === undefined ? {} : trusting(subject as CommandRunner, how.tls)),
        close: end,
        [Symbol.asyncDispose]: end,
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

/** All that are open: also one that has not come to its first request, which a server of requests knows nothing of. */
function trackConnections(server: HttpServer): ReadonlySet<Duplex> {
  const open = new Set<Duplex>()
  server.on('connection', (connection: Duplex) => {
    open.add(connection)
    connection.once('close', () => open.delete(connection)).on('error', () => {})
  })
  return open
}

function trustOf(tls: TlsFront | undefined, baseUrl: string) {
  if (tls === undefined) return {}
  return { roots: tls.roots, trust: { host: new URL(baseUrl).hostname, caFile: tls.caFile } }
}

/** Runs commands that trust what the file says, and nothing else. */
function trusting(subject: CommandRunner, { caFile }: TlsFront): CommandRunner {
  return {
    run: (command, options) => subject.run({ ...command, env: { SSL_CERT_FILE: caFile, ...command.env } }, options),
  }
}

/** Where commands of the subject's own side find the proxy. */
async function openDoor(
  subject: Interposable & Partial<Pick<Instance, 'listen'>>,
  proxy: HttpServer,
  tls: TlsFront | undefined,
): Promise<AsyncDisposable & { readonly place: Interposable['place'] }> {
  const accept = (connection: Duplex) => void proxy.emit('connection', connection)
  const origin = tls === undefined ? 'http://127.0.0.1' : `https://${tls.name ?? '127.0.0.1'}`
  const at = (port: number) => ({ ...subject.place, port, baseUrl: `${origin}:${port}` })
  if (subject.listen !== undefined) {
    const inside = await subject.listen(accept)
    return { place: at(inside.port), [Symbol.asyncDispose]: () => inside[Symbol.asyncDispose]() }
  }
  const server = createServer(accept)
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve))
  return { place: at((server.address() as AddressInfo).port), [Symbol.asyncDispose]: () => closed(server) }
}
