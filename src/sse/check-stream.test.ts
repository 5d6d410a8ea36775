import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { http } from '../adapters/http/port.ts'
import { createInterposer } from '../adapters/interposer.ts'
import type { HttpClient } from '../model/http.ts'
import type { Interposition } from '../model/interposer.ts'
import type { CheckSettings } from './ask-stream.ts'
import { StreamCheck } from './check-stream.ts'
import { differencesOf, type Side } from './differences.ts'
import { type Finding, findingsOf } from './findings.ts'
import { type How, startStreamServer } from './testdata/stream-server.ts'

const KNOWN = { cursor: 'cursor', heartbeat: 'heartbeat', gap: 'stream_gap', invalidCursorCode: 'invalid_event_cursor' }
const UNKNOWN = { cursor: 'cursor', heartbeat: undefined, gap: undefined, invalidCursorCode: undefined }

/** For what never comes, which is waited for to its end. */
const SHORTLY = { timeoutMs: 900, heartbeatWithinMs: 500 }

async function check(client: HttpClient, more: Partial<CheckSettings> = {}): Promise<StreamCheck> {
  const settings: CheckSettings = {
    names: KNOWN,
    bearer: undefined,
    events: 200,
    // Nobody waits so long for what comes, but where the machine is busy.
    timeoutMs: 10_000,
    heartbeatWithinMs: 10_000,
    nowMs: () => performance.now(),
    signal: new AbortController().signal,
    ...more,
  }
  const one = new StreamCheck({ client, path: '/events', http2Asked: false }, settings)
  await one.begin()
  await one.resume()
  await one.beat()
  return one
}

const idsOf = (findings: readonly Finding[], outcome: Finding['outcome']) =>
  findings.filter(one => one.outcome === outcome).map(({ id }) => id)
const shown = (findings: readonly Finding[]) => JSON.stringify(findings, null, 1)

async function findings(how: How, more: Partial<CheckSettings> = {}): Promise<readonly Finding[]> {
  await using server = await startStreamServer(how)
  await using client = await http.connect({ baseUrl: server.url })
  const one = await check(client, more)
  one.end()
  return findingsOf(one.facts)
}

const HTML = '<!doctype html><p>Please log in</p>'
const RESUMED = ['replay-header', 'replay-cursor', 'replay-after-cut']

describe('a stream', { concurrency: 4 }, () => {
  test('that is as it should be has nothing found, and everything tested', async () => {
    const all = await findings({})
    assert.deepEqual(idsOf(all, 'failed'), [], shown(all))
    assert.deepEqual(idsOf(all, 'not tested'), [])
    assert.equal(all.length, 16)
  })

  const failing: readonly (readonly [string, How, readonly string[], RegExp, Partial<CheckSettings>?])[] = [
    ['that answers 204', { answer: (_, response) => response.writeHead(204).end() }, ['status', 'content-type'], /204/],
    [
      'that is elsewhere',
      { answer: (_, response) => response.writeHead(302, { location: '/login?next=x' }).end() },
      ['status', 'content-type'],
      /302 to \/login"/,
    ],
    [
      'that needs a token',
      { answer: (_, response) => response.writeHead(401).end() },
      ['status', 'content-type'],
      /401/,
    ],
    [
      'that is a page',
      { answer: (_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end(HTML) },
      ['content-type'],
      /text\/html/,
    ],
    ['that is a page and says it is none', { text: HTML }, ['event-stream', 'heartbeat'], /a page of HTML/],
    ['that never answers', { answer: () => {} }, ['answer'], /TIMEOUT: no whole answer/, SHORTLY],
    ['that hangs up', { answer: request => request.socket.destroy() }, ['answer'], /TARGET_UNREACHABLE/],
    [
      'that may be kept by caches',
      { headers: { 'cache-control': 'public, max-age=60' } },
      ['cache-control'],
      /max-age=60/,
    ],
    [
      'that breaks off in an event',
      {
        answer: (_, response) => {
          response.writeHead(200, { 'content-type': 'text/event-stream' })
          response.write('id: 1\ndata: a\n\nid: 2\nda', () => setTimeout(() => response.destroy(), 50))
        },
      },
      ['event-stream', 'malformed-cursor', 'malformed-header', 'heartbeat'],
      /TARGET_UNREACHABLE/,
    ],
    [
      'that has a line without end',
      { text: `data: ${'x'.repeat(2 ** 20 + 10)}` },
      ['event-stream', 'heartbeat'],
      /BODY_TOO_LARGE/,
    ],
    [
      'that gives a head and nothing else',
      { count: 0, heartbeat: '' },
      ['heartbeat', 'buffering'],
      /not even a heartbeat/,
      SHORTLY,
    ],
    [
      'whose heartbeat has an id',
      { heartbeat: 'id: 9\nevent: heartbeat\ndata: {}\n\n' },
      ['heartbeat'],
      /has the id 9/,
    ],
    ['whose heartbeat is a comment', { heartbeat: ': here\n\n' }, ['heartbeat'], /a comment did/, SHORTLY],
    ['whose events have no id', { text: 'data: a\n\ndata: b\n\n' }, ['ids'], /id-missing/],
    [
      'whose ids fall',
      { text: 'id: 2\ndata: a\n\nid: 1\ndata: b\n\n' },
      ['ids', 'cursor-newer', ...RESUMED],
      /reordered/,
    ],
    ['whose ids are words', { text: 'id: a\ndata: a\n\n' }, ['ids'], /id-not-decimal/],
    [
      'that takes a malformed cursor for none',
      { lenient: true },
      ['malformed-cursor', 'malformed-header'],
      /"200"|200/,
    ],
    ['that replays all where nothing is newer', { newerReplays: true }, ['cursor-newer'], /"replayed":\s*6/],
    ['that leaves out events in silence', { silentGap: true }, ['cursor-older'], /"gaps":\s*\[\]/],
    ['that is compressed without being asked', { headers: { 'content-encoding': 'gzip' } }, ['compression'], /"gzip"/],
    ['that is compressed and not flushed', { gzip: 'held' }, ['compression'], /0 of 6 events came/, SHORTLY],
    [
      'that comes late',
      { lateMs: 1_200 },
      ['first-byte', 'buffering'],
      /after the head/,
      { ...SHORTLY, timeoutMs: 2_500 },
    ],
    [
      'that stops in the middle of an event for a while',
      { text: 'id: 1\nda', heartbeat: 'ta: a\n\n', heartbeatAfterMs: 400 },
      ['heartbeat', 'buffering'],
      /in part for \d+ ms/,
      SHORTLY,
    ],
    [
      'that stays in the middle of an event',
      { text: 'id: 1\ndata: a\n\nid: 2\nda', heartbeat: '' },
      ['heartbeat', 'buffering'],
      /in part/,
      SHORTLY,
    ],
  ]
  for (const [title, how, expected, says, more] of failing) {
    test(`${title}: ${expected.join(', ')}`, async () => {
      const all = await findings(how, more)
      const failed = idsOf(all, 'failed')
      assert.deepEqual(failed.sort(), [...expected].sort(), shown(all))
      assert.match(shown(all), says)
    })
  }

  const fine: readonly (readonly [string, How, readonly string[], Partial<CheckSettings>?])[] = [
    ['that is compressed and flushed', { gzip: 'flushed' }, []],
    [
      'of which nothing is known, and whose comments are heartbeats',
      { heartbeat: ': here\n\n' },
      [],
      { names: UNKNOWN },
    ],
    [
      'of which nothing is known, and whose ids are words',
      { text: 'id: a\ndata: a\n\n', heartbeat: ': x\n\n', lenient: true },
      ['ids', ...RESUMED, 'malformed-cursor', 'malformed-header'],
      { names: UNKNOWN },
    ],
    ['without a heartbeat that was asked for', { heartbeat: '' }, ['heartbeat'], { heartbeatWithinMs: undefined }],
    ['that is never silent', { everyMs: 60, heartbeat: '' }, ['heartbeat'], SHORTLY],
    ['that is empty', { count: 0 }, ['first-byte', 'ids', ...RESUMED], {}],
    ['of more events than are compared', { count: 50 }, [], { events: 20 }],
  ]
  for (const [title, how, notTested, more] of fine) {
    test(`${title} has nothing found`, async () => {
      const all = await findings(how, more)
      assert.deepEqual(idsOf(all, 'failed'), [], shown(all))
      assert.deepEqual(idsOf(all, 'not tested').sort(), [...notTested].sort(), shown(all))
    })
  }
})

describe('a proxy', { concurrency: 4 }, () => {
  async function compare(
    how: Interposition,
    more: Partial<CheckSettings> = {},
  ): Promise<{ side: Side; differences: readonly Finding[] }> {
    await using running = await startStreamServer()
    await using direct = await http.connect({ baseUrl: running.url })
    await using through = await createInterposer().interpose(direct, how)
    const checks = await Promise.all([check(direct, more), check(through, more)])
    const owed = (checks[0].facts.control?.events.length ?? 0) > 0
    checks[0].end()
    checks[1].end(owed)
    const [plain, side] = checks.map(one => ({ facts: one.facts, findings: findingsOf(one.facts) }))
    assert.deepEqual(idsOf(plain!.findings, 'failed'), [])
    return { side: side!, differences: differencesOf(plain!, side!) }
  }

  test('that passes everything on is no worse', async () => {
    const { side, differences } = await compare({})
    assert.deepEqual(idsOf(side.findings, 'failed'), [], shown(side.findings))
    assert.deepEqual(idsOf(differences, 'ok'), ['proxy-first-byte', 'proxy-events', 'proxy'], shown(differences))
  })

  const cases: readonly (readonly [string, Interposition, readonly string[], RegExp, Partial<CheckSettings>?])[] = [
    [
      'that drops Last-Event-ID',
      { dropHeader: 'last-event-id' },
      ['proxy-replay-header', 'proxy-replay-after-cut', 'proxy-malformed-header'],
      /the proxy drops Last-Event-ID/,
      SHORTLY,
    ],
    [
      'that drops the cursor',
      { dropQuery: 'cursor' },
      ['proxy-events', 'proxy-malformed-cursor'],
      /cursor in the query/,
    ],
    [
      'that buffers',
      { stream: { buffer: 2 ** 20 } },
      ['proxy-first-byte', 'proxy-events', 'proxy-heartbeat', 'proxy-buffering'],
      /the proxy buffers/,
      SHORTLY,
    ],
    [
      'that loses an event',
      { stream: { dropEvent: 2 } },
      ['proxy-events', 'proxy-replay-header', 'proxy-replay-cursor', 'proxy-replay-after-cut'],
      /"missing":\s*1/,
      SHORTLY,
    ],
    [
      'that repeats one',
      { stream: { repeatEvent: 2 } },
      ['proxy-events', 'proxy-ids', 'proxy-replay-header', 'proxy-replay-cursor', 'proxy-replay-after-cut'],
      /repeated/,
    ],
    [
      'that changes their order',
      { stream: { swapEvents: 2 } },
      ['proxy-ids', 'proxy-replay-header', 'proxy-replay-cursor', 'proxy-replay-after-cut'],
      /reordered/,
    ],
    ['that rounds ids', { stream: { roundIds: true } }, ['proxy-events', 'proxy-ids'], /id-rounded|changes ids/],
    ['that takes ids away', { stream: { stripIds: true } }, ['proxy-events', 'proxy-ids'], /id-missing/],
    [
      'that swallows heartbeats',
      { stream: { swallow: 'heartbeat' } },
      ['proxy-heartbeat'],
      /keeps heartbeats back/,
      SHORTLY,
    ],
    ['that does not answer', { silent: true }, ['proxy-first-byte'], /not even a head came in time/, SHORTLY],
    [
      'that answers itself',
      { answer: { status: 502, headers: {}, body: '' } },
      ['proxy-status', 'proxy-content-type'],
      /502/,
    ],
    [
      'that lets caches keep it',
      { rewriteHeaders: (_, headers) => ({ ...headers, 'cache-control': 'max-age=60' }) },
      ['proxy-cache-control'],
      /caches/,
    ],
  ]
  for (const [title, how, expected, says, more] of cases) {
    test(`${title}: ${expected.join(', ')}`, async () => {
      const { side, differences } = await compare(how, more)
      const failed = idsOf(differences, 'failed')
      for (const id of expected)
        assert.ok(failed.includes(id), `${id} is not among ${failed}: ${shown(differences)} ${shown(side.findings)}`)
      assert.match(shown(differences), says)
      assert.equal(failed.includes('proxy-first-byte'), expected.includes('proxy-first-byte'), shown(differences))
    })
  }

  test('is judged by live events, whose direct arrival is when they were sent', { timeout: 60_000 }, async () => {
    await using running = await startStreamServer({ everyMs: 200, heartbeat: '' })
    await using direct = await http.connect({ baseUrl: running.url })
    for (const [how, outcome] of [
      [{}, 'ok'],
      [{ stream: { buffer: 400 } }, 'failed'],
    ] as const) {
      await using through = await createInterposer().interpose(direct, how)
      const more = { ...SHORTLY, heartbeatWithinMs: 2_000 }
      let live: Finding | undefined
      // One event that is late is no verdict, for a machine that was busy explains it as well: then it is asked again.
      while (live === undefined) {
        const [plain, side] = await Promise.all([check(direct, more), check(through, more)])
        plain.end()
        side.end()
        const [ours, theirs] = [plain, side].map(one => ({ facts: one.facts, findings: [] }))
        live = differencesOf(ours!, theirs!).find(({ id }) => id === 'proxy-live')
      }
      assert.equal(live.outcome, outcome, shown([live]))
    }
  })
})
