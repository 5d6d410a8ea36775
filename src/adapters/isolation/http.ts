import { RunproofError } from '../../model/error.ts'
import type { Answer, RequestOptions, StreamAnswer } from '../../model/instance.ts'

const DEFAULT_TIMEOUT_MS = 5_000
const DEFAULT_MAX_BYTES = 8 * 1024 * 1024

/** Asks one HTTP server, over TCP or through a unix socket. Every request has a connection of its own. */
export interface HttpPort {
  request(path: string, options?: RequestOptions): Promise<Answer>
  openStream(path: string, options?: RequestOptions): Promise<StreamAnswer>
  close(): Promise<void>
}

/**
 * @param baseUrl - origin; paths are resolved against it
 * @param socketPath - connect there instead of to the origin's address
 */
export async function createHttpPort(baseUrl: string, socketPath: string | null): Promise<HttpPort> {
  const { Agent } = await import('undici')
  // pipelining 0 = no keep-alive: a connection to a daemon that was stopped meanwhile must not be used again.
  const dispatcher = new Agent({ pipelining: 0, ...(socketPath === null ? {} : { connect: { socketPath } }) })

  async function send(path: string, options: RequestOptions, signal: AbortSignal) {
    const { request } = await import('undici')
    const headers = Object.entries(options.headers ?? {}).map(
      ([name, value]) => [name, typeof value === 'string' ? value : value.reveal()] as const,
    )
    return request(new URL(path, baseUrl), {
      dispatcher,
      method: options.method ?? 'GET',
      headers: Object.fromEntries([
        ...headers,
        ...(options.bearer ? [['authorization', `Bearer ${options.bearer.reveal()}`]] : []),
      ]),
      body: options.body ?? null,
      signal,
      headersTimeout: 0,
      bodyTimeout: 0,
    })
  }

  return {
    async request(path, options = {}) {
      const began = performance.now()
      const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS
      const maxBytes = options.maxBytes ?? DEFAULT_MAX_BYTES
      const url = `${baseUrl}${path}`
      const controller = new AbortController()
      const limit = within(timeoutMs, options.signal, controller)
      try {
        const response = await send(path, options, controller.signal)
        const chunks: Buffer[] = []
        let size = 0
        for await (const chunk of response.body as AsyncIterable<Buffer>) {
          size += chunk.length
          if (size > maxBytes) {
            throw new RunproofError('BODY_TOO_LARGE', `${url} answered with more than ${maxBytes} bytes`)
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
        throw limit.explain(error, url)
      } finally {
        limit.release()
        controller.abort()
      }
    },

    async openStream(path, options = {}) {
      const url = `${baseUrl}${path}`
      const controller = new AbortController()
      const limit = within(options.timeoutMs ?? DEFAULT_TIMEOUT_MS, options.signal, controller)
      let closed = false
      try {
        const response = await send(path, options, controller.signal)
        limit.release()
        const stop = () => {
          closed = true
          controller.abort()
        }
        options.signal?.addEventListener('abort', stop, { once: true })
        response.body.on('error', () => {})
        return {
          status: response.statusCode,
          headers: flatten(response.headers),
          chunks: readChunks(response.body as AsyncIterable<Buffer>, () => closed, url),
          close: stop,
        }
      } catch (error) {
        throw limit.explain(error, url)
      } finally {
        limit.release()
      }
    },

    close: () => dispatcher.destroy(),
  }
}

async function* readChunks(
  body: AsyncIterable<Buffer>,
  closed: () => boolean,
  url: string,
): AsyncGenerator<Uint8Array> {
  try {
    yield* body
  } catch (error) {
    if (closed()) return
    throw new RunproofError('TARGET_UNREACHABLE', `the stream ${url} broke off`, { cause: error })
  }
}

function flatten(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name.toLowerCase(), typeof value === 'string' ? value : value.join(', ')]],
    ),
  )
}

/** One time limit and one caller's signal on one controller; knows afterwards which of them it was. */
function within(timeoutMs: number, signal: AbortSignal | undefined, controller: AbortController) {
  let late = false
  const timer = setTimeout(() => {
    late = true
    controller.abort()
  }, timeoutMs)
  const interrupt = () => controller.abort()
  if (signal?.aborted) interrupt()
  signal?.addEventListener('abort', interrupt, { once: true })
  return {
    release() {
      clearTimeout(timer)
      signal?.removeEventListener('abort', interrupt)
    },
    explain(error: unknown, url: string): RunproofError {
      if (error instanceof RunproofError) return error
      if (signal?.aborted) return new RunproofError('INTERRUPTED', `the request to ${url} was interrupted`)
      if (late) {
        return new RunproofError('TIMEOUT', `no whole answer from ${url} within ${timeoutMs} ms`, { cause: error })
      }
      return new RunproofError('TARGET_UNREACHABLE', `no answer from ${url}`, {
        hint: 'the daemon may have ended, or not listen yet',
        cause: error,
      })
    },
  }
}
