import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { daemon } from '../../daemon/subjects.ts'
import type { CheckContext } from '../../model/check.ts'
import { Secret } from '../../model/secret.ts'
import { holdStream } from './held-stream.ts'

/** A stream that ends when somebody ends it, at whichever side. */
async function held() {
  const end = Promise.withResolvers<void>()
  const read = Promise.withResolvers<void>()
  const stream = {
    status: 200,
    headers: {},
    chunks: (async function* () {
      yield Buffer.from(': open\n\n')
      await end.promise
      read.resolve()
    })(),
    close: () => end.resolve(),
  }
  let nowMs = 0
  const context = {
    target: { events: { path: () => '/events' } },
    tools: { clock: { monotonicMs: () => nowMs } },
    signal: new AbortController().signal,
    values: {
      get: (wanted: unknown) => (wanted === daemon ? { instance: { openStream: async () => stream } } : undefined),
    },
  } as unknown as CheckContext
  const it = await holdStream(context, new Secret('leaked', 'the-leaked-token'))
  return {
    it,
    at: (ms: number) => {
      nowMs = ms
    },
    cut: async () => {
      end.resolve()
      await read.promise
      await new Promise(setImmediate)
    },
    ended: read.promise,
  }
}

describe('a stream that somebody holds with the old token', () => {
  test('is cut when the daemon ends it, for ever', async () => {
    const { it, at, cut } = await held()
    at(40)
    assert.deepEqual([it.isOpen(), it.state()], [true, 'still open 40 ms after it was opened'])
    await cut()
    at(90)
    it.close()
    assert.deepEqual([it.isOpen(), it.state()], [false, 'cut 40 ms after it was opened'])
  })

  test('was open until it was let go of, which is no cut of the daemon’s', async () => {
    const { it, at, ended } = await held()
    at(70)
    it.close()
    await ended
    await new Promise(setImmediate)
    at(200)
    assert.deepEqual([it.isOpen(), it.state()], [true, 'still open 70 ms after it was opened'])
  })
})
