import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { judgeWatched, type WatchedStream } from './watched-buffering.ts'

/** An idle stream, watched for three seconds, that had nothing to say. */
const IDLE: WatchedStream = {
  headAtMs: 1_000,
  firstByteAtMs: undefined,
  untilMs: 4_000,
  bytes: 0,
  events: [],
  heartbeats: [],
  heartbeatWithinMs: undefined,
  stalledInsideMs: 0,
  owed: false,
  tail: undefined,
}
const REPLAYED = { firstByteAtMs: 1_004, bytes: 900, events: [1_004, 1_004, 1_005] }

describe('judgeWatched', () => {
  const cases: readonly (readonly [string, Partial<WatchedStream>, string, RegExp])[] = [
    ['nothing, for a while', {}, 'unknown, unknown', /too little/],
    ['nothing, for longer than a heartbeat takes', { heartbeatWithinMs: 2_000 }, 'buffered, likely', /not even/],
    ['nothing, for less', { heartbeatWithinMs: 20_000 }, 'unknown, unknown', /too little/],
    ['nothing, where something is owed', { owed: true }, 'buffered, likely', /not a byte of them came in 3 s/],
    ['a small replay at once', REPLAYED, 'passes, likely', /900 bytes, less than buffers hold/],
    ['a large replay at once, which hides a buffer', { ...REPLAYED, bytes: 9_000 }, 'unknown, unknown', /too little/],
    [
      'a replay that is late',
      { ...REPLAYED, firstByteAtMs: 2_010, owed: true },
      'buffered, likely',
      /first byte of a replay came 1010 ms after the head/,
    ],
    ['an event that is late, and may be new', { ...REPLAYED, firstByteAtMs: 2_010 }, 'unknown, unknown', /too little/],
    ['an event in part', { ...REPLAYED, stalledInsideMs: 400 }, 'buffered, likely', /in part for 400 ms/],
    [
      'the newest event alone',
      { tail: { bytes: 300, cameMs: 20, waitedMs: 20 } },
      'passes, likely',
      /alone, came in 20 ms/,
    ],
    [
      'a newest event so large that it fills a buffer',
      { tail: { bytes: 3_000, cameMs: 20, waitedMs: 20 } },
      'unknown, unknown',
      /too little/,
    ],
    [
      'a newest event that is late',
      { tail: { bytes: 300, cameMs: 1_900, waitedMs: 1_900 } },
      'buffered, likely',
      /came after 1.9 s/,
    ],
    [
      'a newest event that does not come, though the replay did',
      { ...REPLAYED, tail: { bytes: 0, cameMs: undefined, waitedMs: 5_000 } },
      'buffered, likely',
      /did not come in 5 s/,
    ],
    ['a heartbeat alone', { ...REPLAYED, heartbeats: [11_004] }, 'passes, likely', /alone, 10 s after all before/],
    ['a heartbeat and no event', { firstByteAtMs: 11_000, heartbeats: [11_000] }, 'passes, likely', /10 s after/],
    [
      'a heartbeat together with the event before it',
      { ...REPLAYED, bytes: 9_000, events: [20_000], heartbeats: [20_001] },
      'buffered, likely',
      /together with an event/,
    ],
    [
      'a heartbeat that events follow',
      { ...REPLAYED, bytes: 9_000, events: [1_004, 11_500], heartbeats: [11_004] },
      'passes, likely',
      /alone, 10 s/,
    ],
    [
      'heartbeats as regular as they are sent',
      { heartbeats: [11_000, 21_000, 31_004] },
      'passes, sure',
      /3 heartbeats/,
    ],
    ['heartbeats in one piece', { heartbeats: [31_000, 31_000, 31_000] }, 'buffered, sure', /two of them 0 ms apart/],
    [
      'heartbeats in one piece, after what came at once',
      { ...REPLAYED, heartbeats: [31_000, 31_001] },
      'buffered, sure',
      /1 ms apart/,
    ],
  ]
  for (const [title, watched, verdict, why] of cases) {
    test(`${title}: ${verdict}`, () => {
      const judged = judgeWatched({ ...IDLE, ...watched })
      assert.equal(`${judged.verdict}, ${judged.confidence}`, verdict, judged.why)
      assert.match(judged.why, why)
    })
  }
})
