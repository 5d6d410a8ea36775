import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { RunproofError } from '../model/error.ts'
import type { SseEvent } from './event.ts'
import { type ReadLimits, readEvents } from './read-events.ts'

const bytes = (text: string) => Buffer.from(text, 'utf8')

async function* chunksOf(...pieces: readonly (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) yield typeof piece === 'string' ? bytes(piece) : piece
}

interface Outcome {
  readonly events: SseEvent[]
  readonly code: string | undefined
  readonly message: string
}

async function collect(chunks: AsyncIterable<Uint8Array>, limits?: ReadLimits): Promise<Outcome> {
  const events: SseEvent[] = []
  try {
    for await (const event of readEvents(chunks, limits)) events.push(event)
  } catch (error) {
    const { code, message } = error as RunproofError
    return { events, code, message }
  }
  return { events, code: undefined, message: '' }
}

/** Cut at each of the given places, in whatever order they are. */
function split(whole: Uint8Array, places: readonly number[]): Uint8Array[] {
  const cuts = [0, ...places.map(place => place % (whole.length + 1)).sort((a, b) => a - b), whole.length]
  return cuts.slice(1).map((cut, index) => whole.subarray(cuts[index], cut))
}

const event = (data: string, rest: Partial<SseEvent> = {}): SseEvent => ({
  id: undefined,
  event: 'message',
  data,
  ...rest,
})

/** Of the format tests of the web platform and of LaunchDarkly's contract tests, what concerns a reader of events. */
const cases: readonly (readonly [title: string, stream: string | Uint8Array, events: readonly SseEvent[]])[] = [
  ['one line', 'data: a\n\n', [event('a')]],
  ['no blank after the colon', 'data:a\n\n', [event('a')]],
  ['one of two blanks is taken away', 'data:  a\n\n', [event(' a')]],
  ['several lines of data', 'data: a\ndata: b\ndata\ndata: c\n\n', [event('a\nb\n\nc')]],
  ['empty data is an event', 'data:\n\ndata\n\n', [event(''), event('')]],
  ['a name and an id', 'id: 7\nevent: output\ndata: a\n\n', [event('a', { id: '7', event: 'output' })]],
  ['an empty name is message', 'event:\ndata: a\n\n', [event('a')]],
  ['an id is not carried on', 'id: 1\ndata: a\n\ndata: b\n\n', [event('a', { id: '1' }), event('b')]],
  ['an empty id is one', 'id:\ndata: a\n\n', [event('a', { id: '' })]],
  ['an id with NUL is none', 'id: 1\0\ndata: a\n\n', [event('a')]],
  [
    'an id beyond 2^53 stays what it is',
    'id: 7559142440960000003\ndata: a\n\n',
    [event('a', { id: '7559142440960000003' })],
  ],
  ['the last of two ids counts', 'id: 1\nid: 2\ndata: a\n\n', [event('a', { id: '2' })]],
  ['a name is not carried on to the next event', 'event: x\n\ndata: a\n\n', [event('a')]],
  ['no data, no event', 'id: 1\nevent: x\n\n', []],
  ['comments and unknown fields are passed over', ': hello\ndata: a\nfoo: b\n:\n\n: more\n\n', [event('a')]],
  ['names of fields are exact', 'Data: a\n data: b\ndata: c\n\n', [event('c')]],
  ['retry is passed over', 'retry: 10\ndata: a\n\nretry: x\ndata: b\n\n', [event('a'), event('b')]],
  ['CR LF', 'id: 1\r\ndata: a\r\n\r\ndata: b\r\n\r\n', [event('a', { id: '1' }), event('b')]],
  ['CR alone', 'id: 1\rdata: a\r\rdata: b\r\r', [event('a', { id: '1' }), event('b')]],
  [
    'ends of lines mixed',
    'data: a\r\ndata: b\n\rdata: c\n\n\r\n\rdata: d\r\r\n',
    [event('a\nb'), event('c'), event('d')],
  ],
  ['blank lines around', '\n\n\r\n\rdata: a\n\n\n\n\ndata: b\n\n', [event('a'), event('b')]],
  ['a byte order mark is taken away, once', '\uFEFFdata: a\n\n\uFEFFdata: b\n\ndata: c\n\n', [event('a'), event('c')]],
  ['a second one is text', '\uFEFF\uFEFFdata: a\n\ndata: b\n\n', [event('b')]],
  ['bytes of a mark in text are text', 'data: \uFEFF\u00EF\u00BB\u00BF\n\n', [event('\uFEFF\u00EF\u00BB\u00BF')]],
  ['characters of two, three and four bytes', 'data: ü€😀\n\ndata: 中\n\n', [event('ü€😀'), event('中')]],
  ['what the end cuts off is no event', 'data: a\n\nid: 2\ndata: b\n', [event('a')]],
  ['nothing at all', '', []],
]

describe('readEvents', () => {
  for (const [title, stream, expected] of cases) {
    const whole = typeof stream === 'string' ? bytes(stream) : stream
    test(`${title}, however it is cut in two`, async () => {
      assert.deepEqual(await collect(chunksOf(whole)), { events: expected, code: undefined, message: '' })
      for (let place = 0; place <= whole.length; place++) {
        const { events } = await collect(chunksOf(...split(whole, [place])))
        assert.deepEqual(events, expected, `cut at ${place}`)
      }
      const single = Array.from(whole, byte => Uint8Array.of(byte))
      assert.deepEqual((await collect(chunksOf(...single))).events, expected, 'byte by byte')
    })
  }

  test('any stream cut anywhere gives the same events, and the same error', async () => {
    const line = fc.oneof(
      fc.constantFrom(
        'data: ',
        'data',
        'id: 18446744073709551615',
        'event: x',
        ': c',
        'retry: 1',
        '',
        '',
        'é',
        '\uFEFF',
      ),
      fc.string({ unit: 'binary', maxLength: 12 }).map(text => `data: ${text}`),
    )
    const lines = fc.array(fc.tuple(line, fc.constantFrom('\n', '\r', '\r\n')), { maxLength: 30 })
    const broken = fc.option(fc.uint8Array({ maxLength: 4 }), { nil: new Uint8Array() })
    const places = fc.array(fc.nat(), { maxLength: 12 })
    await fc.assert(
      fc.asyncProperty(lines, broken, lines, places, async (before, middle, after, cuts) => {
        const text = (part: typeof before) => bytes(part.flat().join(''))
        const whole = Buffer.concat([text(before), middle, text(after)])
        const limits = { maxEventBytes: 40, maxNoiseBytes: 30, maxEvents: 8 }
        const expected = await collect(chunksOf(whole), limits)
        assert.deepEqual(await collect(chunksOf(...split(whole, cuts)), limits), expected)
      }),
      { numRuns: 1_500 },
    )
  })

  test('what was written as events is read as them', async () => {
    const text = fc.string({ unit: 'grapheme' }).map(one => one.replace(/[\r\n\0]/g, ''))
    const one = fc.record({
      id: fc.option(fc.bigInt(0n, 2n ** 64n - 1n).map(String), { nil: undefined }),
      event: text,
      data: text,
    })
    await fc.assert(
      fc.asyncProperty(fc.array(one), fc.array(fc.nat()), async (events, cuts) => {
        const stream = events.map(
          ({ id, event: name, data }) => `${id === undefined ? '' : `id: ${id}\n`}event: ${name}\ndata: ${data}\n\n`,
        )
        const read = await collect(chunksOf(...split(bytes(stream.join('')), cuts)))
        assert.deepEqual(
          read.events,
          events.map(each => ({ ...each, event: each.event === '' ? 'message' : each.event })),
        )
      }),
    )
  })

  test('an event is given when its blank line is there, not with the one after it', async () => {
    const released = Promise.withResolvers<void>()
    async function* chunks() {
      yield bytes('data: a\r\n\r')
      await released.promise
      yield bytes('\ndata: b\n\n')
    }
    const events = readEvents(chunks())
    assert.equal((await events.next()).value?.data, 'a')
    released.resolve()
    assert.equal((await events.next()).value?.data, 'b')
  })

  test('every event has the time its last byte came', async () => {
    let now = 0
    const read = await collect(chunksOf('data: a\n\ndata: b\n', '\n'), { nowMs: () => ++now })
    assert.deepEqual(
      read.events.map(one => one.arrivedAtMs),
      [1, 2],
    )
  })

  describe('refuses what is no event stream', () => {
    const refused: readonly (readonly [string, readonly (string | Uint8Array)[], ReadLimits, string, RegExp])[] = [
      ['a page', [' \n<!doctype html>'], {}, 'ANSWER_MALFORMED', /a page of HTML or XML/],
      ['a JSON document', ['{"status":"ready"}'], {}, 'ANSWER_MALFORMED', /a JSON document/],
      ['bytes that are not UTF-8', [Uint8Array.of(0x64, 0xff, 10, 10)], {}, 'ANSWER_MALFORMED', /not UTF-8/],
      ['half a character', [bytes('data: é').subarray(0, 7), '\n\n'], {}, 'ANSWER_MALFORMED', /not UTF-8/],
      ['text without fields', ['hello\n\n'.repeat(30)], { maxNoiseBytes: 100 }, 'ANSWER_MALFORMED', /in a row without/],
      ['a short text without fields', ['hello\n\nthere'], {}, 'ANSWER_MALFORMED', /12 bytes without one field/],
      [
        'too long an event',
        ['data: ', 'x'.repeat(100)],
        { maxEventBytes: 100 },
        'BODY_TOO_LARGE',
        /more than 100 bytes/,
      ],
      ['too long a comment', [':', 'x'.repeat(100)], { maxEventBytes: 100 }, 'BODY_TOO_LARGE', /more than 100 bytes/],
      ['too many events', ['data: a\n\n'.repeat(3)], { maxEvents: 2 }, 'BODY_TOO_LARGE', /more than 2 events/],
    ]
    for (const [title, pieces, limits, code, message] of refused) {
      test(`${title}: ${code}`, async () => {
        const read = await collect(chunksOf(...pieces), { name: 'GET /events', ...limits })
        assert.equal(read.code, code)
        assert.match(read.message, message)
        assert.match(read.message, /^GET \/events /)
      })
    }

    test('after the events before it', async () => {
      const read = await collect(chunksOf('data: a\n\n', Uint8Array.of(0xff, 10, 10)))
      assert.deepEqual([read.events, read.code], [[event('a')], 'ANSWER_MALFORMED'])
      const one = Buffer.concat([bytes('data: a\n\n'), Uint8Array.of(0xff, 10, 10)])
      assert.deepEqual((await collect(chunksOf(one))).events, [event('a')])
    })

    test('without holding more of it than the limit', async () => {
      let given = 0
      async function* endless() {
        for (;;) {
          given += 1024
          yield Buffer.alloc(1024, 'x')
        }
      }
      assert.equal((await collect(endless(), { maxEventBytes: 10_000 })).code, 'BODY_TOO_LARGE')
      assert.equal(given, 10_240)
    })

    test('but not one in which other text is less than the limit between events, or blank lines are more', async () => {
      const mixed = await collect(chunksOf('hello\n\ndata: a\n\n'.repeat(30)), { maxNoiseBytes: 100 })
      assert.deepEqual([mixed.events.length, mixed.code], [30, undefined])
      const blank = await collect(chunksOf(`${'\n'.repeat(300)}data: a\n\n`), { maxNoiseBytes: 100 })
      assert.deepEqual([blank.events.length, blank.code], [1, undefined])
    })

    test('but not a stream of comments alone, nor one that ends in its first event', async () => {
      const comments = await collect(chunksOf(': still here\n\n'.repeat(100)), { maxNoiseBytes: 100 })
      assert.deepEqual([comments.events, comments.code], [[], undefined])
      assert.equal((await collect(chunksOf(bytes('data: é').subarray(0, 7)))).code, undefined)
    })

    test('and passes on what its source throws', async () => {
      const failure = new Error('the connection broke off')
      async function* breaks() {
        yield bytes('data: a\n\n')
        throw failure
      }
      const events = readEvents(breaks())
      await events.next()
      await assert.rejects(events.next(), failure)
    })
  })

  describe('ends', () => {
    async function* silent(onEnd: () => void): AsyncGenerator<Uint8Array> {
      try {
        yield bytes('data: a\n\n')
        await new Promise(() => {})
      } finally {
        onEnd()
      }
    }

    test('at its deadline: TIMEOUT', async () => {
      const { events, code } = await collect(
        silent(() => {}),
        { signal: AbortSignal.timeout(20) },
      )
      assert.deepEqual([events.length, code], [1, 'TIMEOUT'])
    })

    test('when it is interrupted, also before it began: INTERRUPTED', async () => {
      const controller = new AbortController()
      const reading = collect(
        silent(() => {}),
        { signal: controller.signal },
      )
      setImmediate(() => controller.abort())
      assert.equal((await reading).code, 'INTERRUPTED')
      assert.equal(
        (
          await collect(
            silent(() => {}),
            { signal: controller.signal },
          )
        ).code,
        'INTERRUPTED',
      )
    })

    test('its source when the reader leaves, and listens to the signal no more', async () => {
      let ended = false
      const controller = new AbortController()
      for await (const _ of readEvents(
        silent(() => (ended = true)),
        { signal: controller.signal },
      ))
        break
      assert.equal(ended, true)
    })
  })
})
