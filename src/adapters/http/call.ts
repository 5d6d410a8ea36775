import type { Socket } from 'node:net'
import { abortedError } from '../../model/aborted.ts'
import { RunproofError } from '../../model/error.ts'
import type { Protocol, RequestOptions } from '../../model/http.ts'
import { explain, type Trust } from './explain.ts'

const DEFAULT_TIMEOUT_MS = 5_000
/**
 * What a connection may bring besides bodies: heads, hints before them, and the framing of chunks, the smallest of which
 * has six bytes for one. Read at the speed of loopback, more than this is garbage faster than it is collected.
 */
const MAX_OVERHEAD_BYTES = 2 ** 20
const MAX_OVERHEAD_FACTOR = 16
const WATCH_MS = 25

/** One request on a connection of its own: how far it came, and what cut it off. */
export class Call {
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
  #socket: Socket | undefined
  #watching: NodeJS.Timeout | undefined
  #late = false
  #overheadBytes = 0

  /** @param url - for messages */
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

  /** Aborts when the request has to end, for whatever reason, and when it has ended. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** What was agreed on for the connection. */
  get protocol(): Protocol {
    return this.#socket !== undefined && 'alpnProtocol' in this.#socket && this.#socket.alpnProtocol === 'h2'
      ? 'h2'
      : 'http/1.1'
  }

  watch(socket: Socket): void {
    this.#socket = socket
    this.#watching = setInterval(() => {
      const overheadBytes = socket.bytesRead - this.bodyBytes
      if (overheadBytes < MAX_OVERHEAD_BYTES + MAX_OVERHEAD_FACTOR * this.bodyBytes) return
      this.#overheadBytes = overheadBytes
      this.#abort()
    }, WATCH_MS).unref()
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
    clearInterval(this.#watching)
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
    if (this.#overheadBytes > 0) {
      const besides = head ? `besides ${bodyBytes} bytes of the body` : 'and no head among them'
      return new RunproofError('ANSWER_MALFORMED', `${url} sends ${this.#overheadBytes} bytes ${besides}`)
    }
    return explain(thrown, { url, trust: this.#trust, head, bodyBytes })
  }
}
