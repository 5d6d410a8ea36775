import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { ErrorCode } from '../../model/error.ts'
import type { Outcome, Question } from './testdata/ask.ts'
import { type BadHttp2, startBadHttp2Server } from './testdata/bad-http2-server.ts'
import { makeCertificate } from './testdata/certificates.ts'

const MOST_GROWTH_BYTES = 64 * 1024 * 1024
const execute = promisify(execFile)
const skip = spawnSync('openssl', ['version']).status === 0 ? false : 'this machine has no openssl'

describe('bad HTTP/2 is an error with a code, and costs less than 64 MiB:', { skip, concurrency: 2 }, () => {
  const directory = mkdtempSync(join(tmpdir(), 'runproof-test-'))
  after(() => rmSync(directory, { recursive: true, force: true }))
  const pair = skip === false ? makeCertificate(directory, 'server') : { certificate: '', key: '' }

  /** In a process of its own, whose memory is nobody else's. */
  async function ask(server: BadHttp2, way: Question['way'], timeoutMs = 10_000): Promise<Outcome> {
    await using bad = await startBadHttp2Server(server, pair)
    await using fine = await startBadHttp2Server('fine', pair)
    const program = fileURLToPath(new URL('./testdata/ask.ts', import.meta.url))
    const at = ({ port }: { readonly port: number }) => `https://127.0.0.1:${port}`
    const whom = { baseUrl: at(bad), warmUp: at(fine), path: `/${server}`, caFile: pair.certificate, http2: true }
    const words = [program, JSON.stringify({ ...whom, way, timeoutMs } satisfies Question)]
    const { stdout } = await execute(process.execPath, words, { timeout: 60_000 })
    return JSON.parse(stdout) as Outcome
  }

  const late = { timeoutMs: 500 }
  const one = { events: 1 }
  const cases: readonly (readonly [
    string,
    BadHttp2,
    Question['way'],
    ErrorCode,
    RegExp,
    { readonly timeoutMs?: number; readonly events?: number }?,
  ])[] = [
    ['random bytes', 'garbage', 'events', 'ANSWER_MALFORMED', /not UTF-8/],
    ['text', 'noise', 'events', 'ANSWER_MALFORMED', /without one field/],
    ['an event of a gibibyte', 'huge-event', 'events', 'BODY_TOO_LARGE', /more than 1048576/, one],
    ['a body of a gibibyte', 'huge-body', 'json', 'BODY_TOO_LARGE', /more than 8388608/],
    ['headers of 128 KiB', 'large-headers', 'json', 'ANSWER_MALFORMED', /headers/],
    ['headers without end', 'endless-fields', 'json', 'ANSWER_MALFORMED', /HTTP\/2|headers|no head/],
    ['early hints without end', 'endless-hints', 'json', 'ANSWER_MALFORMED', /no head/],
    ['trailers without end', 'endless-trailer', 'events', 'ANSWER_MALFORMED', /HTTP\/2|besides/, one],
    ['frames of nothing without end', 'endless-nothing', 'events', 'ANSWER_MALFORMED', /HTTP\/2|besides 0 bytes/],
    ['padding without end', 'endless-padding', 'events', 'ANSWER_MALFORMED', /HTTP\/2|besides 0 bytes/],
    ['pings without end', 'endless-pings', 'json', 'ANSWER_MALFORMED', /HTTP\/2|no head/],
    ['settings without end', 'endless-settings', 'json', 'ANSWER_MALFORMED', /HTTP\/2|no head/],
    ['a body byte by byte', 'slow-body', 'json', 'TIMEOUT', /\d bytes of the body came/, late],
    ['an event byte by byte', 'slow-event', 'events', 'TIMEOUT', /deadline/, { ...late, ...one }],
    ['silence', 'silence', 'json', 'TIMEOUT', /within 500 ms: no head came/, late],
    ['a hang-up', 'hangs-up', 'json', 'TARGET_UNREACHABLE', /broke the connection off before it answered/],
    ['a page in place of JSON', 'html', 'json', 'ANSWER_MALFORMED', /a page \(text\/html\)/],
    ['a page in place of a stream', 'html', 'events', 'ANSWER_MALFORMED', /a page of HTML/],
    ['a connection cut in an event', 'cut-event', 'events', 'TARGET_UNREACHABLE', /off after 11 bytes/, one],
    ['a connection ended in an event', 'ended-event', 'events', 'TARGET_UNREACHABLE', /off after 11 bytes/, one],
    ['a stream given up in an event', 'reset-event', 'events', 'TARGET_UNREACHABLE', /off after 11 bytes/, one],
    ['a stream cancelled in an event', 'cancelled-event', 'events', 'TARGET_UNREACHABLE', /off after 11 bytes/, one],
    ['a connection ended in a body', 'cut-body', 'json', 'TARGET_UNREACHABLE', /off after 3 bytes/],
    ['a request refused', 'refused', 'json', 'TARGET_UNREACHABLE', /broke the connection off before/],
    ['a server that gives up', 'gone-away', 'json', 'TARGET_UNREACHABLE', /broke the connection off before/],
    ['a server that goes', 'gone-quietly', 'json', 'TARGET_UNREACHABLE', /broke the connection off before/],
    ['another protocol', 'no-http', 'json', 'ANSWER_MALFORMED', /agreed on HTTP\/2 and does not answer in it/],
    ['HTTP/1.1 after HTTP/2 was agreed on', 'http1', 'json', 'ANSWER_MALFORMED', /agreed on HTTP\/2/],
    ['frames out of order', 'no-frames', 'events', 'ANSWER_MALFORMED', /HTTP\/2/],
    ['less than the length it gave', 'wrong-length', 'json', 'ANSWER_MALFORMED', /HTTP\/2/],
    ['a header that may not be', 'wrong-name', 'json', 'ANSWER_MALFORMED', /HTTP\/2/],
  ]
  for (const [title, server, way, code, says, { events = 0, timeoutMs } = {}] of cases) {
    test(`${title} (${way}): ${code}`, async () => {
      const outcome = await ask(server, way, timeoutMs)
      assert.deepEqual([outcome.code, outcome.events], [code, events], `${outcome.message} after ${outcome.tookMs} ms`)
      assert.match(outcome.message, says)
      assert.ok(outcome.grownBytes < MOST_GROWTH_BYTES, `${outcome.grownBytes} bytes`)
      assert.ok(outcome.tookMs < 9_000, `it took ${outcome.tookMs} ms`)
    })
  }

  test('a quarter of a gibibyte of events is read whole, and costs no more', async () => {
    const outcome = await ask('many-events', 'events', 50_000)
    assert.deepEqual([outcome.code, outcome.message], ['', ''])
    assert.ok(outcome.events >= 2 ** 28 / 200, `${outcome.events} events`)
    assert.ok(outcome.grownBytes < MOST_GROWTH_BYTES, `${outcome.grownBytes} bytes`)
  })
})
