import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Buffering, judgeSent, type SentEvent, strongest } from './buffering.ts'

/** One every 200 ms, each of 80 bytes; `came` says when each arrived. */
function sent(came: readonly (number | undefined)[], { everyMs = 200, bytes = 80 } = {}): SentEvent[] {
  return came.map((arrivedAtMs, index) => ({ sentAtMs: index * everyMs, arrivedAtMs, bytes }))
}

const AT_ONCE = [2, 203, 401, 604, 802]
const IN_ONE_PIECE = [802, 802, 802, 802, 802]
const HOUR = 3_600_000
const shifted = (came: readonly number[], byMs: number) => came.map(one => one + byMs)
const short = ({ verdict, confidence }: Buffering) => `${verdict}, ${confidence}`

describe('judgeSent', () => {
  const cases: readonly (readonly [string, readonly SentEvent[], boolean, string, RegExp])[] = [
    ['events that come when they are sent', sent(AT_ONCE), true, 'passes, sure', /lag up to 4 ms, 800 of 800 ms/],
    ['events that come together at the end', sent(IN_ONE_PIECE), true, 'buffered, sure', /lag up to 802 ms, 0 of 800/],
    ['the same by clocks an hour apart', sent(shifted(AT_ONCE, HOUR)), false, 'passes, sure', /lag up to 3 ms/],
    ['the same by clocks an hour behind', sent(shifted(AT_ONCE, -HOUR)), false, 'passes, sure', /lag up to 3 ms/],
    ['events together by clocks an hour apart', sent(shifted(IN_ONE_PIECE, HOUR)), false, 'buffered, sure', /800 ms/],
    [
      'stamps that lie in the future of a clock said to be ours',
      sent(shifted(AT_ONCE, -HOUR)),
      true,
      'passes, sure',
      /lag up to 3 ms/,
    ],
    ['two halves', sent([400, 400, 401, 803, 803, 1_003]), true, 'buffered, likely', /came late/],
    ['each event with the one after it', sent([200, 400, 600, 800, 1_000]), true, 'buffered, likely', /5 of 5 events/],
    ['one event that is late', sent([2, 203, 560, 604, 802]), true, 'unknown, unknown', /a pause explains/],
    ['a stream that fills buffers', sent(AT_ONCE, { bytes: 3_000 }), true, 'unknown, unknown', /4500 bytes in 100 ms/],
    [
      'events in a quick succession',
      sent([1, 21, 41, 61, 81, 101, 121], { everyMs: 20, bytes: 500 }),
      true,
      'unknown, unknown',
      /1750 bytes in 50 ms/,
    ],
    [
      'many small events, slowly',
      sent(Array.from({ length: 50 }, (_, n) => n * 200 + 3)),
      true,
      'passes, sure',
      /each/,
    ],
    [
      'a stream that fills buffers and is held back all the same',
      sent(IN_ONE_PIECE, { bytes: 3_000 }),
      true,
      'buffered, sure',
      /together/,
    ],
    ['events sent all at once', sent([1, 2, 3], { everyMs: 1 }), true, 'unknown, unknown', /more slowly/],
    ['one event', sent([2]), true, 'unknown, unknown', /no spread/],
    ['two events', sent([2, 202]), true, 'passes, likely', /each event/],
    ['no event at all', [], true, 'unknown, unknown', /no spread/],
    ['nothing that came', sent([undefined, undefined, undefined]), true, 'buffered, likely', /none of 3/],
    ['an end that did not come', sent([2, 203, undefined, undefined]), true, 'buffered, likely', /the last 2 of 4/],
    ['one lost in between', sent([2, undefined, 403, 603, 801]), true, 'passes, sure', /each event/],
  ]
  for (const [title, events, sameClock, verdict, why] of cases) {
    test(`${title}: ${verdict}`, () => {
      const judged = judgeSent(events, { sameClock })
      assert.equal(short(judged), verdict, judged.why)
      assert.match(judged.why, why)
    })
  }

  test('tells both statistics', () => {
    const { maxLagMs, spreadRatio } = judgeSent(sent(IN_ONE_PIECE), { sameClock: true })
    assert.deepEqual([maxLagMs, spreadRatio], [802, 0])
    assert.equal(judgeSent(sent(AT_ONCE), { sameClock: true }).spreadRatio, 1)
  })
})

describe('strongest', () => {
  const one = (verdict: Buffering['verdict'], confidence: Buffering['confidence']): Buffering => ({
    verdict,
    confidence,
    why: '',
  })
  const cases: readonly (readonly [string, readonly Buffering[], string])[] = [
    ['what is sure before what is likely', [one('buffered', 'likely'), one('passes', 'sure')], 'passes, sure'],
    ['the worse of two that say as much', [one('passes', 'likely'), one('buffered', 'likely')], 'buffered, likely'],
    ['what is likely before nothing', [one('unknown', 'unknown'), one('passes', 'likely')], 'passes, likely'],
    ['nothing of nothing', [], 'unknown, unknown'],
  ]
  for (const [title, verdicts, expected] of cases) test(title, () => assert.equal(short(strongest(verdicts)), expected))
})
