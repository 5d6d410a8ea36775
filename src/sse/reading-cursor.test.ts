import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type ReadingCursor, readEvents } from './read-events.ts'

interface Read {
  /** Of each event: its data, and where a reader would resume after it. */
  readonly after: readonly (readonly [data: string, lastEventId: string])[]
  readonly end: ReadingCursor
}

async function read(...pieces: readonly Uint8Array[]): Promise<Read> {
  async function* chunks() {
    yield* pieces
  }
  const cursor: ReadingCursor = { lastEventId: '', retryMs: undefined }
  const after: [string, string][] = []
  for await (const { data } of readEvents(chunks(), { cursor })) after.push([data, cursor.lastEventId])
  return { after, end: cursor }
}

type After = Read['after']

/** @see https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation */
const cases: readonly (readonly [string, string, After, lastEventId: string, retryMs?: number])[] = [
  ['nothing', '', [], ''],
  ['an id', 'id: 1\ndata: a\n\n', [['a', '1']], '1'],
  ['an id beyond 2^53', 'id: 7559142440960000003\ndata: a\n\n', [['a', '7559142440960000003']], '7559142440960000003'],
  [
    'an id that holds on',
    'id: 1\ndata: a\n\ndata: b\n\n',
    [
      ['a', '1'],
      ['b', '1'],
    ],
    '1',
  ],
  ['an id without data', 'id: 1\ndata: a\n\nid: 2\n\n', [['a', '1']], '2'],
  ['an id without data, and an event', 'id: 1\n\ndata: a\n\n', [['a', '1']], '1'],
  ['an id with an event’s name and no data', 'id: 3\nevent: x\n\ndata: a\n\n', [['a', '3']], '3'],
  [
    'an empty id that takes it back',
    'id: 1\ndata: a\n\nid:\ndata: b\n\n',
    [
      ['a', '1'],
      ['b', ''],
    ],
    '',
  ],
  [
    'an id without a colon that takes it back',
    'id: 1\ndata: a\n\nid\ndata: b\n\n',
    [
      ['a', '1'],
      ['b', ''],
    ],
    '',
  ],
  [
    'an id with NUL, which counts for nothing',
    'id: 1\ndata: a\n\nid: 2\0\ndata: b\n\n',
    [
      ['a', '1'],
      ['b', '1'],
    ],
    '1',
  ],
  ['an id with a blank before it, one of two', 'id:  1\ndata: a\n\n', [['a', ' 1']], ' 1'],
  ['an id without a blank before it', 'id:1\ndata: a\n\n', [['a', '1']], '1'],
  ['an id with a colon in it', 'id: a:b\ndata: a\n\n', [['a', 'a:b']], 'a:b'],
  ['an id that is not ASCII', 'id: ü中\ndata: a\n\n', [['a', 'ü中']], 'ü中'],
  ['the last of two', 'id: 1\nid: 2\ndata: a\n\n', [['a', '2']], '2'],
  ['an id after the data', 'data: a\nid: 1\n\n', [['a', '1']], '1'],
  ['an id of a block that the end cuts off', 'id: 1\ndata: a\n\nid: 2\ndata: b', [['a', '1']], '1'],
  ['the same, but for the blank line', 'id: 1\ndata: a\n\nid: 2\ndata: b\n', [['a', '1']], '1'],
  ['an id in a comment', ':id: 1\ndata: a\n\n', [['a', '']], ''],
  ['an id of another case', 'ID: 1\ndata: a\n\n', [['a', '']], ''],
  ['lines that end in CR LF', 'id: 1\r\ndata: a\r\n\r\nid: 2\r\n\r\n', [['a', '1']], '2'],
  ['lines that end in CR', 'id: 1\rdata: a\r\rid: 2\r\r', [['a', '1']], '2'],
  ['a byte order mark before it', '\uFEFFid: 1\ndata: a\n\n', [['a', '1']], '1'],
  ['a time to wait', 'retry: 3000\n\n', [], '', 3_000],
  ['the last of two times', 'retry: 1\nretry: 20\n\n', [], '', 20],
  ['a time with other things in it', 'retry: 3s\nretry: -1\nretry: 1.5\nretry: 1e3\n\n', [], ''],
  ['no time at all', 'retry\nretry:\n\n', [], ''],
  ['a time of nothing', 'retry: 0\ndata: a\n\n', [['a', '']], '', 0],
]

describe('a reader resumes after', () => {
  for (const [title, stream, after, lastEventId, retryMs] of cases) {
    test(`${title}, however the stream is cut in two`, async () => {
      const whole = Buffer.from(stream)
      const expected: Read = { after, end: { lastEventId, retryMs } }
      for (let place = 0; place <= whole.length; place += 1)
        assert.deepEqual(await read(whole.subarray(0, place), whole.subarray(place)), expected, `cut at ${place}`)
      assert.deepEqual(await read(...Array.from(whole, byte => Uint8Array.of(byte))), expected, 'byte by byte')
    })
  }

  test('what it was given, where it leaves before the rest of a chunk', async () => {
    const cursor: ReadingCursor = { lastEventId: '0', retryMs: undefined }
    async function* chunks() {
      yield Buffer.from('id: 1\ndata: a\n\nid: 2\ndata: b\n\n')
    }
    for await (const _ of readEvents(chunks(), { cursor })) break
    assert.equal(cursor.lastEventId, '1')
  })
})
