import assert from 'node:assert/strict'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { beforeEach, describe, test } from 'node:test'
import { Site } from './launch.ts'

const site = new Site()
beforeEach(() => site.clear())

const suite = (name: string) => path.resolve(import.meta.dirname, `../testdata/suites/${name}.ts`)
const GOOD = suite('good')
const BAD = suite('bad')
const KEYLESS = suite('keyless')

describe('runproof smoke', () => {
  test('passes when every suite did, each sealed as a run of its own', async () => {
    const ended = await site.run(['smoke', GOOD, KEYLESS, '--secret', 'provider-key=generate'])
    assert.equal(ended.status, 0, ended.stderr)
    assert.match(ended.stdout, /^good +PASSED +1 of 1 checks green, 1 of 1 counterproofs red/m)
    assert.match(ended.stdout, /^keyless +PASSED/m)
    assert.match(ended.stdout, /^outcome +PASSED$/m)
    assert.equal(site.sealed().length, 2)
    for (const name of site.sealed()) {
      const again = await site.run(['evidence', 'verify', path.join(site.reports, name)])
      assert.equal(again.status, 0, again.stderr)
    }
  })

  test('is as bad as its worst suite, and the others are run all the same', async () => {
    const ended = await site.run(['smoke', BAD, GOOD, '--jobs', '1'])
    assert.equal(ended.status, 1, ended.stderr)
    assert.match(ended.stdout, /^good +PASSED/m)
    assert.match(ended.stdout, /^bad +FAILED/m)
    assert.match(ended.stdout, /bad-check: failed: a \| reason/)
    assert.match(ended.stderr, /^bad +failed/m)
  })

  test('skips a suite that lacks something, and skipped is not passed unless that was allowed', async () => {
    const ended = await site.run(['smoke', GOOD, KEYLESS])
    assert.equal(ended.status, 1)
    assert.match(ended.stdout, /^keyless +SKIPPED: no provider key was given$/m)
    assert.match(ended.stdout, /^outcome +SKIPPED$/m)
    const allowed = await site.run(['smoke', GOOD, KEYLESS, '--allow-skip', 'keyless=no key on this machine'])
    assert.equal(allowed.status, 0, allowed.stderr)
    assert.match(allowed.stdout, /SKIPPED: no provider key was given \(allowed: no key on this machine\)/)
  })

  test('does not pass on allowed skips alone: nothing was run, and nothing sealed', async () => {
    const ended = await site.run(['smoke', KEYLESS, '--allow-skip', 'keyless=no key on this machine'])
    assert.equal(ended.status, 1, ended.stderr)
    assert.match(ended.stdout, /^outcome +SKIPPED$/m)
    assert.deepEqual(site.sealed(), [])
  })

  test('a suite that was named and has nothing to ask is skipped, too', async () => {
    const ended = await site.run(['smoke', suite('elsewhere')])
    assert.equal(ended.status, 1)
    assert.match(ended.stdout, /^elsewhere +SKIPPED: it has nothing to ask here$/m)
    assert.deepEqual(site.sealed(), [])
  })

  test('writes one JUnit file for all suites, private, with what failed in it', async () => {
    const file = path.join(site.root, 'all.xml')
    const ended = await site.run(['smoke', GOOD, BAD, '--report', `junit=${file}`])
    assert.equal(ended.status, 1, ended.stderr)
    const text = readFileSync(file, 'utf8')
    assert.match(text, /<testsuites name="smoke" tests="2" failures="1" errors="0" skipped="0"/)
    assert.match(text, /<testcase classname="good\.ask" name="good-check"[^>]*\/>/)
    assert.match(text, /<testcase classname="bad\.ask" name="bad-check"[^>]*><failure/)
    assert.equal(statSync(file).mode & 0o777, 0o600)
  })

  test('prints the evidence of each suite as one list, and nothing else, on standard output', async () => {
    const ended = await site.run(['smoke', GOOD, BAD, '--json'])
    const documents = JSON.parse(ended.stdout) as { outcome: string; runbook: { id: string }; facts: object }[]
    for (const { facts } of documents) assert.ok('runbook.imports[suite.ts].sha256' in facts, Object.keys(facts).join())
    assert.deepEqual(documents.map(one => [one.runbook.id, one.outcome]).sort(), [
      ['bad', 'failed'],
      ['good', 'passed'],
    ])
    assert.match(ended.stderr, /^outcome +FAILED$/m)
  })

  test('under GitHub Actions says ids and outcomes, and nothing that a check saw', async () => {
    const summary = path.join(site.root, 'summary.md')
    const env = { GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: summary }
    const ended = await site.run(['smoke', GOOD, BAD], { env })
    const commands = ended.stderr.split('\n').filter(line => line.startsWith('::'))
    assert.deepEqual(commands, [
      '::error title=runproof::bad failed',
      '::error title=runproof::bad/ask/bad-check failed',
    ])
    assert.equal(
      readFileSync(summary, 'utf8'),
      '| runproof | outcome |\n| --- | --- |\n| good | passed |\n| bad | failed |\n| bad/ask/bad-check | failed |\n',
    )
  })

  test('says nothing to GitHub elsewhere, and goes on where the summary can’t be written', async () => {
    const quiet = await site.run(['smoke', BAD], { env: { GITHUB_ACTIONS: 'false' } })
    assert.doesNotMatch(quiet.stderr, /^::/m)
    const env = { GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: path.join(site.root, 'no', 'such') }
    const ended = await site.run(['smoke', GOOD], { env })
    assert.equal(ended.status, 0, ended.stderr)
    assert.match(ended.stderr, /the step summary could not be written/)
  })

  test('one SIGINT stops all of them, sealed as interrupted', async () => {
    const started = site.start(['smoke', suite('waiting'), suite('waiting-too'), '--width', '1'])
    await started.says('Suite waiting-too')
    started.child.kill('SIGINT')
    const ended = await started.ended
    assert.equal(ended.status, 130, ended.stderr)
    assert.match(ended.stdout, /^waiting +INTERRUPTED/m)
    assert.match(ended.stdout, /^waiting-too +INTERRUPTED/m)
    assert.equal(site.sealed().length, 2)
  })

  const refused: readonly (readonly [string, readonly string[], RegExp])[] = [
    ['an unknown suite', ['smoke', 'sloprobe'], /no smoke suite sloprobe\n {2}hint: did you mean slo-probe\?/],
    ['a file that is no suite', ['smoke', './nothing.ts'], /nothing\.ts can't be loaded/],
    [
      'a parameter no suite has',
      ['smoke', GOOD, '--param', 'sped=1'],
      /no smoke suite that is run has a parameter sped\n {2}hint: did you mean speed=\?/,
    ],
    ['a skip that nothing has', ['smoke', GOOD, '--allow-skip', 'x=y'], /--allow-skip x: smoke has no such check/],
    [
      'a skip without a reason',
      ['smoke', KEYLESS, '--allow-skip', 'keyless='],
      /--allow-skip keyless: a reason is needed/,
    ],
    ['an unknown report', ['smoke', GOOD, '--report', 'tap=x'], /there is no reporter tap/],
    ['a report without a place', ['smoke', GOOD, '--report', 'junit='], /--report junit=: a path is needed/],
    [
      'a report of several that can show one',
      ['smoke', GOOD, BAD, '--report', 'html=x'],
      /--report html=x: it can show one suite/,
    ],
    [
      'a report that can show one, beside a suite that is skipped',
      ['smoke', GOOD, KEYLESS, '--report', 'html=x'],
      /--report html=x: it can show one suite/,
    ],
    ['no suites at a time', ['smoke', GOOD, '--jobs', '0'], /--jobs 0: expected a whole number/],
    ['a level there is not', ['smoke', GOOD, '--fail-on', 'red'], /--fail-on/],
    [
      'a daemon that is nowhere',
      ['smoke', 'slo-probe', '--target', 'kheish'],
      /nothing says which daemon of kheish is asked/,
    ],
    [
      'a token of no daemon',
      ['smoke', 'slo-probe', '--param', 'token-file=/x'],
      /token-file= belongs to a running daemon/,
    ],
    [
      'own and running at once',
      ['smoke', 'slo-probe', '--own', '--param', 'base-url=http://127.0.0.1:1'],
      /own=yes starts a daemon, and base-url=/,
    ],
    [
      'a running daemon without a token',
      ['smoke', 'slo-probe', '--param', 'base-url=http://127.0.0.1:1'],
      /asking http:\/\/127\.0\.0\.1:1 needs a token/,
    ],
    [
      'a port that there is not',
      ['smoke', 'slo-probe', '--param', 'base-url=http://127.0.0.1:99999', 'token-file=/x'],
      /base-url=http:\/\/127\.0\.0\.1:99999: expected http/,
    ],
    [
      'writing without an admin token',
      ['smoke', 'slo-probe', '--allow-write', '--param', 'base-url=http://127.0.0.1:1', 'token-file=/x'],
      /allow-write=yes makes objects, which takes an admin token/,
    ],
    [
      'an authority without TLS',
      ['smoke', 'slo-probe', '--param', 'base-url=http://127.0.0.1:1', 'token-file=/x', 'ca-file=/y'],
      /ca-file= is for https/,
    ],
  ]
  for (const [what, words, message] of refused) {
    test(`refuses ${what}, and runs nothing`, async () => {
      const ended = await site.run(words)
      assert.equal(ended.status, 2, ended.stderr)
      assert.match(ended.stderr, message)
      assert.equal(ended.stdout, '')
      assert.equal(existsSync(site.reports), false)
    })
  }

  test('tells JUnit and GitHub of a suite that was skipped, allowed or not', async () => {
    const file = path.join(site.root, 'skipped.xml')
    const summary = path.join(site.root, 'skipped.md')
    const env = { GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: summary }
    const words = ['smoke', GOOD, KEYLESS, '--report', `junit=${file}`]
    const ended = await site.run(words, { env })
    assert.equal(ended.status, 1, ended.stderr)
    assert.match(readFileSync(file, 'utf8'), /<testsuites name="smoke" tests="2" failures="1" errors="0" skipped="0"/)
    assert.match(ended.stderr, /^::error title=runproof::keyless skipped$/m)
    assert.match(readFileSync(summary, 'utf8'), /^\| keyless \| skipped \|$/m)

    const allowed = await site.run([...words, '--allow-skip', 'keyless=no key here'], { env })
    assert.equal(allowed.status, 0, allowed.stderr)
    assert.match(readFileSync(file, 'utf8'), /<testsuites name="smoke" tests="2" failures="0" errors="0" skipped="1"/)
    assert.doesNotMatch(allowed.stderr, /^::/m)
    assert.match(readFileSync(summary, 'utf8'), /^\| keyless \| skipped \(allowed\) \|$/m)
  })

  test('leaves no older report in place where no suite has evidence', async () => {
    const file = path.join(site.root, 'stale.xml')
    for (const [words, totals] of [
      [['smoke', KEYLESS], 'failures="1" errors="0"'],
      [['smoke', KEYLESS, '--allow-skip', 'keyless=no key'], 'failures="1" errors="0"'],
      [['smoke', GOOD, '--reports', '/dev/null/x'], 'failures="0" errors="1"'],
    ] as const) {
      writeFileSync(file, 'of another time')
      const ended = await site.run([...words, '--report', `junit=${file}`])
      assert.notEqual(ended.status, 0)
      assert.match(readFileSync(file, 'utf8'), new RegExp(`<testsuites name="smoke" tests="1" ${totals}`))
    }
  })

  test('says what to do about a daemon that cannot be reached, once, and what was not asked', async () => {
    const token = path.join(site.root, 'token')
    writeFileSync(token, 'a-token-of-nobody')
    const params = ['--param', 'base-url=http://127.0.0.1:1', `token-file=${token}`]
    const ended = await site.run(['smoke', 'slo-probe', 'capture', ...params])
    assert.equal(ended.status, 3, ended.stderr)
    assert.match(
      ended.stdout,
      /^slo-probe +ERRORED .*\n +errored +daemon: TARGET_UNREACHABLE: .*\n +hint: .*\n +skipped +3 more steps, not reached: .*$/m,
    )
    assert.match(ended.stdout, /^limits +1 not asked, 4 assumed; each is named by: .*runproof evidence show DIR$/m)
    assert.doesNotMatch((await site.run(['smoke', GOOD])).stdout, /^limits/m)
  })

  test('plans what is only looked at on a daemon that runs, and asks before it writes there', async () => {
    const running = ['--param', 'base-url=http://127.0.0.1:1', 'token-file=/x', 'admin-token-file=/y']
    const looks = await site.run(['plan', 'capture', ...running])
    assert.match(looks.stdout, /^ +not broken \(subject\): /m)
    assert.doesNotMatch(looks.stdout, /broken on purpose \(subject\)/)
    assert.match(looks.stdout, /^Counterproofs on subjects would not run: the daemon is in use/m)
    const writes = await site.run(['plan', 'capture', ...running, 'allow-write=yes'])
    assert.match(writes.stdout, /\[[a-z-]+: write, ask\]/)
    assert.doesNotMatch(writes.stdout, /: write, allow\]/)
  })

  test('a report that can’t be written is told, once the evidence is sealed', async () => {
    const ended = await site.run(['smoke', GOOD, '--report', `junit=${site.root}/no/such/place.xml`])
    assert.equal(ended.status, 3)
    assert.match(ended.stderr, /place\.xml: ENOENT\n {2}hint: the evidence is sealed/)
    assert.equal(site.sealed().length, 1)
  })
})
