import type { Socket } from 'node:net'
import type { RequestOptions } from '../../model/http.ts'
import { whenAborted } from './when-aborted.ts'

/** Of the connection, which HTTP/2 has other words for or none. @see RFC 9113, section 8.2.2 */
const OF_CONNECTIONS = new Set('connection keep-alive proxy-connection transfer-encoding upgrade'.split(' '))

interface Question {
  readonly origin: string
  readonly path: string
  readonly options: RequestOptions
  readonly headers: Readonly<Record<string, string>>
  readonly maxHeaderBytes: number
  /** Ends everything. */
  readonly signal: AbortSignal
}

interface Http2Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** Throws where the server gives up before its end. */
  readonly body: AsyncIterable<Buffer>
}

/**
 * One request on a connection of its own on which HTTP/2 was agreed. Node's own client, since undici asks again on a new
 * connection by itself when a server refuses, and a connection that breaks looks like a whole answer to neither of them.
 */
export async function askOverHttp2(socket: Socket, question: Question): Promise<Http2Answer> {
  const { connect } = await import('node:http2')
  const { origin, path, options, headers, maxHeaderBytes, signal } = question
  if (!/^\/[\x21-\x7e]*$/.test(path)) throw invalid(`the path ${JSON.stringify(path.slice(0, 200))}`)
  const unfit = Object.entries(headers).find(([name, value]) => /[^\x21-\x7e]/.test(name) || /[\0\r\n]/.test(value))
  if (unfit !== undefined) throw invalid(`the header ${JSON.stringify(unfit[0])}`)
  const session = connect(origin, {
    createConnection: () => socket,
    settings: { enablePush: false, maxHeaderListSize: maxHeaderBytes },
  })
  whenAborted(signal, () => session.destroy())
  const answer = Promise.withResolvers<Http2Answer>()
  answer.promise.catch(() => {})
  // Of the connection as a whole; the stream is told as well, but not always of the reason.
  session.on('error', answer.reject)
  const { host, ...others } = headers
  const sent = Object.entries(others).filter(([name]) => !OF_CONNECTIONS.has(name))
  const stream = request()
  stream.on('response', shown => {
    const fields = Object.entries(shown)
    // Node limits them only where the server has agreed to the limit.
    if (fields.join('').length > maxHeaderBytes) answer.reject(tooManyHeaders(maxHeaderBytes))
    const kept = Object.fromEntries(fields.filter(([name]) => !name.startsWith(':'))) as Http2Answer['headers']
    answer.resolve({ status: shown[':status'] ?? 0, headers: kept, body: bodyOf() })
  })
  stream.on('error', answer.reject)
  stream.on('close', () => answer.reject(brokenOff(stream.rstCode)))
  if (options.body !== undefined) stream.end(options.body)
  return answer.promise

  function request() {
    try {
      return session.request(
        {
          ...Object.fromEntries(sent),
          // Node would name the port of https, too, which no browser does.
          ':authority': host ?? new URL(origin).host,
          ':method': options.method ?? 'GET',
          ':path': path,
        },
        { endStream: options.body === undefined },
      )
    } catch (cause) {
      throw invalid('a header', cause)
    }
  }

  /** Node ends the body of a stream that was cut, by whomever, as if it were whole. */
  async function* bodyOf(): AsyncGenerator<Buffer> {
    yield* stream as AsyncIterable<Buffer>
    if (stream.rstCode !== 0 || signal.aborted) throw brokenOff(stream.rstCode)
  }
}

function brokenOff(code: number | undefined): Error {
  return Object.assign(new Error(`the stream was closed with code ${code}`), { code: 'ERR_HTTP2_STREAM_CLOSED' })
}

function tooManyHeaders(most: number): Error {
  return Object.assign(new Error(`more than ${most} bytes of headers`), { code: 'UND_ERR_HEADERS_OVERFLOW' })
}

function invalid(what: string, cause?: unknown): Error {
  return Object.assign(new Error(`${what} can't be sent`, { cause }), { code: 'ERR_HTTP2_INVALID_REQUEST' })
}
