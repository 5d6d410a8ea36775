import type { Hit, NeedleSearch } from './qgram.ts'

const CHUNK = 1 << 20

/**
 * Searches bytes that arrive in pieces as if they had come in one: the end of each piece is kept and looked at again with
 * the next. Positions in hits count from the start of the stream. The buffer is made once and reused.
 */
export class StreamSearch {
  readonly #search: NeedleSearch
  readonly #buffer: Buffer
  readonly #overlap: number
  #kept = 0
  #received = 0

  /** @param chunkBytes - most bytes one {@link take} accepts */
  constructor(search: NeedleSearch, chunkBytes = CHUNK) {
    this.#search = search
    this.#overlap = Math.max(0, search.longestSpan - 1)
    this.#buffer = Buffer.allocUnsafeSlow(this.#overlap + chunkBytes)
  }

  /** Bytes taken so far. */
  get received(): number {
    return this.#received
  }

  /** Where to put the next bytes, before {@link take}. Valid until then. */
  room(): Buffer {
    return this.#buffer.subarray(this.#kept)
  }

  /** Searches the first `length` bytes of {@link room}; returns the hits that end within them. */
  take(length: number): Hit[] {
    const filled = this.#kept + length
    const shift = this.#received - this.#kept
    const hits: Hit[] = []
    for (const hit of this.#search.find(this.#buffer, 0, filled)) {
      if (hit.end > this.#kept) hits.push({ needle: hit.needle, start: hit.start + shift, end: hit.end + shift })
    }
    this.#received += length
    const keep = Math.min(filled, this.#overlap)
    this.#buffer.copyWithin(0, filled - keep, filled)
    this.#kept = keep
    return hits
  }

  /** Copies `chunk` in, whatever its size. */
  push(chunk: Uint8Array): Hit[] {
    const hits: Hit[] = []
    for (let at = 0; at < chunk.length; ) {
      const room = this.room()
      const part = chunk.subarray(at, at + room.length)
      room.set(part)
      at += part.length
      for (const hit of this.take(part.length)) hits.push(hit)
    }
    return hits
  }

  /** Forgets the stream, keeps the buffer. */
  reset(): void {
    this.#kept = 0
    this.#received = 0
  }
}
