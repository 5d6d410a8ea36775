import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { type Hit, type Needle, NeedleSearch } from './qgram.ts'
import { StreamSearch } from './stream-search.ts'

/** Few different bytes, so that accidental and overlapping occurrences are common. */
const bytes = (minLength: number, maxLength: number) =>
  fc.array(fc.constantFrom(0, 65, 66, 255), { minLength, maxLength }).map(items => Uint8Array.from(items))

const plain = (needle: Uint8Array): Needle => ({ bytes: needle, wraps: false })

function byIndexOf(text: Buffer, needles: readonly Uint8Array[]): string[] {
  const found: string[] = []
  for (const [needle, wanted] of needles.entries()) {
    for (let at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, at + 1))
      found.push(`${needle}@${at}-${at + wanted.length}`)
  }
  return found.sort()
}

const shown = (hits: readonly Hit[]) => hits.map(hit => `${hit.needle}@${hit.start}-${hit.end}`).sort()

/** Text with some of the needles in it, cut into pieces of random size. */
const planted = fc.array(bytes(8, 40), { minLength: 1, maxLength: 12 }).chain(needles =>
  fc.record({
    needles: fc.constant(needles),
    parts: fc.array(fc.oneof(bytes(0, 30), fc.constantFrom(...needles)), { maxLength: 20 }),
    cuts: fc.array(fc.nat(500), { maxLength: 12 }),
    chunkBytes: fc.integer({ min: 1, max: 64 }),
  }),
)

describe('NeedleSearch', () => {
  test('finds exactly what indexOf finds', () => {
    fc.assert(
      fc.property(planted, ({ needles, parts }) => {
        const text = Buffer.concat(parts)
        assert.deepEqual(shown(new NeedleSearch(needles.map(plain)).find(text)), byIndexOf(text, needles))
      }),
      { numRuns: 1500 },
    )
  })

  test('finds the same whether the needles were there from the start or came one after the other', () => {
    fc.assert(
      fc.property(planted, ({ needles, parts }) => {
        const text = Buffer.concat(parts)
        const grown = new NeedleSearch()
        for (const needle of needles) grown.add([plain(needle)])
        const whole = new NeedleSearch(needles.map(plain))
        assert.deepEqual(grown.find(text), whole.find(text))
        assert.equal(grown.longestSpan, whole.longestSpan)
      }),
      { numRuns: 300 },
    )
  })

  test('finds each of so many needles that its tables have grown several times, wherever it stands', () => {
    const needles = Array.from({ length: 200 }, () => plain(randomBytes(40)))
    const search = new NeedleSearch()
    for (const needle of needles) search.add([needle])
    for (let before = 0; before < 40; before++) {
      const hits = search.find(Buffer.concat([Buffer.alloc(before), ...needles.map(({ bytes }) => bytes)]))
      assert.deepEqual(
        hits.map(({ needle, start }) => [needle, start]),
        needles.map((_, index) => [index, before + index * 40]),
      )
    }
  })

  test('finds the same however the stream was cut', () => {
    fc.assert(
      fc.property(planted, ({ needles, parts, cuts, chunkBytes }) => {
        const text = Buffer.concat(parts)
        const stream = new StreamSearch(new NeedleSearch(needles.map(plain)), chunkBytes)
        const edges = [0, ...cuts.map(cut => Math.min(cut, text.length)).sort((a, b) => a - b), text.length]
        const hits = edges.slice(1).flatMap((edge, index) => stream.push(text.subarray(edges[index], edge)))
        assert.deepEqual(shown(hits), byIndexOf(text, needles))
        assert.equal(stream.received, text.length)
      }),
      { numRuns: 1500 },
    )
  })

  test('finds a needle that wraps with a break at any place, and says where it ends', () => {
    const needle: Needle = { bytes: Buffer.from('abcdefghijklmnopqrstuvwxyz0123456789'), wraps: true }
    const search = new NeedleSearch([needle])
    for (const lineEnd of ['', '\n', '\r\n', '\n\t  ', '\\n', '\\\\r\\\\n', '\\r\\n      ']) {
      for (let at = 1; at < needle.bytes.length; at++) {
        const whole = Buffer.from(needle.bytes).toString()
        const text = Buffer.from(`>>${whole.slice(0, at)}${lineEnd}${whole.slice(at)}<<`)
        assert.deepEqual(
          search.find(text),
          [{ needle: 0, start: 2, end: text.length - 2 }],
          JSON.stringify(text.toString()),
        )
      }
    }
  })

  test('does not take a needle that may not wrap across a line', () => {
    const search = new NeedleSearch([plain(Buffer.from('abcdefghijklmnop'))])
    assert.deepEqual(search.find(Buffer.from('abcdefgh\nijklmnop')), [])
  })

  test('finds nothing in a part of the needle', () => {
    const needle = Buffer.from('abcdefghijklmnopqrstuvwxyz')
    for (const wraps of [true, false]) {
      const search = new NeedleSearch([{ bytes: needle, wraps }])
      assert.deepEqual(search.find(needle.subarray(1)), [])
      assert.deepEqual(search.find(needle.subarray(0, -1)), [])
    }
  })

  test('refuses a needle it could not search for', () => {
    assert.throws(() => new NeedleSearch([plain(Buffer.from('1234567'))]), RangeError)
  })
})
