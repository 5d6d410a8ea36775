import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { ContinuityJudge, continuity, type Expectation, FINDINGS_KEPT } from './continuity.ts'
import type { SseEvent } from './event.ts'

const EPOCH = 1_760_000_000n << 32n
const big = (offset: number | bigint) => String(EPOCH + BigInt(offset))
const event = (id: string | undefined, data = `data of ${id}`, name = 'output'): SseEvent => ({ id, event: name, data })
const stream = (...offsets: readonly number[]) => offsets.map(offset => event(big(offset)))
const heartbeat = (id?: string) => event(id, '{"type":"heartbeat"}', 'heartbeat')
const gap = (id: string | undefined, reason: string | undefined = 'replay_window') =>
  event(id, JSON.stringify({ type: 'stream_gap', skipped: 3, reason }), 'stream_gap')

const kinds = (events: readonly SseEvent[], expectation?: Expectation) =>
  continuity(events, expectation).findings.map(({ kind, id }) => (id === undefined ? kind : `${kind} ${id}`))

const full = stream(0, 1, 2, 5, 6, 9)

describe('continuity', () => {
  const cases: readonly (readonly [string, readonly SseEvent[], Expectation, readonly string[]])[] = [
    [
      'finds nothing in a replay that is the suffix after its cursor',
      stream(5, 6, 9),
      { after: big(2), reference: full },
      [],
    ],
    ['finds nothing in a whole replay from zero', full, { after: '0', reference: full, expectFirst: big(0) }, []],
    ['lets live events follow the replay', stream(9, 10, 12), { after: big(6), reference: full }, []],
    ['finds nothing lost when the cursor is the newest id', [heartbeat()], { after: big(9), reference: full }, []],
    ['names the first of a replay that is lost', stream(6, 9), { after: big(2), reference: full }, [`lost ${big(5)}`]],
    ['names the last that is lost', stream(5, 6), { after: big(2), reference: full }, [`lost ${big(9)}`]],
    ['finds all lost when nothing comes', [], { after: big(6), reference: full }, [`lost ${big(9)}`, 'empty']],
    [
      'finds the cursor’s own event again',
      stream(2, 5, 6, 9),
      { after: big(2), reference: full },
      [`not-after-cursor ${big(2)}`],
    ],
    ['names a repeated one', stream(5, 6, 6, 9), { after: big(2), reference: full }, [`repeated ${big(6)}`]],
    [
      'names a late one, once',
      stream(6, 5, 9, 5),
      { after: big(2), reference: full },
      [`reordered ${big(5)}`, `repeated ${big(5)}`],
    ],
    [
      'names one that the replay does not have',
      stream(5, 6, 7, 9),
      { after: big(2), reference: full },
      [`not-in-replay ${big(7)}`],
    ],
    ['compares data', [event(big(9), 'other')], { after: big(6), reference: full }, [`changed ${big(9)}`]],
    [
      'compares names',
      [event(big(9), `data of ${big(9)}`, 'trace')],
      { after: big(6), reference: full },
      [`changed ${big(9)}`],
    ],
    ['names another first id', stream(1, 2), { expectFirst: big(0) }, [`wrong-first ${big(1)}`]],
    ['wants something to have come', [], {}, ['empty']],
    ['is content with heartbeats', [heartbeat()], {}, []],
    ['finds an id on a heartbeat', [...stream(1), heartbeat(big(2))], {}, [`id-on-heartbeat ${big(2)}`]],
    ['finds an event without an id', [...stream(1), event(undefined)], {}, ['id-missing']],
    ...['', '-1', '+1', ' 1', '01', '1.0', '0x1', '1e3', 'a', '18446744073709551616', '1\u0661'].map(
      id => [`finds that ${JSON.stringify(id)} is no id`, [event(id)], {}, [`id-not-decimal ${id}`]] as const,
    ),
    ['takes the largest id', [event('18446744073709551614'), event('18446744073709551615')], {}, []],
    ['tells ids apart that one double stands for', stream(1, 2, 3), { consecutive: true }, []],
    ['finds a hole where ids rise by one', stream(1, 2, 4), { consecutive: true }, [`lost ${big(3)}`]],
    ['finds a hole after the cursor', stream(3), { consecutive: true, after: big(1) }, [`lost ${big(2)}`]],
    ['sees a hole that was only filled late', stream(1, 3, 2, 4), { consecutive: true }, [`reordered ${big(2)}`]],
    [
      'sees what is left of a hole',
      stream(1, 5, 3),
      { consecutive: true },
      [`reordered ${big(3)}`, `lost ${big(2)}`, `lost ${big(4)}`],
    ],
    ['does not mind holes elsewhere', stream(1, 2, 4), {}, []],
    ['takes a told gap as told', [gap(big(4)), ...stream(5, 6, 9)], { after: big(0), reference: full }, []],
    [
      'but nothing behind where it says the stream goes on',
      [gap(big(2)), ...stream(6, 9)],
      { after: big(0), reference: full },
      [`lost ${big(5)}`],
    ],
    [
      'takes a gap without a cursor as told up to the next event',
      [...stream(1), gap(undefined, 'live_lag'), ...stream(6, 9)],
      { after: big(0), reference: full },
      [],
    ],
    [
      'and one whose cursor is the event before',
      [...stream(1), gap(big(1), 'live_lag'), ...stream(7, 8)],
      { consecutive: true },
      [],
    ],
    [
      'but not the next hole',
      [...stream(1), gap(big(1), 'live_lag'), ...stream(7, 9)],
      { consecutive: true },
      [`lost ${big(8)}`],
    ],
    [
      'wants a reason of a gap',
      [gap(big(1), ''), event('x', 'no JSON', 'stream_gap')],
      {},
      [`gap-without-reason ${big(1)}`, 'id-not-decimal x'],
    ],
    ['finds a gap that leads back', [...stream(4), gap(big(2))], {}, [`reordered ${big(2)}`]],
  ]
  for (const [title, events, expectation, expected] of cases) {
    test(title, () => assert.deepEqual(kinds(events, expectation).toSorted(), expected.toSorted()))
  }

  test('knows ids that went through a number, with and without something to compare with', () => {
    const before = stream(3, 1029, 2050)
    for (const rounded of [(id: string) => String(Number(id)), (id: string) => String(BigInt(Number(id)))]) {
      const after = before.map(one => ({ ...one, id: rounded(one.id!) }))
      assert.ok(continuity(after).counts['id-rounded'], 'alone')
      const { counts } = continuity(after, { reference: before })
      assert.ok(counts['id-rounded'])
      assert.equal(counts.lost, 3)
    }
    assert.deepEqual(kinds([event('3'), event('1024'), event('9007199254740992')]), [])
  })

  test('tells gaps, counts heartbeats, and gives the cursor to go on from', () => {
    const {
      findings: _,
      counts: _counts,
      ...rest
    } = continuity([gap(big(0), 'restart_epoch'), ...stream(1, 2), heartbeat()])
    const gaps = [{ reason: 'restart_epoch', id: big(0) }]
    assert.deepEqual(rest, { events: 2, heartbeats: 1, gaps, firstId: big(1), lastId: big(2), beyond: 0 })
    assert.equal(continuity([...stream(1), gap(big(7))]).lastId, big(7))
    assert.equal(continuity([heartbeat()], { after: big(3) }).lastId, big(3))
    assert.equal(continuity(stream(8, 10, 11), { after: big(6), reference: full }).beyond, 2)
  })

  test('goes by other names where a daemon has them', () => {
    const names = { heartbeat: 'ping', gap: 'missed' }
    const events = [event(undefined, '', 'ping'), event(undefined, '{"reason":"slow"}', 'missed')]
    const judged = continuity(events, names)
    assert.deepEqual([judged.heartbeats, judged.gaps, judged.findings], [1, [{ reason: 'slow', id: undefined }], []])
    assert.deepEqual(Object.keys(continuity([heartbeat()], names).counts), ['id-missing'])
  })

  test('keeps few findings of many, and counts them all', () => {
    const { findings, counts } = continuity(Array.from({ length: 1_000 }, () => event(undefined)))
    assert.deepEqual([findings.length, counts], [FINDINGS_KEPT, { 'id-missing': 1_000 }])
  })

  test('refuses a cursor that is none', () => {
    assert.throws(() => new ContinuityJudge({ after: '1.5' }), { name: 'RangeError', message: '"1.5" is no event id' })
  })

  test('remembers ids in half a megabyte, however long the stream is', () => {
    const judge = new ContinuityJudge()
    for (let index = 0; index < 200_000; index++) judge.add(event(big(2 * index), ''))
    for (const kept of [134_500, 140_000, 199_998]) judge.add(event(big(2 * kept), ''))
    judge.add(event(big(2 * 199_000 + 1), ''))
    for (const forgotten of [0, 1, 60_000, 134_000]) judge.add(event(big(2 * forgotten), ''))
    assert.deepEqual(judge.end().counts, { repeated: 3, reordered: 5 })
  })

  describe('for any stream', () => {
    const ids = fc.uniqueArray(fc.bigInt(1n, 2n ** 64n - 1n), { minLength: 3, maxLength: 60 }).map(values => {
      const sorted = values.toSorted((a, b) => (a < b ? -1 : 1))
      return sorted.map(value => event(String(value)))
    })
    const streamAndPlace = ids.chain(events => fc.tuple(fc.constant(events), fc.nat(events.length - 2)))
    const only = (events: readonly SseEvent[], reference: readonly SseEvent[], expectation: Expectation = {}) =>
      Object.fromEntries(
        Object.entries(continuity(events, { reference, ...expectation }).counts).filter(
          ([kind]) => kind !== 'id-rounded',
        ),
      )

    test('every suffix after one of its ids is continuous', () =>
      fc.assert(
        fc.property(streamAndPlace, ([events, place]) => {
          const after = events[place]!.id!
          assert.deepEqual(only(events.slice(place + 1), events, { after }), {})
        }),
      ))

    test('one left out is one lost', () =>
      fc.assert(
        fc.property(streamAndPlace, ([events, place]) =>
          assert.deepEqual(only(events.toSpliced(place, 1), events), { lost: 1 }),
        ),
      ))

    test('one given twice is one repeated, wherever it comes again', () =>
      fc.assert(
        fc.property(streamAndPlace, fc.nat(), ([events, place], later) => {
          const at = place + 1 + (later % (events.length - place))
          assert.deepEqual(only(events.toSpliced(at, 0, events[place]!), events), { repeated: 1 })
        }),
      ))

    test('two that change places are one reordered', () =>
      fc.assert(
        fc.property(streamAndPlace, ([events, place]) => {
          const swapped = events.toSpliced(place, 2, events[place + 1]!, events[place]!)
          assert.deepEqual(only(swapped, events), { reordered: 1 })
        }),
      ))
  })
})
