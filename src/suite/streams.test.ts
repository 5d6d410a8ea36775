import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { CheckContext } from '../model/check.ts'
import type { SseEvent } from '../sse/event.ts'
import { events } from '../targets/kheish/events.ts'
import { eventsOf, reaches } from './streams.ts'

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
