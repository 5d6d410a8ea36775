import { RunproofError } from '../model/error.ts'

const LF = 10
const CR = 13

/**
 * Cuts a byte stream into blocks, each ended by a blank line, whatever the chunks it comes in. Holds at most one block.
 *
 * A block is known to be complete at the first byte of its blank line's end: a CR there is not held back to see whether an
 * LF follows, which would delay the event until the next one.
 *
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
 */
export class BlockSplitter {
  readonly #name: string
  readonly #maxBytes: number
  #held = Buffer.alloc(0)
  #heldBytes = 0
  #lineIsEmpty = true
  #hasContent = false
  #afterCr = false

  /**
   * @param name - of the stream, for errors
   * @param maxBytes - of a block without its blank line
   */
  constructor(name: string, maxBytes: number) {
    this.#name = name
    this.#maxBytes = maxBytes
  }

  /** What has come of a block that is not complete. */
  get rest(): Uint8Array {
    return this.#held.subarray(0, this.#heldBytes)
  }

  /**
   * The blocks that a chunk completes, each valid until the next one is taken. Blank lines alone are no block.
   * @throws RunproofError BODY_TOO_LARGE after the blocks before the one that is too large
   */
  *push(chunk: Uint8Array): Generator<Uint8Array, void, void> {
    let start = 0
    let next = 0
    while (next < chunk.length) {
      const index = endOfText(chunk, next)
      if (index > next) this.#seeText()
      next = index + 1
      if (index === chunk.length) break
      const pairsWithCr = chunk[index] === LF && this.#afterCr
      this.#afterCr = chunk[index] === CR
      if (pairsWithCr) {
        // The line ended with the CR already; where that was a blank one, the LF belongs to no block.
        if (this.#isBetweenBlocks(start, index)) start = next
        continue
      }
      if (!this.#lineIsEmpty) {
        this.#lineIsEmpty = true
        continue
      }
      if (this.#hasContent) yield this.#complete(chunk, start, index)
      this.#heldBytes = 0
      this.#hasContent = false
      start = next
    }
    this.#hold(chunk.subarray(start))
  }

  #seeText(): void {
    this.#lineIsEmpty = false
    this.#hasContent = true
    this.#afterCr = false
  }

  #isBetweenBlocks(start: number, index: number): boolean {
    return !this.#hasContent && this.#heldBytes === 0 && start === index
  }

  #complete(chunk: Uint8Array, start: number, end: number): Uint8Array {
    if (this.#heldBytes + end - start > this.#maxBytes) throw this.#tooLarge()
    const tail = chunk.subarray(start, end + 1)
    if (this.#heldBytes === 0) return tail
    this.#append(tail)
    return this.rest
  }

  #hold(tail: Uint8Array): void {
    if (this.#heldBytes + tail.length > this.#maxBytes) throw this.#tooLarge()
    this.#append(tail)
  }

  /** One buffer, not a list: a block that comes byte by byte must not cost an object a byte. */
  #append(tail: Uint8Array): void {
    const needed = this.#heldBytes + tail.length
    if (needed > this.#held.length) {
      const grown = Buffer.alloc(Math.min(Math.max(needed, 2 * this.#held.length), this.#maxBytes + 1))
      grown.set(this.rest)
      this.#held = grown
    }
    this.#held.set(tail, this.#heldBytes)
    this.#heldBytes = needed
  }

  #tooLarge(): RunproofError {
    this.#heldBytes = 0
    return new RunproofError('BODY_TOO_LARGE', `${this.#name} has an event of more than ${this.#maxBytes} bytes`, {
      hint: 'or it is no event stream: no blank line came either',
    })
  }
}

/** Most bytes are looked at here and nowhere else. */
function endOfText(chunk: Uint8Array, from: number): number {
  let index = from
  while (index < chunk.length && chunk[index] !== LF && chunk[index] !== CR) index += 1
  return index
}
