/** Reads bytes from a source that gives them in pieces of its own choosing, one piece after the other when asked. */
export class ByteReader {
  readonly #pull: () => Promise<Buffer | undefined>
  #pending: Buffer = Buffer.alloc(0)
  #offset: number

  /**
   * @param pull - the next piece, or undefined at the end
   * @param offset - what the first byte counts as
   */
  constructor(pull: () => Promise<Buffer | undefined>, offset = 0) {
    this.#pull = pull
    this.#offset = offset
  }

  /** Position of the next byte. */
  get offset(): number {
    return this.#offset
  }

  /** The next `length` bytes without moving on; fewer at the end. */
  async peek(length: number): Promise<Buffer> {
    while (this.#pending.length < length) {
      const piece = await this.#pull()
      if (!piece) break
      this.#pending = this.#pending.length === 0 ? piece : Buffer.concat([this.#pending, piece])
    }
    return this.#pending.subarray(0, length)
  }

  /** The next `length` bytes; fewer at the end. */
  async read(length: number): Promise<Buffer> {
    const bytes = await this.peek(length)
    this.#pending = this.#pending.subarray(bytes.length)
    this.#offset += bytes.length
    return bytes
  }

  /** Whatever is at hand, from 1 to `most` bytes; undefined at the end. */
  async take(most: number): Promise<Buffer | undefined> {
    if (this.#pending.length === 0) {
      let piece = await this.#pull()
      while (piece?.length === 0) piece = await this.#pull()
      if (!piece) return undefined
      this.#pending = piece
    }
    const bytes = this.#pending.subarray(0, most)
    this.#pending = this.#pending.subarray(bytes.length)
    this.#offset += bytes.length
    return bytes
  }

  /** Gives back the last bytes that were read. */
  unread(bytes: Buffer): void {
    if (bytes.length === 0) return
    this.#pending = Buffer.concat([bytes, this.#pending])
    this.#offset -= bytes.length
  }

  /** @returns how many of the bytes were there */
  async skip(length: number): Promise<number> {
    let left = length
    while (left > 0) {
      const bytes = await this.take(left)
      if (!bytes) break
      left -= bytes.length
    }
    return length - left
  }

  async skipRest(): Promise<void> {
    while (await this.take(Number.MAX_SAFE_INTEGER));
  }

  async skipZeros(): Promise<void> {
    for (let bytes = await this.take(65536); bytes; bytes = await this.take(65536)) {
      const first = bytes.findIndex(byte => byte !== 0)
      if (first < 0) continue
      this.unread(bytes.subarray(first))
      return
    }
  }

  /** A reader for the next `length` bytes only. This one continues behind what that one has taken: let it skip its rest first. */
  limited(length: number): ByteReader {
    let left = length
    return new ByteReader(async () => {
      const bytes = left > 0 ? await this.take(left) : undefined
      left -= bytes?.length ?? 0
      return bytes
    }, this.#offset)
  }
}
