import { BLOCK, paddingAfter } from './tar-block.ts'
import type { Stretch } from './tar-entry.ts'
import { damaged, tooBig } from './tar-fault.ts'

/** A map of a million stretches; a file with more holes is an attack on memory. */
const MAX_MAP_BYTES = 16 * 1024 * 1024

/**
 * Reads the map in front of a GNU sparse 1.0 file: decimal lines (count, then offset and length of each stretch), padded
 * to a whole block.
 *
 * @see https://www.gnu.org/software/tar/manual/html_section/Sparse-Formats.html
 */
export class SparseMapReader {
  readonly #position: number
  readonly #realSize: number
  readonly #storedSize: number
  readonly #numbers: number[] = []
  #digits = ''
  /** Bytes of the map consumed so far, padding included. */
  consumed = 0

  constructor(position: number, realSize: number, storedSize: number) {
    this.#position = position
    this.#realSize = realSize
    this.#storedSize = storedSize
  }

  /** Takes one block. @returns the stretches once the map is complete */
  push(block: Buffer): readonly Stretch[] | undefined {
    this.consumed += BLOCK
    if (this.consumed > MAX_MAP_BYTES) throw tooBig(this.#position, 'a sparse map above 16 MiB')
    for (const byte of block) {
      if (byte === 0x0a) {
        if (this.#digits === '') throw damaged(this.#position, 'an empty line in a sparse map')
        this.#numbers.push(Number(this.#digits))
        this.#digits = ''
        if (this.#numbers.length === 1 + 2 * this.#numbers[0]!) return this.#finish()
        continue
      }
      if (byte < 0x30 || byte > 0x39 || this.#digits.length > 15) throw damaged(this.#position, 'a bad sparse map')
      this.#digits += String.fromCharCode(byte)
    }
    return undefined
  }

  #finish(): readonly Stretch[] {
    const stretches: Stretch[] = []
    let end = 0
    let stored = 0
    for (let at = 1; at < this.#numbers.length; at += 2) {
      const offset = this.#numbers[at]!
      const length = this.#numbers[at + 1]!
      if (offset < end || offset + length > this.#realSize) throw damaged(this.#position, 'an impossible sparse map')
      end = offset + length
      stored += length
      if (length > 0) stretches.push({ offset, length })
    }
    if (stored !== this.#storedSize - this.consumed)
      throw damaged(this.#position, 'a sparse map that does not fit its data')
    return stretches
  }
}

/** The map as GNU tar reads it; a hole at the end needs a stretch of no length to carry the size. */
export function writeSparseMap(stretches: readonly Stretch[], realSize: number): Buffer {
  const last = stretches.at(-1)
  const all =
    last !== undefined && last.offset + last.length === realSize
      ? stretches
      : [...stretches, { offset: realSize, length: 0 }]
  const text = `${all.length}\n${all.map(({ offset, length }) => `${offset}\n${length}\n`).join('')}`
  return Buffer.concat([Buffer.from(text, 'latin1'), Buffer.alloc(paddingAfter(text.length))])
}
