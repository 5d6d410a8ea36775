import { globSync, readFileSync } from 'node:fs'
import type { ClientRequest, IncomingMessage } from 'node:http'
import { request as plainRequest } from 'node:http'
import { request as tlsRequest } from 'node:https'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import { createInstancePort } from '../../src/adapters/isolation/instances.ts'
import { createNginxPort } from '../../src/adapters/nginx/port.ts'
import type { RunningNginx } from '../../src/model/nginx.ts'
import type { Configuration } from '../../src/nginx/ast.ts'
import { relocate } from '../../src/nginx/relocate.ts'
import { type Arrived, Upstream } from './upstream.ts'

export const nginx = createNginxPort({ instances: createInstancePort() })

const HANGS_MS = 10_000

export interface Asking {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Buffer
  /** Without TLS, at the first address that has none. */
  readonly plain?: boolean
  /** Of SNI and the Host header. Default: the configuration's own name. */
  readonly host?: string
  /** Whatever the certificate names. */
  readonly anyName?: boolean
}

export interface Came {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
  /** What came out of the proxy for it, in order. */
  readonly arrived: readonly Arrived[]
}

type Addresses = Readonly<Record<'tls' | 'plain', string | undefined>>

/** A configuration in front of an upstream, in a real nginx. */
export class LiveProxy implements AsyncDisposable {
  readonly upstream: Upstream
  readonly running: RunningNginx
  readonly host: string
  readonly #address: Addresses
  readonly #place: string

  private constructor(upstream: Upstream, running: RunningNginx, place: string, host: string, address: Addresses) {
    this.#place = place
    this.upstream = upstream
    this.running = running
    this.host = host
    this.#address = address
  }

  /**
   * @param host - a name that the server in question answers to
   * @param place - a private directory, in which everything of it is
   */
  static async start(configuration: Configuration, host: string, place: string): Promise<LiveProxy> {
    const source = relocate(configuration)
    const upstream = await Upstream.start()
    try {
      const running = await nginx.start(source, {
        network: 'shared',
        scratch: place,
        readable: [place],
        // Where a variable decides, what it comes to is to be seen.
        upstream: ({ address, scheme }) =>
          address.includes('$') ? address : `127.0.0.1:${scheme === 'https' ? upstream.tlsPort : upstream.port}`,
      })
      const first = (tls: boolean) => source.listens.find(one => one.tls === tls)?.address
      return new LiveProxy(upstream, running, place, host, { tls: first(true), plain: first(false) })
    } catch (error) {
      await upstream[Symbol.asyncDispose]()
      throw error
    }
  }

  /** Undefined where it listens at no such address. */
  port(tls = true): number | undefined {
    const address = this.#address[tls ? 'tls' : 'plain']
    return address === undefined ? undefined : this.running.ports[address]
  }

  /** Sends the head of a request; the path goes out as it is given. */
  open(
    path: string,
    { method = 'GET', headers = {}, plain = false, host = this.host, anyName = false }: Asking = {},
  ): ClientRequest {
    const port = this.port(!plain)
    if (port === undefined) throw new Error(`it listens at no address ${plain ? 'without' : 'with'} TLS`)
    const options = {
      host: '127.0.0.1',
      port,
      path,
      method,
      agent: false,
      headers: { host, ...headers },
      timeout: HANGS_MS,
    }
    const request = plain
      ? plainRequest(options)
      : tlsRequest({ ...options, servername: host, ca: [...this.running.roots], rejectUnauthorized: !anyName })
    request.on('timeout', () => request.destroy(new Error(`${path} is not answered within ${HANGS_MS} ms`)))
    return request
  }

  async ask(path: string, asking: Asking = {}): Promise<Came> {
    const before = this.upstream.arrived.length
    const request = this.open(path, asking)
    const answered = answerOf(request)
    request.end(asking.body)
    const answer = await answered
    const body = await buffer(answer)
    return {
      status: answer.statusCode!,
      headers: Object.fromEntries(Object.entries(answer.headers).map(([name, value]) => [name, String(value)])),
      text: body.toString('latin1'),
      arrived: this.upstream.arrived.slice(before),
    }
  }

  /**
   * Whether something happens before many later requests have been answered: what is passed on at once is there before the
   * first of them, and what is held back until something else happens is not there after the last.
   */
  async happensSoon(what: Promise<unknown>): Promise<boolean> {
    let happened = false
    what.then(
      () => {
        happened = true
      },
      () => {},
    )
    for (let round = 0; round < ROUNDS && !happened; round += 1) await this.ask('/readyz')
    return happened
  }

  /** All that it has written into files of such a name. */
  written(name: string): string {
    return globSync(`**/${name}*`, { cwd: this.#place, withFileTypes: true })
      .filter(entry => entry.isFile())
      .map(entry => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
      .join('')
  }

  /** Shakes hands, and ends the connection. @throws what node:tls throws where there is no handshake */
  handshake(options: ConnectionOptions = {}): Promise<TLSSocket> {
    const { promise, resolve, reject } = Promise.withResolvers<TLSSocket>()
    const to = { host: '127.0.0.1', port: this.port()!, servername: this.host, ca: [...this.running.roots], ...options }
    const socket = connect(to, () => {
      resolve(socket)
      socket.end()
    })
    socket.on('error', reject)
    return promise
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.running.stop()
    await this.upstream[Symbol.asyncDispose]()
  }
}

const ROUNDS = 20

export function answerOf(request: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => request.once('response', resolve).once('error', reject))
}
