import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { daemon } from '../daemon/subjects.ts'
import type { CheckContext } from '../model/check.ts'
import type { SseEvent } from '../sse/event.ts'
import { events } from '../targets/kheish/events.ts'
import { eventsOf, reaches, readStream } from './streams.ts'

const context = { target: { events } } as unknown as CheckContext
const event = (id: string | undefined, name = 'output', data: object = {}): SseEvent => ({
  id,
  event: name,
  data: JSON.stringify({ type: name, ...data }),
})

describe('what ends the reading of a stream', () => {
  const cases: readonly (readonly [string, readonly SseEvent[], number])[] = [
    ['the event itself, beyond what a double holds', [event('9007199254740993'), event('9007199254740994')], 1],
    ['a newer one, when it was lost', [event('9007199254740991'), event('9007199254740999')], 1],
    ['so many events, when their ids were rounded down', [event('1'), event('1'), event('1')], 2],
  ]
  for (const [title, given, index] of cases) {
    test(title, () => {
      const isLast = reaches(context, '9007199254740994', 3)
      assert.equal(given.findIndex(isLast), index)
    })
  }

  test('neither a heartbeat nor a gap', () => {
    const isLast = reaches(context, '7', 1)
    assert.deepEqual([event(undefined, 'heartbeat'), event('9', 'stream_gap'), event('7')].map(isLast), [
      false,
      false,
      true,
    ])
  })
})

describe('reading a stream', { timeout: 10_000 }, () => {
  const read = (
    frames: AsyncIterable<string>,
    silence?: { first: number; next: number },
    ready: Promise<void> = Promise.resolve(),
  ) => {
    const instance = {
      request: () => ready.then(() => ({ status: 200, headers: {}, text: 'ready' })),
      openStream: async () => ({
        status: 200,
        headers: {},
        chunks: (async function* () {
          for await (const frame of frames) yield Buffer.from(frame)
        })(),
        close: () => {},
      }),
    }
    const asked = {
      target: { events, http: { ready: '/ready' } },
      deadlineMs: 5_000,
      signal: new AbortController().signal,
      values: { get: (wanted: unknown) => (wanted === daemon ? { instance } : undefined) },
    } as unknown as CheckContext
    return readStream(asked, '/stream', {}, ({ id }) => id === '2', silence)
  }
  const frame = (id: string) => `id: ${id}\nevent: output\ndata: {}\n\n`
  const never = new Promise<string>(() => {})

  test('goes on after the last event, until the daemon has answered what it was asked then', async () => {
    const ready = Promise.withResolvers<void>()
    const { events: came, late } = await read(
      (async function* () {
        yield frame('1')
        yield frame('2')
        yield frame('2')
        ready.resolve()
        yield await never
      })(),
      undefined,
      ready.promise,
    )
    assert.deepEqual([came.map(({ id }) => id), late], [['1', '2', '2'], false])
  })

  test('is late where only heartbeats come', async () => {
    const { late } = await read(
      (async function* () {
        for (;;) {
          yield 'event: heartbeat\ndata: {}\n\n'
          await new Promise(resolve => setTimeout(resolve, 5))
        }
      })(),
      { first: 100, next: 100 },
    )
    assert.equal(late, true)
  })
})

test('events belong to the session and the run that they name, and only some kinds are on the stream of a run', () => {
  const all = [
    event('1', 'session_state_changed', { session_id: 's' }),
    event('2', 'run_updated', { run: { session_id: 's', run_id: 'r' } }),
    event('3', 'trace', { trace: { session_id: 'other', run_id: 'r2' } }),
    event('4', 'runtime_updated', { runtime: {} }),
    event('5', 'output', { output: { session_id: 's', run_id: 'r' } }),
    event('6', 'stream_gap', {}),
    event(undefined, 'heartbeat', {}),
  ]
  const ids = (scope: 'global' | 'session' | 'run', id: string) => eventsOf(context, all, scope, id).map(one => one.id)
  assert.deepEqual(ids('global', ''), ['1', '2', '3', '4', '5'])
  assert.deepEqual(ids('session', 's'), ['1', '2', '5'])
  assert.deepEqual(ids('run', 'r'), ['2', '5'])
})
