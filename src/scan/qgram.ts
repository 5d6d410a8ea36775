import { GramTable, HASH } from './gram-table.ts'

/** What to look for. White space and escaped line ends may interrupt an occurrence of a needle that `wraps`. */
export interface Needle {
  /** At least 8 bytes; one that wraps holds neither white space nor a backslash. */
  readonly bytes: Uint8Array
  readonly wraps: boolean
}

export interface Hit {
  /** Index into the needles the search was made from. */
  readonly needle: number
  readonly start: number
  /** First byte behind the occurrence, interruptions included. */
  readonly end: number
}

/** Encoders break lines at 60 (xxd), 64 (PEM) or 76 (MIME) characters; in 60 there is at most one break. */
const NARROWEST_LINE = 60

/** Bytes of white space allowed for each line of 48 characters begun. */
const GAP_PER_LINE = 32

/** Below this length anchors get a pass of their own, since the shortest anchor of a pass sets its stride. */
const SHORT_ANCHOR = 12

const GRAM = 4

interface Anchor {
  readonly needle: number
  readonly offset: number
  readonly length: number
}

/** One stride over the text for anchors of at least so many bytes that they hold a known gram at each of its steps. */
interface Pass {
  readonly takes: (anchor: Anchor) => boolean
  stride: number
  table: GramTable
  readonly anchors: Anchor[]
}

/**
 * Exact search for many byte strings at once.
 *
 * With windows of m bytes, any occurrence holds m-3 consecutive positions at which a known 4-gram starts, so probing every
 * (m-3)th position of the text meets one of them; each candidate is then compared byte by byte. No occurrence is missed and
 * none invented. A needle that wraps has two anchors, the halves of its first 60 bytes: one break leaves one of them whole.
 */
export class NeedleSearch {
  readonly #needles: Needle[] = []
  readonly #passes: readonly Pass[] = [
    newPass(anchor => anchor.length >= SHORT_ANCHOR),
    newPass(anchor => anchor.length < SHORT_ANCHOR),
  ]
  #longestSpan = 0

  /** @throws RangeError when a needle has fewer than 8 bytes */
  constructor(needles: readonly Needle[] = []) {
    this.add(needles)
  }

  /** Most bytes an occurrence can take, interruptions included; 0 without needles. */
  get longestSpan(): number {
    return this.#longestSpan
  }

  /**
   * Looks for these, too, from now on; their indices follow those that are there.
   *
   * @throws RangeError when a needle has fewer than 8 bytes
   */
  add(needles: readonly Needle[]): void {
    const short = needles.find(needle => needle.bytes.length < 2 * GRAM)
    if (short) throw new RangeError(`a needle of ${short.bytes.length} bytes is too short to search for`)
    const anchors = needles.flatMap((needle, index) => anchorsOf(needle, this.#needles.length + index))
    for (const needle of needles) {
      this.#needles.push(needle)
      this.#longestSpan = Math.max(this.#longestSpan, spanOf(needle))
    }
    for (const pass of this.#passes) this.#anchor(pass, anchors.filter(pass.takes))
  }

  /** A shorter anchor than all before shortens the stride, for which the others have grams too many: they are entered again. */
  #anchor(pass: Pass, fresh: readonly Anchor[]): void {
    const stride = fresh.reduce((least, { length }) => Math.min(least, length - GRAM + 1), pass.stride)
    pass.anchors.push(...fresh)
    const isShorter = stride < pass.stride
    if (isShorter) Object.assign(pass, { stride, table: new GramTable() })
    for (const { needle, offset } of isShorter ? pass.anchors : fresh) {
      const { bytes } = this.#needles[needle]!
      for (let at = offset; at < offset + stride; at++) pass.table.add(gramAt(bytes, at), needle, at)
    }
  }

  /** Every occurrence that lies wholly within `text[from, to)`, by start, each once; occurrences may overlap. */
  find(text: Uint8Array, from = 0, to = text.length): Hit[] {
    const hits: Hit[] = []
    for (const pass of this.#passes) if (pass.anchors.length > 0) this.#run(pass, text, from, to, hits)
    if (hits.length < 2) return hits
    hits.sort((a, b) => a.start - b.start || a.end - b.end || a.needle - b.needle)
    // both halves of a needle that wraps report the same occurrence
    return hits.filter((hit, index) => {
      const before = hits[index - 1]
      return !before || before.start !== hit.start || before.end !== hit.end || before.needle !== hit.needle
    })
  }

  #run({ stride, table }: Pass, text: Uint8Array, from: number, to: number, hits: Hit[]): void {
    const { filter, shift } = table
    const last = to - GRAM
    for (let at = from; at <= last; at += stride) {
      // No closure in this loop, in which a search spends its time: it would keep each place of the text in a context of its own.
      const gram = gramAt(text, at)
      if (filter[Math.imul(gram, HASH) >>> shift] === 0) continue
      for (let entry = table.first(gram); entry !== 0; entry = table.next(entry, gram))
        this.#compare(table.needleOf(entry), table.offsetOf(entry), text, at, from, to, hits)
    }
  }

  /** The gram at `at` is what that needle has at that offset. */
  #compare(index: number, offset: number, text: Uint8Array, at: number, from: number, to: number, hits: Hit[]): void {
    const needle = this.#needles[index]!
    if (needle.wraps) {
      const start = matchBackwards(needle.bytes, offset, text, at, from)
      const end = start < 0 ? -1 : matchForwards(needle.bytes, offset, text, at, to)
      if (end >= 0 && end - start <= spanOf(needle)) hits.push({ needle: index, start, end })
    } else {
      const start = at - offset
      if (start >= from && start + needle.bytes.length <= to && equalAt(needle.bytes, text, start)) {
        hits.push({ needle: index, start, end: start + needle.bytes.length })
      }
    }
  }
}

/** Longer than any, and an integer: next to infinity V8 keeps all strides as floating-point numbers, and a search counts in them. */
const NO_STRIDE = 2 ** 30 - 1

function newPass(takes: Pass['takes']): Pass {
  return { takes, stride: NO_STRIDE, table: new GramTable(), anchors: [] }
}

function gramAt(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
}

/** Most bytes one occurrence of the needle can take. */
export function spanOf({ bytes, wraps }: Needle): number {
  return bytes.length + (wraps ? GAP_PER_LINE * (1 + Math.floor(bytes.length / 48)) : 0)
}

function anchorsOf({ bytes, wraps }: Needle, needle: number): Anchor[] {
  if (!wraps) return [{ needle, offset: 0, length: bytes.length }]
  const half = Math.floor(Math.min(bytes.length, NARROWEST_LINE) / 2)
  return [
    { needle, offset: 0, length: half },
    { needle, offset: half, length: half },
  ]
}

function equalAt(needle: Uint8Array, text: Uint8Array, start: number): boolean {
  for (let index = 0; index < needle.length; index++) if (needle[index] !== text[start + index]) return false
  return true
}

/** @returns the first byte behind the match, or -1 */
function matchForwards(needle: Uint8Array, offset: number, text: Uint8Array, at: number, to: number): number {
  let position = at
  for (let index = offset; index < needle.length; index++) {
    position = skipGap(text, position, to)
    if (position >= to || text[position] !== needle[index]) return -1
    position++
  }
  return position
}

/** @returns where the needle starts, or -1 */
function matchBackwards(needle: Uint8Array, offset: number, text: Uint8Array, at: number, from: number): number {
  let position = at
  for (let index = offset - 1; index >= 0; index--) {
    position = skipGapBackwards(text, position, from)
    if (position <= from || text[position - 1] !== needle[index]) return -1
    position--
  }
  return position
}

/** Behind white space and behind `\n`, `\r`, `\t` written with any number of backslashes, as JSON in JSON does. */
export function skipGap(text: Uint8Array, from: number, to: number): number {
  let position = from
  while (position < to) {
    const byte = text[position]!
    if (isBlank(byte)) position++
    else if (byte === 0x5c) {
      let letter = position
      while (letter < to && text[letter] === 0x5c) letter++
      if (letter < to && !isEscapeLetter(text[letter]!)) return position
      position = Math.min(letter + 1, to)
    } else return position
  }
  return position
}

function skipGapBackwards(text: Uint8Array, at: number, from: number): number {
  let position = at
  while (position > from) {
    const byte = text[position - 1]!
    if (isBlank(byte)) position--
    else if (isEscapeLetter(byte) && position - 1 > from && text[position - 2] === 0x5c) {
      position -= 2
      while (position > from && text[position - 1] === 0x5c) position--
    } else return position
  }
  return position
}

function isBlank(byte: number): boolean {
  return byte === 0x0a || byte === 0x0d || byte === 0x20 || byte === 0x09
}

function isEscapeLetter(byte: number): boolean {
  return byte === 0x6e || byte === 0x72 || byte === 0x74
}
