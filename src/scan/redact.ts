import { type KnownValue, SHORTEST_FORM } from './forms.ts'
import { addNeedles, type KnownNeedle } from './known-needles.ts'
import { type Hit, NeedleSearch, skipGap, spanOf } from './qgram.ts'

/**
 * Over a line break fewer characters than this are let through at once. Otherwise every line that happens to end like a
 * base64 form begins would wait for the next one. The bytes stay in memory: the rest of the form is still masked.
 */
const FEWEST_BEFORE_BREAK = 4

const NONE: readonly KnownNeedle[] = []

/** Replaces every form of every known secret by `[secret NAME]`. One redactor serves any number of streams. */
export class Redactor {
  readonly #values = new Set<string>()
  readonly #known = new KnownSecrets()

  constructor(values: Iterable<KnownValue> = []) {
    for (const value of values) this.add(value)
  }

  /**
   * Masks this value from now on, in running streams too. What a stream already let out cannot be called back.
   *
   * @throws RunproofError SECRET_TOO_SHORT
   */
  add(value: KnownValue): void {
    const key = `${value.name}\0${value.value}`
    if (this.#values.has(key)) return
    this.#known.add(value)
    this.#values.add(key)
  }

  /** A fresh stream over the secrets of this redactor, present and future. */
  stream(): RedactingStream {
    return new RedactingStream(this.#known)
  }

  /** A whole text at once. Without a secret in it the same text comes back. */
  redactText(text: string): string {
    const bytes = Buffer.from(text)
    if (this.#known.isFree(bytes)) return text
    const stream = this.stream()
    const safe = Buffer.concat([stream.push(bytes), stream.flush()])
    return safe.equals(bytes) ? text : safe.toString()
  }
}

/** Bytes in, safe bytes out. Holds back only what may still turn out to be the start of a secret. */
export class RedactingStream {
  readonly #known: KnownSecrets
  /** The end of what came in that a secret may have begun in. */
  #carry: Buffer = Buffer.alloc(0)
  /** Leading bytes of the carry that are already out, as themselves or under a label. */
  #done = 0
  /** The secret whose label stands for the bytes right before `#done`. */
  #label: string | undefined

  constructor(known: KnownSecrets) {
    this.#known = known
  }

  /** @returns what is safe to show now; never a view of `chunk` */
  push(chunk: Uint8Array): Buffer {
    return this.#release(Buffer.concat([this.#carry, chunk]), false)
  }

  /**
   * Lets out what is held back: at the end, or when nothing came for a while. A held-back start of 8 bytes or more of a
   * secret comes out as its label. More may follow: a secret that began before the flush is still masked from there on.
   */
  flush(): Buffer {
    return this.#release(this.#carry, true)
  }

  #release(text: Buffer, everything: boolean): Buffer {
    const hits = this.#known.find(text).sort((a, b) => a.start - b.start || b.end - a.end)
    const pending = this.#known.pendingIn(text)
    const limit = everything ? text.length : pending.hold
    const out: (Buffer | string)[] = []
    let cursor = this.#done

    const clear = (to: number) => {
      if (to <= cursor) return
      out.push(text.subarray(cursor, to))
      cursor = to
      this.#label = undefined
    }
    const mask = (start: number, end: number, secret: string) => {
      clear(start)
      // an occurrence that overlaps a masked one continues its label
      if (start >= cursor || this.#label !== secret) out.push(`[secret ${secret}]`)
      this.#label = secret
      cursor = end
    }

    for (const hit of hits) {
      if (hit.start >= limit) break
      if (hit.end > cursor) mask(hit.start, hit.end, this.#known.nameOf(hit))
    }
    const cut = pending.longest
    if (everything && cut && cut.matched >= SHORTEST_FORM && cursor < text.length)
      mask(cut.start, text.length, cut.secret)
    clear(limit)

    this.#carry = Buffer.from(text.subarray(pending.context))
    this.#done = cursor - pending.context
    return Buffer.concat(out.map(part => (typeof part === 'string' ? Buffer.from(part) : part)))
  }
}

interface Pending {
  /** Where the first occurrence that may still complete would have begun; the length of the text when there is none. */
  readonly context: number
  /** The same, for those that must not be let out. */
  readonly hold: number
  readonly longest: { readonly start: number; readonly matched: number; readonly secret: string } | undefined
}

/** What is looked for, which grows while streams run. */
class KnownSecrets {
  readonly #byBytes = new Map<string, KnownNeedle>()
  readonly #needles: KnownNeedle[] = []
  readonly #search = new NeedleSearch()
  readonly #plainByPair = new Map<number, KnownNeedle[]>()
  readonly #wrappingByPair = new Map<number, KnownNeedle[]>()
  /** For where a break may follow the first byte. */
  readonly #wrappingByFirst = new Map<number, KnownNeedle[]>()
  readonly #first = new Map<number, KnownNeedle>()

  /** @throws RunproofError SECRET_TOO_SHORT */
  add(value: KnownValue): void {
    // One that is known and wraps from now on is entered twice, under one name: the same bytes are masked once.
    const fresh = addNeedles(this.#byBytes, value)
    this.#search.add(fresh)
    for (const needle of fresh) {
      this.#needles.push(needle)
      const first = needle.bytes[0]!
      if (!this.#first.has(first)) this.#first.set(first, needle)
      const pair = first | (needle.bytes[1]! << 8)
      append(needle.wraps ? this.#wrappingByPair : this.#plainByPair, pair, needle)
      if (needle.wraps) append(this.#wrappingByFirst, first, needle)
    }
  }

  find(text: Buffer): Hit[] {
    return this.#search.find(text)
  }

  nameOf({ needle }: Hit): string {
    return this.#needles[needle]!.secret
  }

  /** Whether nothing of a whole text is masked: neither an occurrence in it, nor a start of one that its end cuts. */
  isFree(text: Buffer): boolean {
    return this.find(text).length === 0 && (this.pendingIn(text).longest?.matched ?? 0) < SHORTEST_FORM
  }

  /** Which end of the text is the beginning of some needle. */
  pendingIn(text: Buffer): Pending {
    const none = text.length
    let context = none
    let longest: Pending['longest']
    for (let start = Math.max(0, none - this.#search.longestSpan + 1); start < none; start++) {
      const found = this.#pendingAt(text, start)
      if (!found) continue
      context = Math.min(context, start)
      longest ??= { start, matched: found.matched, secret: found.secret }
      if (found.firm) return { context, hold: start, longest }
    }
    return { context, hold: none, longest }
  }

  #pendingAt(text: Buffer, start: number): { matched: number; firm: boolean; secret: string } | undefined {
    const first = text[start]!
    if (start === text.length - 1) {
      const needle = this.#first.get(first)
      return needle && { matched: 1, firm: true, secret: needle.secret }
    }
    const rest = text.length - start
    const pair = first | (text[start + 1]! << 8)
    for (const { bytes, secret } of this.#plainByPair.get(pair) ?? NONE) {
      if (bytes.length > rest && text.compare(bytes, 0, rest, start) === 0) return { matched: rest, firm: true, secret }
    }
    let weak: { matched: number; firm: boolean; secret: string } | undefined
    const mayBreak = skipGap(text, start + 1, start + 2) > start + 1
    const wrapping = mayBreak ? this.#wrappingByFirst.get(first) : this.#wrappingByPair.get(pair)
    for (const needle of wrapping ?? NONE) {
      if (rest >= spanOf(needle)) continue
      const found = wrappedPrefix(needle.bytes, text, start)
      if (!found) continue
      const firm = !found.atBreak || found.matched >= FEWEST_BEFORE_BREAK
      if (firm) return { matched: found.matched, firm, secret: needle.secret }
      weak ??= { matched: found.matched, firm, secret: needle.secret }
    }
    return weak
  }
}

/** How many bytes of the needle the text ends with, from `start` on, when it ends before the needle does. */
function wrappedPrefix(needle: Buffer, text: Buffer, start: number): { matched: number; atBreak: boolean } | undefined {
  let position = start
  for (let matched = 0; matched < needle.length; matched++) {
    const behindGap = skipGap(text, position, text.length)
    if (behindGap >= text.length) return { matched, atBreak: behindGap > position }
    if (text[behindGap] !== needle[matched]) return undefined
    position = behindGap + 1
  }
  return undefined
}

function append<Key, Item>(lists: Map<Key, Item[]>, key: Key, item: Item): void {
  const list = lists.get(key)
  if (list) list.push(item)
  else lists.set(key, [item])
}
