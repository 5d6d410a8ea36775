/** So few of them are taken that almost every gram of a text falls on a free one; above 2^20 the filter would fall out of the cache. */
const SLOTS_PER_ENTRY = 16
const FEWEST_BITS = 12
const MOST_BITS = 20
/** Chains are followed seldom, so their heads are packed more tightly than the filter. */
const HEAD_BITS_LESS = 3

const COLUMNS = 4
const FIRST_CAPACITY = 256

/**
 * Where in which needle a 4-gram stands. Flat arrays, since a run's secrets have tens of thousands of grams, and an object for each
 * took longer to make than the search that it was made for.
 */
export class GramTable {
  /** Nonzero where some gram hashes to: the only thing looked at in the usual case. */
  filter = new Uint8Array(2 ** FEWEST_BITS)
  /** What a gram times {@link HASH} is shifted by to get its place in the filter. */
  shift = 32 - FEWEST_BITS
  /** First entry of a chain, counted from 1. */
  #heads = new Int32Array(2 ** (FEWEST_BITS - HEAD_BITS_LESS))
  /** Of each entry gram, needle, offset, and the next entry of its chain, counted from 1. */
  #entries = new Int32Array(FIRST_CAPACITY * COLUMNS)
  #count = 0

  add(gram: number, needle: number, offset: number): void {
    if (this.#count * COLUMNS === this.#entries.length) {
      const grown = new Int32Array(this.#entries.length * 2)
      grown.set(this.#entries)
      this.#entries = grown
    }
    const base = this.#count * COLUMNS
    this.#entries[base] = gram
    this.#entries[base + 1] = needle
    this.#entries[base + 2] = offset
    this.#count += 1
    if (this.#count * SLOTS_PER_ENTRY > this.filter.length && this.filter.length < 2 ** MOST_BITS) this.#rehash()
    else this.#chain(this.#count)
  }

  /** The first place of that gram, to be handed to the others; 0 where it has none. */
  first(gram: number): number {
    return this.#sameFrom(this.#heads[headOf(gram, this.shift)]!, gram)
  }

  /** The next place of the same gram; 0 behind the last. */
  next(entry: number, gram: number): number {
    return this.#sameFrom(this.#entries[(entry - 1) * COLUMNS + 3]!, gram)
  }

  needleOf(entry: number): number {
    return this.#entries[(entry - 1) * COLUMNS + 1]!
  }

  offsetOf(entry: number): number {
    return this.#entries[(entry - 1) * COLUMNS + 2]!
  }

  /** Grams that hash alike share a chain. */
  #sameFrom(entry: number, gram: number): number {
    const entries = this.#entries
    let at = entry
    while (at !== 0 && entries[(at - 1) * COLUMNS] !== gram) at = entries[(at - 1) * COLUMNS + 3]!
    return at
  }

  #chain(entry: number): void {
    const base = (entry - 1) * COLUMNS
    const gram = this.#entries[base]!
    const head = headOf(gram, this.shift)
    this.#entries[base + 3] = this.#heads[head]!
    this.#heads[head] = entry
    this.filter[Math.imul(gram, HASH) >>> this.shift] = 1
  }

  #rehash(): void {
    const bits = Math.min(MOST_BITS, 34 - this.shift)
    this.shift = 32 - bits
    this.filter = new Uint8Array(2 ** bits)
    this.#heads = new Int32Array(2 ** (bits - HEAD_BITS_LESS))
    for (let entry = 1; entry <= this.#count; entry++) this.#chain(entry)
  }
}

/** The golden ratio of 32 bits. */
export const HASH = 0x9e3779b1

function headOf(gram: number, shift: number): number {
  return Math.imul(gram, HASH) >>> (shift + HEAD_BITS_LESS)
}
