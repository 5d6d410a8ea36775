import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { after, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { ErrorCode } from '../../model/error.ts'
import type { Outcome, Question } from './testdata/ask.ts'
import { startBadServer } from './testdata/bad-server.ts'

const MOST_GROWTH_BYTES = 64 * 1024 * 1024
const execute = promisify(execFile)

const server = await startBadServer()
after(() => server[Symbol.asyncDispose]())
const origin = `http://127.0.0.1:${server.port}`

/** In a process of its own, whose memory is nobody else's; `stayedMs` is how long that went on once it had said what came of it. */
async function ask(question: Partial<Question> & Pick<Question, 'path' | 'way'>) {
  const program = fileURLToPath(new URL('./testdata/ask.ts', import.meta.url))
  const whole = { baseUrl: origin, warmUp: origin, timeoutMs: 10_000, ...question }
  const asking = execute(process.execPath, [program, JSON.stringify(whole)], { timeout: 60_000 })
  let saidAtMs = 0
  asking.child.stdout!.on('data', () => {
    saidAtMs = performance.now()
  })
  const { stdout } = await asking
  return { ...(JSON.parse(stdout) as Outcome), stayedMs: performance.now() - saidAtMs }
}

interface More {
  readonly baseUrl?: string
  readonly timeoutMs?: number
  /** Before the error. */
  readonly events?: number
}

const late = { timeoutMs: 500 }
const cases: readonly (readonly [string, string, Question['way'], ErrorCode, RegExp, More?])[] = [
  ['random bytes', '/garbage', 'events', 'ANSWER_MALFORMED', /not UTF-8/],
  ['text', '/noise', 'events', 'ANSWER_MALFORMED', /without one field/],
  ['an event of a gibibyte', '/huge-event', 'events', 'BODY_TOO_LARGE', /more than 1048576/, { events: 1 }],
  ['a header that does not end', '/endless-value', 'events', 'ANSWER_MALFORMED', /headers that do not end/],
  ['headers without end', '/endless-fields', 'json', 'ANSWER_MALFORMED', /headers that do not end/],
  ['a reason without end', '/endless-reason', 'json', 'ANSWER_MALFORMED', /bytes and no head/],
  ['early hints without end', '/endless-hints', 'json', 'ANSWER_MALFORMED', /bytes and no head/],
  ['trailers without end', '/endless-trailer', 'events', 'ANSWER_MALFORMED', /headers that do not end/, { events: 1 }],
  ['a chunk that does not begin', '/endless-extension', 'events', 'ANSWER_MALFORMED', /besides 0 bytes of the body/],
  ['a head byte by byte', '/slow-fields', 'json', 'TIMEOUT', /within 500 ms: no head came/, late],
  ['a body byte by byte', '/slow-body', 'json', 'TIMEOUT', /\d bytes of the body came/, late],
  ['an event byte by byte', '/slow-event', 'events', 'TIMEOUT', /deadline/, { ...late, events: 1 }],
  ['silence', '/silence', 'json', 'TIMEOUT', /within 500 ms: no head came/, late],
  [
    'silence in place of TLS',
    '/silence',
    'json',
    'TIMEOUT',
    /no head/,
    { ...late, baseUrl: `https://127.0.0.1:${server.port}` },
  ],
  ['a hang-up', '/hangs-up', 'json', 'TARGET_UNREACHABLE', /broke the connection off before it answered/],
  ['a body of a gibibyte', '/huge-body', 'json', 'BODY_TOO_LARGE', /more than 8388608/],
  ['a page in place of JSON', '/html', 'json', 'ANSWER_MALFORMED', /a page \(text\/html\)/],
  ['a page in place of a stream', '/html', 'events', 'ANSWER_MALFORMED', /a page of HTML/],
  ['a connection cut in an event', '/cut-event', 'events', 'TARGET_UNREACHABLE', /off after 11 bytes/, { events: 1 }],
  [
    'a connection ended in an event',
    '/ended-event',
    'events',
    'TARGET_UNREACHABLE',
    /off after 11 bytes/,
    { events: 1 },
  ],
  [
    'a connection ended between chunks',
    '/no-last-chunk',
    'events',
    'TARGET_UNREACHABLE',
    /off after 9 bytes/,
    { events: 1 },
  ],
  ['a connection ended in a body', '/cut-body', 'json', 'TARGET_UNREACHABLE', /off after 3 bytes/],
  ['another protocol', '/no-http', 'json', 'ANSWER_MALFORMED', /does not answer in HTTP/],
  ['chunks that are none', '/no-chunks', 'events', 'ANSWER_MALFORMED', /does not answer in HTTP/],
  ['two lengths', '/two-lengths', 'json', 'ANSWER_MALFORMED', /does not answer in HTTP/],
  ['nobody', '/', 'json', 'TARGET_UNREACHABLE', /nothing listens/, { baseUrl: 'http://127.0.0.1:1' }],
  ['nobody at two addresses', '/', 'json', 'TARGET_UNREACHABLE', /nothing listens/, { baseUrl: 'http://localhost:1' }],
  [
    'a name that is none',
    '/',
    'json',
    'TARGET_UNREACHABLE',
    /has no address/,
    { baseUrl: 'http://no-such-host.invalid' },
  ],
]

describe('bad input is an error with a code, and costs less than 64 MiB:', { concurrency: 2 }, () => {
  for (const [title, path, way, code, says, { events = 0, ...more } = {}] of cases) {
    test(`${title} (${way}): ${code}`, async () => {
      const outcome = await ask({ path, way, ...more })
      assert.deepEqual([outcome.code, outcome.events], [code, events], outcome.message)
      assert.match(outcome.message, says)
      assert.ok(outcome.grownBytes < MOST_GROWTH_BYTES, `${outcome.grownBytes} bytes`)
      // A connection that was given up must not keep the process, either: undici waits ten seconds for one.
      const { tookMs, stayedMs } = outcome
      assert.ok(tookMs + stayedMs < 9_000, `it took ${tookMs} ms, and stayed for ${stayedMs} ms`)
    })
  }

  test('a quarter of a gibibyte of events is read whole, and costs no more', async () => {
    const outcome = await ask({ path: '/many-events', way: 'events', timeoutMs: 50_000 })
    assert.deepEqual([outcome.code, outcome.message], ['', ''])
    assert.ok(outcome.events >= 2 ** 28 / 200, `${outcome.events} events`)
    assert.ok(outcome.grownBytes < MOST_GROWTH_BYTES, `${outcome.grownBytes} bytes`)
  })
})
