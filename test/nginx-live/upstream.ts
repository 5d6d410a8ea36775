import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { type Issued, issueAuthority, issueLeaf } from '../../src/tls/issue.ts'

/** A request as it came out of the proxy. */
export interface Arrived {
  readonly method: string
  readonly url: string
  /** `1.0` or `1.1`. */
  readonly version: string
  /** Names in lower case; those that came more than once joined. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

const AT_START: Answer = { status: 200, headers: {}, body: 'daemon' }

/** What stands in for a daemon behind a proxy: it remembers what arrives, and answers as a test says. */
export class Upstream implements AsyncDisposable {
  readonly arrived: Arrived[] = []
  /** Streams that were opened, newest last. */
  readonly streams: ServerResponse[] = []
  /** Of answers that are no streams. */
  answer: Answer = AT_START
  /** Answers by breaking the connection, as one that dies in the middle of it. */
  dies = false
  readonly #server: Server
  readonly #tlsServer: Server
  readonly #waiting: { readonly path: string | undefined; readonly found: (request: IncomingMessage) => void }[] = []
  readonly #opening: ((stream: ServerResponse) => void)[] = []

  private constructor({ chainPem, privateKeyPem }: Issued) {
    const take: RequestListener = (request, response) => void this.#take(request, response)
    this.#server = createServer(take)
    this.#tlsServer = createTlsServer({ cert: chainPem, key: privateKeyPem.reveal() }, take)
  }

  static async start(): Promise<Upstream> {
    const upstream = new Upstream(await issueLeaf(await issueAuthority(), { names: ['daemon.example.test'] }))
    for (const server of [upstream.#server, upstream.#tlsServer])
      await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    return upstream
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** There it shows a certificate of an authority that nobody knows. */
  get tlsPort(): number {
    return (this.#tlsServer.address() as AddressInfo).port
  }

  /** As at its start. */
  reset(): void {
    this.answer = AT_START
    this.dies = false
  }

  /** The next stream that is opened. */
  opened(): Promise<ServerResponse> {
    return new Promise(resolve => this.#opening.push(resolve))
  }

  /** The head of the next request, or of the next one for a path, as soon as that has come. */
  next(path?: string): Promise<IncomingMessage> {
    const { promise, resolve: found } = Promise.withResolvers<IncomingMessage>()
    this.#waiting.push({ path, found })
    return promise
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { url = '', method = '', httpVersion } = request
    for (const one of this.#waiting.splice(0)) {
      if (one.path === undefined || one.path === url) one.found(request)
      else this.#waiting.push(one)
    }
    const body = await buffer(request).catch(() => Buffer.alloc(0))
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]))
    this.arrived.push({ method, url, version: httpVersion, headers, body })
    if (this.dies) {
      request.socket.destroy()
      return
    }
    if (/\bstream\b/.test(url)) {
      this.streams.push(response)
      response.writeHead(200, {
        'content-type': 'text/event-stream',
        'cache-control': 'no-cache',
        ...this.answer.headers,
      })
      response.flushHeaders()
      for (const found of this.#opening.splice(0)) found(response)
      return
    }
    response
      .writeHead(this.answer.status, { 'content-type': 'text/plain', ...this.answer.headers })
      .end(this.answer.body)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of [this.#server, this.#tlsServer]) {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    }
  }
}
