import { isUtf8 } from 'node:buffer'
import { createParser, type EventSourceMessage } from 'eventsource-parser'
import { abortedError } from '../model/aborted.ts'
import { RunproofError } from '../model/error.ts'
import { BlockSplitter } from './block-splitter.ts'
import type { SseEvent } from './event.ts'

/** Where a reader resumes, kept as it reads. */
export interface ReadingCursor {
  /**
   * What a reader sends as `Last-Event-ID`; empty: nothing. Of the events given so far, and of blocks without data behind
   * the last one: an id holds on until another comes, and an empty one takes it back.
   */
  lastEventId: string
  /** How long the server wants a reader to wait before it comes again. */
  retryMs: number | undefined
}

export interface ReadLimits {
  /** What is read, as the subject of an error's sentence. Default `the stream`. */
  readonly name?: string
  /** Of one event with all its lines. Default 1 MiB. */
  readonly maxEventBytes?: number
  /** Default: as many as come. */
  readonly maxEvents?: number
  /** Of text in a row that says nothing to a reader of events. Default 64 KiB. */
  readonly maxNoiseBytes?: number
  /** Where `AbortSignal.timeout` aborts, the reading is late; else it is interrupted. */
  readonly signal?: AbortSignal
  readonly cursor?: ReadingCursor
  /** Gives every event the time it came. */
  readonly nowMs?: () => number
}

const FIELD = /^(?:data|event|id|retry)?:/m
const BOM = '\uFEFF'

/**
 * Reads an event stream strictly: where a browser would go on, what is no event stream is an error.
 *
 * Memory is bounded by `maxEventBytes` and the size of a chunk. An event that the end of the stream cuts off is no event.
 * Leaving the loop ends the reading of `chunks`; after an error the caller closes what they come from.
 *
 * @throws RunproofError ANSWER_MALFORMED for bytes that are not UTF-8, a page in place of a stream, and text without
 *   fields; BODY_TOO_LARGE for an event over `maxEventBytes` and for more than `maxEvents`; TIMEOUT, INTERRUPTED by
 *   `signal`; what `chunks` throws. Every event before is given first.
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 */
export async function* readEvents(
  chunks: AsyncIterable<Uint8Array>,
  limits: ReadLimits = {},
): AsyncGenerator<SseEvent, void, void> {
  const { name = 'the stream', maxEvents = Number.POSITIVE_INFINITY, signal, nowMs, cursor } = limits
  const reader = new BlockReader(name, limits)
  let count = 0
  for await (const chunk of untilAborted(chunks, signal, name)) {
    const arrivedAtMs = nowMs?.()
    const { events, error } = reader.read(chunk)
    if (cursor !== undefined && reader.retryMs !== undefined) cursor.retryMs = reader.retryMs
    for (const { id, event = 'message', data, lastEventId } of events) {
      if (++count > maxEvents) throw new RunproofError('BODY_TOO_LARGE', `${name} has more than ${maxEvents} events`)
      if (cursor !== undefined && lastEventId !== undefined) cursor.lastEventId = lastEventId
      yield arrivedAtMs === undefined ? { id, event, data } : { id, event, data, arrivedAtMs }
    }
    if (cursor !== undefined && reader.lastEventId !== undefined) cursor.lastEventId = reader.lastEventId
    if (error !== undefined) throw error
  }
  reader.end()
}

interface ReadEvent extends EventSourceMessage {
  /** As it was when the event came, where that is asked for. */
  readonly lastEventId?: string | undefined
}

/** Turns blocks into events. The parser gets whole blocks only, so that chunks make no difference. */
class BlockReader {
  readonly #name: string
  readonly #maxNoiseBytes: number
  readonly #splitter: BlockSplitter
  readonly #tracks: boolean
  readonly #parser = createParser({
    onEvent: event => this.#events.push(this.#tracks ? { ...event, lastEventId: this.lastEventId } : event),
    onId: id => {
      this.lastEventId = id
    },
    onRetry: retryMs => {
      this.retryMs = retryMs
    },
  })
  #events: ReadEvent[] = []
  /** Undefined: no block had an id. */
  lastEventId: string | undefined
  retryMs: number | undefined
  #totalBytes = 0
  #noiseBytes = 0
  #sniffed = false
  #begun = false
  #heard = false

  constructor(name: string, { maxEventBytes = 2 ** 20, maxNoiseBytes = 2 ** 16, cursor }: ReadLimits) {
    this.#tracks = cursor !== undefined
    this.#name = name
    this.#maxNoiseBytes = maxNoiseBytes
    this.#splitter = new BlockSplitter(name, maxEventBytes)
    // A byte order mark is taken away here, once; the parser, which also looks for its bytes as text, is past looking.
    this.#parser.feed('\n')
  }

  /** Events come also with an error: those that were whole before it. */
  read(chunk: Uint8Array): { events: readonly ReadEvent[]; error?: unknown } {
    this.#events = []
    try {
      if (!this.#sniffed) this.#sniff(chunk)
      this.#totalBytes += chunk.length
      for (const block of this.#splitter.push(chunk)) this.#readBlock(block)
    } catch (error) {
      return { events: this.#events, error }
    }
    return { events: this.#events }
  }

  end(): void {
    if (this.#heard || this.#totalBytes === 0) return
    if (FIELD.test(Buffer.from(this.#splitter.rest).toString('latin1'))) return
    throw this.#malformed(`ended after ${this.#totalBytes} bytes without one field of an event stream`)
  }

  #readBlock(block: Uint8Array): void {
    const before = this.#events.length
    const text = this.#decode(block)
    this.#parser.feed(text)
    if (this.#events.length > before || FIELD.test(text)) {
      this.#heard = true
      this.#noiseBytes = 0
      return
    }
    this.#noiseBytes += block.length
    if (this.#noiseBytes > this.#maxNoiseBytes) {
      throw this.#malformed(`has ${this.#noiseBytes} bytes in a row without one field of an event stream`)
    }
  }

  #decode(bytes: Uint8Array): string {
    if (!isUtf8(bytes)) throw this.#malformed('is not UTF-8')
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
    const first = !this.#begun
    this.#begun = true
    return first && text.startsWith(BOM) ? text.slice(1) : text
  }

  /** No field begins with these, so that a page is known by its first character. */
  #sniff(chunk: Uint8Array): void {
    const first = chunk.find(byte => byte > 0x20 && byte !== 0xef && byte !== 0xbb && byte !== 0xbf)
    if (first === undefined) return
    this.#sniffed = true
    if (first === 0x3c) throw this.#malformed('is a page of HTML or XML')
    if (first === 0x7b || first === 0x5b) throw this.#malformed('is a JSON document')
  }

  #malformed(what: string): RunproofError {
    return new RunproofError('ANSWER_MALFORMED', `${this.#name} ${what}`, {
      hint: 'is it the daemon that answers, and not something in between?',
    })
  }
}

/** One listener for the whole reading: a race per chunk against one promise would keep every chunk until the signal ends. */
async function* untilAborted<Chunk>(
  chunks: AsyncIterable<Chunk>,
  signal: AbortSignal | undefined,
  name: string,
): AsyncGenerator<Chunk, void, void> {
  if (signal === undefined) return yield* chunks
  const iterator = chunks[Symbol.asyncIterator]()
  let reject: (reason: unknown) => void = () => {}
  const abort = () => reject(abortedError(signal, name))
  signal.addEventListener('abort', abort, { once: true })
  let waiting = false
  try {
    for (;;) {
      if (signal.aborted) throw abortedError(signal, name)
      waiting = true
      const next = await new Promise<IteratorResult<Chunk>>((resolve, refuse) => {
        reject = refuse
        iterator.next().then(resolve, refuse)
      })
      waiting = false
      if (next.done === true) return
      yield next.value
    }
  } finally {
    signal.removeEventListener('abort', abort)
    // What is waited for may never come, and a generator answers only then.
    const left = iterator.return?.()
    if (!waiting) await left
    else left?.catch(() => {})
  }
}
