import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, test } from 'node:test'
import { parseSample, type Sample, sampleLine } from '../../src/slo/sample.ts'
import { SIGNALS } from '../../src/slo/signals.ts'
import { healthyStatus, sampleAt } from '../../src/slo/testdata/healthy.ts'
import standIn from '../../src/targets/stand-in.ts'
import type { RunningStandIn } from '../run-suite.ts'
import { startWithRoute } from '../stand-in-with-route.ts'
import { Site } from './launch.ts'

const site = new Site()
const at = (name: string) => path.join(site.root, name)
const recorded = (name: string, samples: readonly Sample[]) => {
  writeFileSync(at(name), samples.map(sample => `${sampleLine(sample)}\n`).join(''))
  return at(name)
}
const judge = (file: string, ...words: readonly string[]) => site.run(['slo', 'watch', '--samples', file, ...words])

const minutes = (count: number, sample: (minute: number) => Sample) =>
  Array.from({ length: count }, (_, m) => sample(m))
const full = (minute: number) => sampleAt(minute * 60_000, { debugLevel: 'full' })
const idle = (minute: number) => sampleAt(minute * 60_000)
const letters = (count: number) => ({ delivery: { ...healthyStatus.delivery, unresolvedDeadLetters: count } })

describe('runproof slo watch --samples', () => {
  const cases: readonly (readonly [string, readonly Sample[], readonly string[], number, RegExp])[] = [
    ['an idle daemon', minutes(3, idle), [], 0, /^3 samples, .*: all samples were judged\nsignal/],
    ['full capture for half an hour', minutes(31, full), [], 0, /debug-capture +warn +warn/],
    ['the same where a warning fails', minutes(31, full), ['--fail-on', 'warn'], 1, /debug-capture +warn +warn/],
    ['full capture for longer', minutes(32, full), [], 1, /debug-capture +page +page +level full; for 31 min/],
    [
      'the same under a ticket',
      minutes(31, full),
      ['--param', 'debug-ticket=OPS-1', '--fail-on', 'warn'],
      0,
      /debug-capture +ok +ok/,
    ],
    [
      'a page that is over',
      [sampleAt(0), sampleAt(1, letters(1)), sampleAt(2)],
      [],
      1,
      /delivery-dead-letters +ok +page +0 unresolved \(2026-11-22T07:00:00\.001Z: 1 unresolved\)/,
    ],
    [
      'a dead letter in staging',
      [sampleAt(0, letters(1)), sampleAt(1, letters(1))],
      ['--param', 'environment=staging', 'fail-on=warn'],
      0,
      /delivery-dead-letters +ok +ok/,
    ],
    [
      'files of the host that were not given',
      [sampleAt(0, {}, { audit: null, disk: null })],
      [],
      0,
      /state-root-disk +- +- +not asked/,
    ],
    [
      'a status that is not known at the end',
      [sampleAt(0), sampleAt(1, {}, { status: { error: 'TIMEOUT: late' } })],
      [],
      3,
      /health +unknown +unknown +TIMEOUT/,
    ],
    [
      'one sample of a route in error',
      [sampleAt(0, { routes: { activeReady: false, list: [] } })],
      [],
      0,
      /needs a window of 5 min, seen one sample/,
    ],
  ]
  for (const [title, samples, words, exitCode, out] of cases) {
    test(`judges ${title}`, async () => {
      const { status, stdout, stderr } = await judge(recorded('samples.jsonl', samples), ...words)
      assert.equal(status, exitCode, stderr)
      assert.match(stdout, out)
      assert.equal(stdout.trimEnd().split('\n').length, SIGNALS.length + 2)
    })
  }

  test('prints one line a change, and none where nothing changes', async () => {
    const samples = [sampleAt(0), sampleAt(1, letters(1)), sampleAt(2, letters(2)), sampleAt(3)]
    const { stderr } = await judge(recorded('changes.jsonl', samples))
    assert.deepEqual(stderr.trimEnd().split('\n'), [
      '2026-11-22T07:00:00.001Z  delivery-dead-letters  ok → page    1 unresolved',
      '2026-11-22T07:00:00.003Z  delivery-dead-letters  page → ok    0 unresolved',
    ])
  })

  test('prints one line for all that is not known any more for one reason', async () => {
    const silent = sampleAt(1, {}, { status: { error: 'TIMEOUT: late' } })
    const { stderr } = await judge(recorded('silent.jsonl', [sampleAt(0), silent]))
    assert.match(stderr, /^\S+ {2}11 signals +ok → unknown TIMEOUT: late\n$/)
  })

  test('reads standard input, whose last line may lack its end', async () => {
    const stdin = minutes(32, full).map(sampleLine).join('\n')
    const { status, stdout } = await site.run(['slo', 'watch', '--samples', '-'], { stdin })
    assert.equal(status, 1)
    assert.match(stdout, /^32 samples/)
  })

  test('gives the table as one document', async () => {
    const { status, stdout } = await judge(recorded('json.jsonl', minutes(32, full)), '--json')
    const table = JSON.parse(stdout)
    assert.deepEqual(
      [table.schema, table.exitCode, table.samples, table.ended, table.failOn, status],
      ['runproof-slo-watch-1', 1, 32, 'all samples were judged', 'page', 1],
    )
    assert.deepEqual(
      table.signals.map((one: { id: string }) => one.id),
      SIGNALS.map(one => one.id),
    )
    const { now, worst } = table.signals.find((one: { id: string }) => one.id === 'debug-capture')
    assert.deepEqual([now.level, worst.level, worst.at], ['page', 'page', full(31).at])
  })

  test('shows control characters of a recording instead of acting on them', async () => {
    const sample = sampleAt(0, {
      routes: { activeReady: false, list: [{ id: '\u001b[2J', active: true, state: 'error', code: 'x' }] },
    })
    const { stdout, stderr } = await judge(recorded('escape.jsonl', [sample]))
    assert.match(stdout, /\\u\{1b\}\[2J/)
    assert.equal((stdout + stderr).includes('\u001b'), false)
  })

  const line = sampleLine(sampleAt(0))
  const broken: readonly (readonly [string, string, RegExp])[] = [
    ['no sample', '', /holds no sample/],
    ['a line that is cut', `${line}\n${line.slice(0, 40)}`, /line 2: it is not JSON/],
    ['an empty line', `${line}\n\n`, /line 2: it is not JSON/],
    [
      'a member of another type',
      `${line.replace('"queued":0', '"queued":"0"')}\n`,
      /line 1: sample\.status\.facts\.runs\.queued should be a whole number/,
    ],
    [
      'a member that is missing',
      `${line.replace('"queued":0,', '')}\n`,
      /line 1: sample\.status\.facts\.runs\.queued .* missing/,
    ],
    ['a sample twice', `${line}\n${line}\n`, /line 2: .* is not later than/],
    ['time that goes back', `${sampleLine(sampleAt(5))}\n${line}\n`, /line 2: .* is not later than/],
    ['a line without end', 'x'.repeat(1024 * 1024 + 2), /line 1: more than 1048576 characters/],
  ]
  for (const [title, text, message] of broken) {
    test(`has no verdict on a recording with ${title}`, async () => {
      writeFileSync(at('broken.jsonl'), text)
      const { status, stdout, stderr } = await judge(at('broken.jsonl'), '--json')
      assert.deepEqual([status, stdout], [3, ''], stderr)
      const { error } = JSON.parse(stderr.trimEnd().split('\n').at(-1)!)
      assert.equal(error.code, 'SAMPLES_INVALID')
      assert.match(error.message, message)
    })
  }

  test('has no verdict on a recording that is not there', async () => {
    const { status, stderr } = await judge(at('none.jsonl'))
    assert.equal(status, 3)
    assert.match(stderr, /can't read .*none\.jsonl: ENOENT/)
  })
})

describe('runproof slo watch refuses', () => {
  const token = at('token')
  writeFileSync(token, 'a-token-of-nobody')
  const lines = at('lines')
  writeFileSync(lines, 'a-token-of-nobody\nand-another')
  const url = 'base-url=http://127.0.0.1:1'
  const live = ['--param', url, `token-file=${token}`]
  const cases: readonly (readonly [string, readonly string[], number, RegExp])[] = [
    ['nothing to watch', [], 2, /nothing says what to watch/],
    ['a URL without a token', ['--param', url], 2, /needs a token/],
    ['a URL that is none', ['--param', 'base-url=localhost', `token-file=${token}`], 2, /base-url=localhost/],
    [
      'a parameter that there is not',
      ['--param', 'base-ulr=x'],
      2,
      /no parameter base-ulr[\s\S]*did you mean base-url/,
    ],
    ['a level that there is not', ['--samples', 'x', '--fail-on', 'ok'], 2, /--fail-on/],
    [
      'an environment that there is not',
      ['--samples', 'x', '--param', 'environment=test'],
      2,
      /expected production or staging/,
    ],
    ['an interval beyond the window of readiness', [...live, '--interval', '61s'], 2, /expected 1s to 60s/],
    ['an interval that is none', [...live, '--interval', 'soon'], 2, /soon is no duration/],
    ['an interval that burdens the daemon', [...live, '--interval', '200ms'], 2, /expected 1s to 60s/],
    ['a time that is none', [...live, '--for', '5'], 2, /5 is no duration/],
    ['a recording and a daemon', ['--samples', 'x', ...live], 2, /base-url= is for a running daemon/],
    ['to record a recording', ['--samples', 'x', '--record', 'y'], 2, /--record is for a running daemon/],
    ['an interval for a recording', ['--samples', 'x', '--interval', '2s'], 2, /--interval is for a running daemon/],
    [
      'to keep going through a recording',
      ['--samples', 'x', '--keep-going'],
      2,
      /--keep-going is for a running daemon/,
    ],
    ['to overwrite a file', [...live, '--record', token], 2, /it exists, and a recording is never overwritten/],
    ['to record where no directory is', [...live, '--record', at('none/x')], 3, /can't create .*none\/x: ENOENT/],
    ['a token file that is not there', ['--param', url, `token-file=${at('none')}`, '--record', at('r')], 3, /none/],
    [
      'a token file that holds more than a token',
      ['--param', url, `token-file=${lines}`],
      2,
      /^runproof: .*lines holds no token: a token is one word.*\n {2}hint: .*\n$/,
    ],
    [
      'a port that there is not',
      ['--param', 'base-url=http://127.0.0.1:99999', `token-file=${token}`],
      2,
      /99999: exp/,
    ],
    ['a target that there is not', [...live, '--target', 'none'], 2, /no target none/],
  ]
  for (const [title, words, exitCode, message] of cases) {
    test(title, async () => {
      const { status, stdout, stderr } = await site.run(['slo', 'watch', ...words])
      assert.deepEqual([status, stdout], [exitCode, ''], stderr)
      assert.match(stderr, message)
      assert.equal(existsSync(at('r')), false)
    })
  }
})

describe('runproof slo watch on a running daemon', { concurrency: 3, timeout: 60_000 }, () => {
  const words = (running: RunningStandIn, ...more: readonly string[]) => [
    ...['slo', 'watch', '--interval', '1s'],
    ...['--param', `base-url=${running.daemon.url}`, `token-file=${running.site.readOnlyFile}`],
    ...more,
  ]
  const withFiles = ({ site: { stateRoot } }: RunningStandIn) => ['--param', `state-root=${stateRoot}`]

  test('samples until the time is over, and records what can be judged again', async () => {
    await using running = await startWithRoute()
    const file = at('recorded.jsonl')
    const live = await site.run(words(running, ...withFiles(running), '--for', '2s', '--record', file))
    assert.equal(live.status, 0, live.stderr)
    // An interval that a slow machine used up is left out; the first and the last one are there.
    const [, count] = /^([23]) samples, .*: the time is over\n/.exec(live.stdout) ?? assert.fail(live.stdout)
    assert.equal(statSync(file).mode & 0o777, 0o600)
    const text = readFileSync(file, 'utf8')
    for (const secret of [running.site.readOnly, running.site.admin]) assert.equal(text.includes(secret), false)
    assert.equal(text.trimEnd().split('\n').map(parseSample).length, Number(count))

    const again = await judge(file)
    assert.equal(again.status, 0)
    assert.deepEqual(again.stdout.split('\n').slice(1), live.stdout.split('\n').slice(1))
    assert.equal(existsSync(path.join(running.site.stateRoot, standIn.signals.auditLog)), false)
  })

  test('pages when the daemon dies, and does not wait for the end', async () => {
    await using running = await startWithRoute()
    const started = site.start(words(running, '--record', at('dies.jsonl')))
    await firstSample(at('dies.jsonl'))
    await running.daemon.stop('SIGKILL')
    const { status, stdout, stderr } = await started.ended
    assert.equal(status, 1, stderr)
    assert.match(stdout, /: a signal pages\n[\s\S]*readiness +page +page +no answer: TARGET_UNREACHABLE/)
    assert.match(stderr, /readiness +ok → warn[\s\S]*readiness +warn → page/)
  })

  test('prints the table so far when it is interrupted', async () => {
    await using running = await startWithRoute()
    const started = site.start(words(running, '--record', at('interrupted.jsonl')))
    await firstSample(at('interrupted.jsonl'))
    started.child.kill('SIGINT')
    const { status, stdout, stderr } = await started.ended
    assert.equal(status, 130, stderr)
    assert.match(stdout, /samples, .*: interrupted\nsignal/)
    assert.match(stdout, /readiness +ok +ok/)
  })

  test('sees full capture, a limiter that refuses, and watches on when it is told to', async () => {
    await using running = await startWithRoute()
    await running.daemon.post('/v1/runtime/debug-level', running.site.admin, { level: 'full' })
    for (const token of [undefined, 'nobody-knows-this-token'])
      for (let count = 0; count < 61; count += 1) await (await running.daemon.get('/v1/status', token)).text()
    const { status, stdout } = await site.run(words(running, ...withFiles(running), '--for', '2s', '--keep-going'))
    assert.equal(status, 1)
    assert.match(stdout, /^[23] samples, .*: the time is over\n/)
    assert.match(stdout, /health +page +page +unhealthy: debug_capture_full/)
    assert.match(stdout, /debug-capture +warn +warn +level full; page: needs a window of 30 min, seen 2(?:\.\d+)? s/)
    assert.match(stdout, /auth-rate-limits +warn +warn +auth_rate_limited 2\/0\/0/)
  })

  test('spares a daemon that refuses its token, and does not count its own refusal', async () => {
    await using running = await startWithRoute()
    const unknown = at('unknown-token')
    writeFileSync(unknown, 'nobody-knows-this-token')
    const more = ['--param', `base-url=${running.daemon.url}`, `token-file=${unknown}`, ...withFiles(running)]
    const { status, stdout } = await site.run(['slo', 'watch', '--interval', '1s', '--for', '3s', ...more])
    assert.equal(status, 3)
    assert.match(stdout, /health +unknown +unknown +.*answered 401: the daemon refuses this token; not asked again yet/)
    assert.match(stdout, /auth-rate-limits +ok +ok +.*0 other refusals, 1 of our own not counted/)
    const rows = readFileSync(path.join(running.site.stateRoot, standIn.signals.auditLog), 'utf8')
    assert.equal(rows.trimEnd().split('\n').length, 1)
  })

  test('reads a token that is replaced while it watches', async () => {
    await using running = await startWithRoute()
    const started = site.start(words(running, '--for', '3s', '--record', at('rotated.jsonl')))
    await firstSample(at('rotated.jsonl'))
    writeFileSync(running.site.readOnlyFile, 'another-token-of-the-same-file')
    const { status, stderr } = await started.ended
    assert.equal(status, 0, stderr)
  })

  test('has its own deadline for a daemon that never answers', async () => {
    await using running = await startWithRoute(['never-answers'])
    const began = performance.now()
    const { status, stdout } = await site.run(words(running, '--for', '0s'))
    assert.equal(status, 3)
    assert.match(stdout, /readiness +warn +warn +no answer: TIMEOUT; page: needs 2 consecutive samples, seen one/)
    assert.ok(performance.now() - began < 15_000)
  })
})

describe('a full disk under a recording', () => {
  const place = mkdtempSync(path.join(tmpdir(), 'slo-small-'))
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4k,mode=0700', 'none', place]).status === 0
  if (!mounted) rmSync(place, { recursive: true })
  test('ends the watch and says so', {
    skip: !mounted && 'this machine lets nobody but root mount a small tmpfs',
  }, async () => {
    try {
      await using running = await startWithRoute()
      const file = path.join(place, 'recorded.jsonl')
      const live = ['--param', `base-url=${running.daemon.url}`, `token-file=${running.site.readOnlyFile}`]
      const { status, stderr } = await site.run(['slo', 'watch', '--interval', '1s', ...live, '--record', file])
      assert.equal(status, 3)
      assert.match(stderr, /can't write .*recorded\.jsonl: ENOSPC/)
    } finally {
      spawnSync('umount', [place])
      rmSync(place, { recursive: true })
    }
  })
})

/** Settles when a recording holds its first sample. */
async function firstSample(file: string): Promise<void> {
  while (!existsSync(file) || !readFileSync(file, 'utf8').includes('\n'))
    await new Promise(resolve => setTimeout(resolve, 10))
}
