import type { Socket } from 'node:net'
import type { buildConnector } from 'undici'
import { RunproofError } from '../../model/error.ts'
import { hostOf } from '../../model/host-text.ts'
import type { RequestOptions, TargetHttp } from '../../model/http.ts'
import { Call } from './call.ts'
import type { Trust } from './explain.ts'
import { shakeHands } from './handshake.ts'
import { whenAborted } from './when-aborted.ts'

const DEFAULT_MAX_BYTES = 8 * 1024 * 1024
/** Of all header lines together, and again of the trailers. */
const MAX_HEADER_BYTES = 64 * 1024

interface ClientPlace {
  /** Origin and, where the daemon is served below one, a path. */
  readonly baseUrl: string
  /** Connect there instead of to the origin's address. */
  readonly socketPath?: string | null
  /** The same over TCP; only the certificate has to be for the origin. */
  readonly address?: { readonly hostname: string; readonly port: number }
  /** For `https:`: the only certificates that are trusted, PEM. */
  readonly roots?: readonly string[]
  readonly trust?: Trust
  /** For `https:`: it is offered, and spoken where the server takes it. */
  readonly http2?: boolean
}

interface Asked {
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly options: RequestOptions
}

interface Response {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** Throws where it is cut off. */
  readonly body: AsyncIterable<Buffer>
}

/** A client of one server, over TCP, TLS or a unix socket; it speaks HTTP/1.1 unless it is told to offer HTTP/2. */
export async function createHttpClient(to: ClientPlace): Promise<TargetHttp> {
  const { baseUrl, socketPath, address, roots, trust, http2 = false } = to
  const { checkServerIdentity } = await import('node:tls')
  const { buildConnector, Client } = await import('undici')
  const url = new URL(baseUrl)
  const { origin, pathname } = url
  const prefix = pathname.replace(/\/+$/, '')
  const connect = buildConnector({
    allowH2: http2,
    preferH2: http2,
    timeout: 0,
    // A resumed session would not look at a certificate that was replaced.
    maxCachedSessions: 0,
    // Also where the environment says otherwise.
    rejectUnauthorized: true,
    ...(socketPath == null ? {} : { socketPath }),
    ...(roots === undefined ? {} : { ca: [...roots] }),
    ...(address === undefined ? {} : { checkServerIdentity: (_, shown) => checkServerIdentity(hostOf(url), shown) }),
  })
  const open = new Set<Call>()

  /** Every request has a connection of its own: one to a daemon that was stopped meanwhile must not be used again. */
  async function send(call: Call, path: string, options: RequestOptions): Promise<Response> {
    open.add(call)
    whenAborted(call.signal, () => open.delete(call))
    // The parts, not a URL: a path that begins with two slashes stays on this server.
    const asked = { path: `${prefix}${path}`, headers: headersOf(options), options }
    if (!http2) return overHttp1(call, asked, connectFor(call))
    const socket = await connected(connectFor(call), origin)
    if ('alpnProtocol' in socket && socket.alpnProtocol === 'h2') {
      const { askOverHttp2 } = await import('./http2.ts')
      return askOverHttp2(socket, { ...asked, origin, maxHeaderBytes: MAX_HEADER_BYTES, signal: call.signal })
    }
    return overHttp1(call, asked, (_, callback) => queueMicrotask(() => callback(null, socket)))
  }

  function connectFor(call: Call): buildConnector.connector {
    return (to, callback) => {
      // It is returned, whatever the type says; the client itself knows it only once it is connected.
      const place = address === undefined ? to : { ...to, hostname: address.hostname, port: String(address.port) }
      const socket = connect(place, callback) as unknown as Socket
      call.watch(socket)
      whenAborted(call.signal, () => socket.destroy(new Error('given up')))
    }
  }

  async function overHttp1(call: Call, asked: Asked, connector: buildConnector.connector): Promise<Response> {
    const client = new Client(origin, {
      pipelining: 0,
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: connector,
    })
    whenAborted(call.signal, () => client.destroy().catch(() => {}))
    const { path, headers, options } = asked
    const response = await client.request({
      path,
      method: options.method ?? 'GET',
      headers,
      body: options.body ?? null,
      signal: call.signal,
    })
    response.body.on('error', () => {})
    const body = response.body as AsyncIterable<Buffer>
    return { status: response.statusCode, headers: response.headers, body }
  }

  const callTo = (path: string, options: RequestOptions) => new Call(`${origin}${prefix}${path}`, trust, options)
  const close = async () => {
    for (const call of open) call.end()
  }

  return {
    place: { baseUrl },

    async request(path, options = {}) {
      const began = performance.now()
      const maxBytes = options.maxBytes ?? DEFAULT_MAX_BYTES
      const call = callTo(path, options)
      try {
        const response = await send(call, path, options)
        call.head = true
        const chunks: Buffer[] = []
        for await (const chunk of response.body) {
          call.bodyBytes += chunk.length
          if (call.bodyBytes > maxBytes) {
            throw new RunproofError('BODY_TOO_LARGE', `${call.url} answered with more than ${maxBytes} bytes`)
          }
          chunks.push(chunk)
        }
        const body = Buffer.concat(chunks)
        return {
          status: response.status,
          headers: flatten(response.headers),
          protocol: call.protocol,
          body,
          text: body.toString('utf8'),
          durationMs: performance.now() - began,
        }
      } catch (error) {
        throw call.explain(error)
      } finally {
        call.end()
      }
    },

    async openStream(path, options = {}) {
      const call = callTo(path, options)
      try {
        const response = await send(call, path, options)
        call.headCame()
        return {
          status: response.status,
          headers: flatten(response.headers),
          protocol: call.protocol,
          chunks: readChunks(response.body, call),
          close: () => call.close(),
        }
      } catch (error) {
        call.end()
        throw call.explain(error)
      }
    },

    async peer(options = {}) {
      if (url.protocol !== 'https:') return undefined
      const call = new Call(origin, trust, options)
      open.add(call)
      try {
        return { ...(await shakeHands({ url, socketPath: socketPath ?? null }, call)), roots: roots ?? [] }
      } catch (error) {
        throw call.explain(error)
      } finally {
        open.delete(call)
        call.end()
      }
    },

    close,
    [Symbol.asyncDispose]: close,
  }
}

/** @throws what connecting throws */
function connected(connect: buildConnector.connector, origin: string): Promise<Socket> {
  const url = new URL(origin)
  const { protocol, host, port } = url
  const to = { protocol, hostname: hostOf(url), host, port }
  return new Promise((resolve, reject) =>
    connect(to, (error, socket) => (socket === null ? reject(error) : resolve(socket))),
  )
}

async function* readChunks(body: AsyncIterable<Buffer>, call: Call): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of body) {
      call.bodyBytes += chunk.length
      yield chunk
    }
  } catch (error) {
    if (!call.closed) throw call.explain(error)
  } finally {
    call.end()
  }
}

function headersOf(options: RequestOptions): Record<string, string> {
  const given = Object.entries(options.headers ?? {}).map(
    ([name, value]) => [name, typeof value === 'string' ? value : value.reveal()] as const,
  )
  return Object.fromEntries([
    ...given,
    ...(options.bearer ? [['authorization', `Bearer ${options.bearer.reveal()}`]] : []),
  ])
}

function flatten(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name.toLowerCase(), typeof value === 'string' ? value : value.join(', ')]],
    ),
  )
}
