const SIZE = 2 ** 16
const MAX_LATE = 2 ** 12

/**
 * The newest ids of a stream that came in order, and the first few that did not: enough to tell one that came before from
 * one that came late, in half a megabyte whatever the stream's length.
 */
export class IdWindow {
  /** Doubles until it is full, then a ring. */
  #ring = new BigUint64Array(64)
  #count = 0
  readonly #late = new Set<bigint>()

  /** @param id - greater than every one before */
  add(id: bigint): void {
    if (this.#count === this.#ring.length && this.#count < SIZE) {
      const grown = new BigUint64Array(2 * this.#ring.length)
      grown.set(this.#ring)
      this.#ring = grown
    }
    this.#ring[this.#count % this.#ring.length] = id
    this.#count += 1
  }

  addLate(id: bigint): void {
    if (this.#late.size < MAX_LATE) this.#late.add(id)
  }

  has(id: bigint): boolean {
    if (this.#late.has(id)) return true
    let low = Math.max(0, this.#count - this.#ring.length)
    let high = this.#count
    while (low < high) {
      const middle = Math.floor((low + high) / 2)
      if (this.#ring[middle % this.#ring.length]! < id) low = middle + 1
      else high = middle
    }
    return low < this.#count && this.#ring[low % this.#ring.length] === id
  }
}
