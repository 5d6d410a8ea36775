import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { differencesOf } from './differences.ts'
import { findingsOf } from './findings.ts'
import type { Came, Resumed, StreamFacts } from './stream-facts.ts'
import type { NotedEvent } from './watch-stream.ts'

const event = (id: string, more: Partial<NotedEvent> = {}): NotedEvent => ({
  id,
  event: 'output',
  data: `digest-${id}`,
  arrivedAtMs: 10,
  bytes: 90,
  ...more,
})
const came = (events: readonly NotedEvent[], gaps: readonly NotedEvent[] = []): Came => ({
  events,
  gaps,
  trouble: undefined,
})
const ALL = ['1', '2', '3', '4'].map(id => event(id))
const BEHIND = ALL.slice(2)
const GAP = event('2', { event: 'stream_gap', data: '{"reason":"replay_window"}' })

/** A stream that is as it should be. */
const FINE: StreamFacts = {
  names: { cursor: 'cursor', heartbeat: 'heartbeat', gap: 'stream_gap', invalidCursorCode: 'invalid' },
  http2Asked: false,
  head: {
    status: 200,
    headers: { 'content-type': 'text/event-stream' },
    protocol: 'http/1.1',
    headMs: 2,
    firstByteMs: 4,
  },
  control: { ...came(ALL), comments: 0, bytes: 400 },
  heartbeatWithinMs: undefined,
}
const resumed = (reading: Came, more: Partial<Resumed> = {}): Resumed => ({
  what: 'Last-Event-ID',
  status: 200,
  after: '2',
  came: reading,
  late: false,
  ...more,
})
const find = (facts: Partial<StreamFacts>, id: string) =>
  findingsOf({ ...FINE, ...facts }).find(one => one.id === id) ?? assert.fail(`nothing is said of ${id}`)

describe('a reading from the middle on', () => {
  const cases: readonly (readonly [string, Resumed, 'ok' | 'failed', RegExp])[] = [
    ['with all that is behind', resumed(came(BEHIND)), 'ok', /"events":2/],
    ['with what is new besides', resumed(came([...BEHIND, event('5')])), 'ok', /"events":2/],
    ['without an event', resumed(came([event('4')])), 'failed', /lost: 3/],
    ['without the last', resumed(came([event('3')])), 'failed', /lost: 1 events from 4 on/],
    ['with nothing', resumed(came([]), { late: true }), 'failed', /lost: 2 events from 3 on.*"late":true/],
    ['with the event of the cursor', resumed(came(ALL.slice(1))), 'failed', /not behind the cursor: 2/],
    ['from the beginning', resumed(came(ALL)), 'failed', /before it: 1/],
    ['with one twice', resumed(came([event('3'), event('3'), event('4')])), 'failed', /repeated: 3/],
    ['with the last twice', resumed(came([...BEHIND, event('4')])), 'failed', /repeated: 4/],
    ['in another order', resumed(came([event('4'), event('3')])), 'failed', /before it: 4/],
    ['with other data', resumed(came([event('3', { data: 'other' }), event('4')])), 'failed', /changed: 3/],
    ['with another name', resumed(came([event('3', { event: 'trace' }), event('4')])), 'failed', /changed: 3/],
    ['with a gap', resumed(came(BEHIND, [GAP])), 'failed', /a gap was told of \(replay_window\)/],
    ['that is refused', resumed(came([]), { status: 409 }), 'failed', /"status":409/],
    [
      'without a head',
      resumed({ ...came([]), trouble: { code: 'TIMEOUT', message: 'no head came' } }, { status: undefined }),
      'failed',
      /TIMEOUT: no head came/,
    ],
    [
      'that breaks off behind all',
      resumed({ ...came(BEHIND), trouble: { code: 'TARGET_UNREACHABLE', message: 'broke off' } }),
      'failed',
      /broke off/,
    ],
  ]
  for (const [title, reading, outcome, actual] of cases) {
    test(`${title}: ${outcome}`, () => {
      const found = find({ resumed: [reading] }, 'replay-header')
      assert.equal(found.outcome, outcome, JSON.stringify(found))
      assert.match(JSON.stringify(found.actual), actual)
    })
  }
})

describe('an unknown cursor', () => {
  const stranger = (what: 'newer than all' | 'older than all', status: number | undefined, reading: Came) => ({
    strangers: [{ what, status, came: reading }],
  })
  const silent: Came = { ...came([]), trouble: { code: 'TIMEOUT', message: 'no head came' } }
  const cases: readonly (readonly [string, Partial<StreamFacts>, 'cursor-newer' | 'cursor-older', 'ok' | 'failed'])[] =
    [
      ['newer: nothing comes', stranger('newer than all', 200, came([])), 'cursor-newer', 'ok'],
      ['newer: what is new comes', stranger('newer than all', 200, came([event('5')])), 'cursor-newer', 'ok'],
      ['newer: all comes again', stranger('newer than all', 200, came(ALL)), 'cursor-newer', 'failed'],
      ['newer: it is refused', stranger('newer than all', 400, came([])), 'cursor-newer', 'ok'],
      ['newer: it breaks the server', stranger('newer than all', 500, came([])), 'cursor-newer', 'failed'],
      [
        'newer: not even a head, on an idle stream',
        stranger('newer than all', undefined, silent),
        'cursor-newer',
        'ok',
      ],
      ['older: all comes, after a gap', stranger('older than all', 200, came(ALL, [GAP])), 'cursor-older', 'ok'],
      ['older: not all comes', stranger('older than all', 200, came(BEHIND, [GAP])), 'cursor-older', 'failed'],
      ['older: nothing comes', stranger('older than all', undefined, silent), 'cursor-older', 'failed'],
      ['older: it is refused', stranger('older than all', 410, came([])), 'cursor-older', 'ok'],
    ]
  for (const [title, facts, id, outcome] of cases)
    test(`${title}: ${outcome}`, () => assert.equal(find(facts, id).outcome, outcome))
})

describe('a head', () => {
  const headed = (headers: Record<string, string>) => ({ head: { ...FINE.head!, headers } })
  const cases: readonly (readonly [string, string, 'ok' | 'failed'])[] = [
    ['content-type', 'text/event-stream; charset=utf-8', 'ok'],
    ['content-type', 'Text/Event-Stream', 'ok'],
    ['content-type', 'text/event-streams', 'failed'],
    ['content-type', 'application/json', 'failed'],
    ['cache-control', 'no-store', 'ok'],
    ['cache-control', 'private, no-cache', 'ok'],
    ['cache-control', 'max-age=0', 'ok'],
    ['cache-control', 's-maxage=10', 'failed'],
    ['cache-control', 'public', 'failed'],
  ]
  for (const [name, value, outcome] of cases)
    test(`with ${name}: ${value} is ${outcome}`, () => {
      assert.equal(find(headed({ 'content-type': 'text/event-stream', [name]: value }), name).outcome, outcome)
    })
})

describe('a first byte through a proxy', () => {
  const after = (firstByteMs: number) => ({ facts: { ...FINE, head: { ...FINE.head!, firstByteMs } }, findings: [] })
  const cases: readonly (readonly [number, 'ok' | 'failed', RegExp])[] = [
    [5, 'ok', /^5 ms$/],
    [200, 'ok', /^200 ms$/],
    [1_009, 'failed', /^the proxy buffers: first byte 1009 ms vs 4 ms$/],
  ]
  for (const [milliseconds, outcome, says] of cases) {
    test(`after ${milliseconds} ms, direct after 4 ms: ${outcome}`, () => {
      const found = differencesOf(after(4), after(milliseconds)).find(({ id }) => id === 'proxy-first-byte')
      assert.equal(found?.outcome, outcome)
      assert.match(String(found?.actual), says)
    })
  }
})
