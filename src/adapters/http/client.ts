import { abortedError } from '../../model/aborted.ts'
import { RunproofError } from '../../model/error.ts'
import type { RequestOptions, TargetHttp } from '../../model/http.ts'
import { explain, type Trust } from './explain.ts'

const DEFAULT_TIMEOUT_MS = 5_000
const DEFAULT_MAX_BYTES = 8 * 1024 * 1024
/** Of all header lines together, and again of the trailers. */
const MAX_HEADER_BYTES = 64 * 1024

interface ClientPlace {
  /** Origin and, where the daemon is served below one, a path. */
  readonly baseUrl: string
  /** Connect there instead of to the origin's address. */
  readonly socketPath?: string | null
  /** For `https:`: the only certificates that are trusted, PEM. */
  readonly roots?: readonly string[]
  readonly trust?: Trust
}

/** An HTTP/1.1 client of one server, over TCP, TLS or a unix socket. */
export async function createHttpClient({ baseUrl, socketPath, roots, trust }: ClientPlace): Promise<TargetHttp> {
  const { Agent } = await import('undici')
  const { origin, pathname } = new URL(baseUrl)
  const prefix = pathname.replace(/\/+$/, '')
  const dispatcher = new Agent({
    // No keep-alive: a connection to a daemon that was stopped meanwhile must not be used again.
    pipelining: 0,
    allowH2: false,
    // A resumed session would not look at a certificate that was replaced.
    maxCachedSessions: 0,
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: {
      // Also where the environment says otherwise.
      rejectUnauthorized: true,
      ...(socketPath == null ? {} : { socketPath }),
      ...(roots === undefined ? {} : { ca: [...roots] }),
    },
  })
  const urlOf = (path: string) => `${origin}${prefix}${path}`

  // The parts, not a URL: a path that begins with two slashes stays on this server.
  const send = (path: string, options: RequestOptions, signal: AbortSignal) =>
    dispatcher.request({
      origin,
      path: `${prefix}${path}`,
      method: options.method ?? 'GET',
      headers: headersOf(options),
      body: options.body ?? null,
      signal,
    })

  return {
    place: { baseUrl },

    async request(path, options = {}) {
      const began = performance.now()
      const maxBytes = options.maxBytes ?? DEFAULT_MAX_BYTES
      const call = new Call(urlOf(path), trust, options)
      try {
        const response = await send(path, options, call.signal)
        call.head = true
        const chunks: Buffer[] = []
        for await (const chunk of response.body as AsyncIterable<Buffer>) {
          call.bodyBytes += chunk.length
          if (call.bodyBytes > maxBytes) {
            throw new RunproofError('BODY_TOO_LARGE', `${call.url} answered with more than ${maxBytes} bytes`)
          }
          chunks.push(chunk)
        }
        const body = Buffer.concat(chunks)
        return {
          status: response.statusCode,
          headers: flatten(response.headers),
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
      const call = new Call(urlOf(path), trust, options)
      try {
        const response = await send(path, options, call.signal)
        call.headCame()
        response.body.on('error', () => {})
        return {
          status: response.statusCode,
          headers: flatten(response.headers),
          chunks: readChunks(response.body as AsyncIterable<Buffer>, call),
          close: () => call.close(),
        }
      } catch (error) {
        call.end()
        throw call.explain(error)
      }
    },

    close: () => dispatcher.destroy(),
    [Symbol.asyncDispose]: () => dispatcher.destroy(),
  }
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

/** One request: how far it came, and which of its limit, its caller's signal and its end cut it off. */
class Call {
  readonly url: string
  head = false
  bodyBytes = 0
  closed = false
  readonly #trust: Trust | undefined
  readonly #outer: AbortSignal | undefined
  readonly #timeoutMs: number
  readonly #timer: NodeJS.Timeout
  readonly #controller = new AbortController()
  readonly #abort = () => this.#controller.abort()
  #late = false

  constructor(url: string, trust: Trust | undefined, { timeoutMs = DEFAULT_TIMEOUT_MS, signal }: RequestOptions) {
    this.url = url
    this.#trust = trust
    this.#outer = signal
    this.#timeoutMs = timeoutMs
    this.#timer = setTimeout(() => {
      this.#late = true
      this.#abort()
    }, timeoutMs)
    if (signal?.aborted) this.#abort()
    signal?.addEventListener('abort', this.#abort, { once: true })
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Of a stream: from now on only its caller ends it. */
  headCame(): void {
    this.head = true
    clearTimeout(this.#timer)
  }

  close(): void {
    this.closed = true
    this.end()
  }

  end(): void {
    clearTimeout(this.#timer)
    this.#outer?.removeEventListener('abort', this.#abort)
    this.#abort()
  }

  explain(thrown: unknown): RunproofError {
    const { url, head, bodyBytes } = this
    if (thrown instanceof RunproofError) return thrown
    if (this.#outer?.aborted) return abortedError(this.#outer, `the request to ${url}`)
    if (this.#late) {
      const came = head ? `${bodyBytes} bytes of the body came` : 'no head came'
      return new RunproofError('TIMEOUT', `no whole answer from ${url} within ${this.#timeoutMs} ms: ${came}`, {
        cause: thrown,
      })
    }
    return explain(thrown, { url, trust: this.#trust, head, bodyBytes })
  }
}
