import { once } from 'node:events'
import { createServer as createPlainServer, type RequestListener } from 'node:http'
import { createServer as createHttps, type ServerOptions } from 'node:https'
import { type AddressInfo, connect, createServer as createTcp, type Server, type Socket } from 'node:net'
import { createServer as createTls, type TlsOptions } from 'node:tls'
import type { Issued } from '../../../tls/issue.ts'

export interface Serving extends AsyncDisposable {
  readonly port: number
}

/** What a server presents: a chain as text and the key of its first certificate. */
export interface Presented {
  readonly cert: string
  readonly key: string
}

export function presented(leaf: Issued, chainPem = leaf.chainPem): Presented {
  return { cert: chainPem, key: leaf.privateKeyPem.reveal() }
}

const ok: RequestListener = (_, response) => response.end('ok\n')

/** Old versions and weak suites are for whoever asks for them; nothing is refused for being weak. */
export function serveHttps(presents: Presented, options: ServerOptions = {}, answer = ok): Promise<Serving> {
  return listen(createHttps({ ...presents, ...options }, answer))
}

export function serveTls(presents: Presented, options: TlsOptions = {}): Promise<Serving> {
  return listen(createTls({ ...presents, ...options }))
}

export function servePlain(answer: RequestListener = ok): Promise<Serving> {
  return listen(createPlainServer(answer))
}

/** Whatever is done with a connection. */
export function serveTcp(act: (socket: Socket) => void): Promise<Serving> {
  return listen(createTcp(act))
}

/** TLS and plain HTTP on one port, told apart by the first byte. */
export async function serveBoth(presents: Presented, answer: RequestListener): Promise<Serving> {
  const tls = await serveHttps(presents)
  const plain = await servePlain(answer)
  const front = await serveTcp(socket =>
    socket.once('data', first => {
      const back = connect((first[0] === 22 ? tls : plain).port, '127.0.0.1')
      back.on('error', () => socket.destroy())
      socket.on('error', () => back.destroy())
      back.write(first)
      socket.pipe(back).pipe(socket)
    }),
  )
  return {
    port: front.port,
    async [Symbol.asyncDispose]() {
      for (const one of [front, tls, plain]) await one[Symbol.asyncDispose]()
    },
  }
}

async function listen(server: Server): Promise<Serving> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket.on('error', () => {}))
    socket.on('close', () => sockets.delete(socket))
  })
  server.on('tlsClientError', () => {}).on('secureConnection', (socket: Socket) => socket.on('error', () => {}))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.close()
      for (const socket of sockets) socket.destroy()
      if (server.listening) await once(server, 'close')
    },
  }
}
