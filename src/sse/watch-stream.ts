import { createHash } from 'node:crypto'
import { type RunproofError, toRunproofError } from '../model/error.ts'
import type { StreamAnswer } from '../model/http.ts'
import { BlockSplitter } from './block-splitter.ts'
import type { SseEvent } from './event.ts'
import { readEvents } from './read-events.ts'

/** What runs on longer is read by other means. */
const MOST_EVENTS = 300_000
/** Names of fields, an id and the blank line. */
const FRAMING_BYTES = 60
const MAX_BLOCK_BYTES = 2 ** 20
const COMMENT_ONLY = /^(?::[^\r\n]*(?:\r\n|\r|\n))+(?:\r\n|\r|\n)?$/

/** An event as it is kept: of its data the digest, in hex, unless it tells of a gap. */
export interface NotedEvent extends SseEvent {
  readonly arrivedAtMs: number
  /** About as many as it has in the stream. */
  readonly bytes: number
}

interface Watching {
  /** Of the stream, for errors. */
  readonly name: string
  /** When it was asked for, by `nowMs`. */
  readonly askedAtMs: number
  readonly nowMs: () => number
  readonly heartbeat: string | undefined
  readonly gap: string | undefined
}

interface Patience {
  readonly silenceMs: number
  readonly mostMs?: number
}

/** A stream that is read while others are: what came of it, and when. */
export class StreamWatch implements Disposable {
  readonly answer: StreamAnswer
  readonly headAtMs: number
  readonly #watching: Watching
  readonly #splitter: BlockSplitter
  readonly events: NotedEvent[] = []
  readonly gaps: NotedEvent[] = []
  readonly heartbeats: NotedEvent[] = []
  /** Arrival of blocks that hold comments alone. */
  readonly comments: number[] = []
  bytes = 0
  firstByteAtMs: number | undefined
  lastByteAtMs: number | undefined
  /** Longest silence while an event was there in part. */
  stalledInsideMs = 0
  ended = false
  error: RunproofError | undefined
  #changed = Promise.withResolvers<void>()

  constructor(answer: StreamAnswer, watching: Watching) {
    this.answer = answer
    this.#watching = watching
    this.headAtMs = watching.nowMs()
    this.#splitter = new BlockSplitter(watching.name, MAX_BLOCK_BYTES)
    void this.#read()
  }

  get askedAtMs(): number {
    return this.#watching.askedAtMs
  }

  /** When the last event came that is no heartbeat; else when the head did. */
  get lastEventAtMs(): number {
    return Math.max(this.headAtMs, this.events.at(-1)?.arrivedAtMs ?? 0, this.gaps.at(-1)?.arrivedAtMs ?? 0)
  }

  /** Of an event that is there in part, until now. */
  get stalledMs(): number {
    return this.#splitter.rest.length === 0 ? 0 : this.#watching.nowMs() - this.lastByteAtMs!
  }

  /**
   * Settles when something is so, or will not be: nothing but heartbeats came for so long, or the stream is over.
   *
   * @param silenceMs - since the last event, or since the head
   * @param mostMs - from now on, on a stream that is never silent
   * @returns whether it is so
   */
  async until(isSo: () => boolean, { silenceMs, mostMs = silenceMs }: Patience, signal: AbortSignal): Promise<boolean> {
    const { nowMs } = this.#watching
    const endMs = nowMs() + mostMs
    for (;;) {
      if (isSo()) return true
      const leftMs = Math.min(this.lastEventAtMs + silenceMs, endMs) - nowMs()
      if (this.ended || leftMs <= 0 || signal.aborted) return false
      await this.#changeWithin(leftMs, signal)
    }
  }

  [Symbol.dispose](): void {
    this.answer.close()
  }

  async #changeWithin(leftMs: number, signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, Math.ceil(leftMs))
    signal.addEventListener('abort', resolve as () => void, { once: true })
    await Promise.race([this.#changed.promise, promise])
    clearTimeout(timer)
    signal.removeEventListener('abort', resolve as () => void)
  }

  async #read(): Promise<void> {
    const { name, nowMs, heartbeat, gap } = this.#watching
    try {
      for await (const event of readEvents(this.#noted(), { name, maxEvents: MOST_EVENTS, nowMs })) {
        const arrivedAtMs = event.arrivedAtMs ?? nowMs()
        const isGap = gap !== undefined && event.event === gap
        const bytes = Buffer.byteLength(event.data) + FRAMING_BYTES
        const noted = { ...event, arrivedAtMs, bytes, data: isGap ? event.data : digest(event.data) }
        if (heartbeat !== undefined && event.event === heartbeat) this.heartbeats.push(noted)
        else if (isGap) this.gaps.push(noted)
        else this.events.push(noted)
        this.#tell()
      }
    } catch (thrown) {
      this.error = toRunproofError(thrown)
    }
    this.ended = true
    this.#tell()
    this.answer.close()
  }

  async *#noted(): AsyncGenerator<Uint8Array> {
    for await (const chunk of this.answer.chunks) {
      const now = this.#watching.nowMs()
      if (this.#splitter.rest.length > 0)
        this.stalledInsideMs = Math.max(this.stalledInsideMs, now - this.lastByteAtMs!)
      this.firstByteAtMs ??= now
      this.lastByteAtMs = now
      this.bytes += chunk.length
      for (const block of this.#splitter.push(chunk))
        if (COMMENT_ONLY.test(Buffer.from(block).toString('latin1'))) this.comments.push(now)
      this.#tell()
      yield chunk
    }
  }

  #tell(): void {
    const { resolve } = this.#changed
    this.#changed = Promise.withResolvers()
    resolve()
  }
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
