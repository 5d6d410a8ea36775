import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { beforeEach, describe, test } from 'node:test'
import { LAUNCHER, Site, WAYS } from './launch.ts'

const site = new Site()
beforeEach(() => site.clear())

const ESCAPE = '\u001b'

describe('runproof run', () => {
  const ends = [
    ['passed', 0],
    ['failed', 1],
    ['errored', 3],
    ['denied', 4],
    ['unproven', 6],
  ] as const
  for (const [outcome, status] of ends) {
    test(`exits with ${status} and seals evidence that says ${outcome}`, async () => {
      const ended = await site.way(outcome)
      assert.equal(ended.status, status, ended.stderr)
      assert.equal(site.evidence().outcome, outcome)
      assert.match(ended.stdout, new RegExp(`^outcome   ${outcome.toUpperCase()}`))
      const again = await site.run(['evidence', 'verify', path.join(site.reports, site.sealed()[0]!)])
      assert.equal(again.status, 0, again.stderr)
      assert.deepEqual(readdirSync(site.work), [])
    })
  }

  test('that leaves something running behind is errored, and says what', async () => {
    const ended = await site.way('leftover')
    assert.equal(ended.status, 3)
    assert.match(ended.stdout, /leftover {2}a lamp: it stays on/)
  })

  test('with an error that nobody awaits is errored, torn down and sealed', async () => {
    const ended = await site.way('stray')
    assert.equal(ended.status, 3, ended.stderr)
    const { outcome, assumptions } = site.evidence()
    assert.equal(outcome, 'errored')
    assert.deepEqual(assumptions, ['an error outside of every step: nobody awaits this'])
  })

  for (const way of ['hanging', 'open']) {
    test(`ends although the runbook leaves a timer behind (${way})`, { timeout: 30_000 }, async () => {
      const ended = await site.way(way)
      assert.equal(ended.status, way === 'open' ? 0 : 3, ended.stderr)
    })
  }

  test('keeps evidence private, whatever mode an artefact was given', async () => {
    await site.way('wide')
    const directory = path.join(site.reports, site.sealed()[0]!)
    const modes = readdirSync(directory, { recursive: true, encoding: 'utf8' }).map(name => {
      const stats = statSync(path.join(directory, name))
      return (stats.mode & 0o777) === (stats.isDirectory() ? 0o700 : 0o600)
    })
    assert.ok(modes.length > 5 && modes.every(Boolean))
    assert.equal(statSync(directory).mode & 0o777, 0o700)
  })

  test('writes plain lines without a terminal, and none of its escapes', async () => {
    const { stdout, stderr } = await site.way('unproven')
    assert.ok(!(stdout + stderr).includes(ESCAPE))
    assert.match(stderr, /green/)
  })

  test('with --json writes exactly the evidence to standard output', async () => {
    const ended = await site.way('failed', '--json')
    assert.equal(ended.status, 1)
    assert.deepEqual(JSON.parse(ended.stdout), site.evidence())
  })

  test('runs from any directory, by a link to the launcher and a relative path to the runbook', async () => {
    const elsewhere = path.join(site.root, 'else where')
    mkdirSync(elsewhere, { recursive: true })
    const relative = path.relative(elsewhere, WAYS)
    const ended = await site.run(['run', relative], { cwd: elsewhere, env: { RUNPROOF_REPORTS: '' } })
    assert.equal(ended.status, 0, ended.stderr)
    assert.equal(readdirSync(path.join(elsewhere, 'reports')).length, 1)
    assert.ok(path.isAbsolute(LAUNCHER))
  })

  test('goes on to the seal although nobody reads its output any more', async () => {
    const started = site.start(['run', WAYS])
    started.child.stderr!.destroy()
    started.child.stdout!.destroy()
    assert.equal((await started.ended).status, 0)
    assert.equal(site.evidence().outcome, 'passed')
  })

  test('plans without running anything', async () => {
    const ended = await site.run(['run', WAYS, '--plan'])
    assert.equal(ended.status, 0)
    assert.match(ended.stdout, /Nothing was run\./)
    assert.deepEqual(site.sealed(), [])
  })
})

describe('a secret', () => {
  const value = randomBytes(20).toString('base64url')
  const env = { TOKEN: value }
  const withToken = (way: string, ...words: string[]) =>
    site.run(['run', WAYS, '--param', `way=${way}`, `log=${site.log}`, '--secret', 'token=env:TOKEN', ...words], {
      env,
    })

  test('in an artefact exits with 5 and puts the run into quarantine, whole and private', async () => {
    const ended = await withToken('leaked')
    assert.equal(ended.status, 5, ended.stderr)
    const [name, ...more] = site.sealed()
    assert.deepEqual([name!.endsWith('.quarantined'), more], [true, []])
    const directory = path.join(site.reports, name!)
    assert.equal(statSync(directory).mode & 0o777, 0o700)
    assert.equal(readFileSync(path.join(directory, 'artifacts', 'log'), 'utf8'), value)
    assert.ok(!(ended.stdout + ended.stderr).includes(value))

    const verified = await site.run(['evidence', 'verify', directory])
    assert.deepEqual([verified.status, /quarantine/.test(verified.stderr)], [1, true])
  })

  test('in an error message is redacted on the screen, in the journal and in the evidence', async () => {
    const ended = await withToken('telling')
    assert.equal(ended.status, 3)
    assert.match(ended.stderr, /the token is \[secret token\]/)
    const directory = path.join(site.reports, site.sealed()[0]!)
    for (const text of [
      ended.stdout,
      ended.stderr,
      ...['journal.jsonl', 'evidence.json', 'report.html'].map(name =>
        readFileSync(path.join(directory, name), 'utf8'),
      ),
    ])
      assert.ok(!text.includes(value))
  })

  test('is read from a file, from standard input, or made', async () => {
    const file = path.join(site.root, 'token')
    writeFileSync(file, `${value}\n`)
    for (const source of [`file:${file}`, 'stdin', 'generate']) {
      site.clear()
      const ended = await site.run(['run', WAYS, '--secret', `token=${source}`], { stdin: value })
      assert.equal(ended.status, 0, ended.stderr)
      assert.deepEqual(site.evidence().leakScan.secretNames, ['token'])
    }
  })

  const misuses: readonly [string, readonly string[]][] = [
    ['as the value of a name', [`token=${value}`]],
    ['without a name', [value]],
    ['in base64 with its padding', [`${value}==`]],
    ['twice', [`token=${value}`, `token=${value}`]],
    ['to the wrong flag', ['token=env:TOKEN', `--sekret=token=${value}`]],
  ]
  for (const [how, words] of misuses) {
    for (const json of [[], ['--json']]) {
      test(`given on the command line ${how} is refused and not repeated ${json.join('')}`, async () => {
        const ended = await site.run(['run', WAYS, '--secret', ...words, ...json], { env })
        assert.equal(ended.status, 2, ended.stderr)
        assert.ok(!(ended.stdout + ended.stderr).includes(value), ended.stderr)
      })
    }
  }

  test('that is too short, missing or read twice from one input is refused', async () => {
    const bad = [['token=env:SHORT'], ['token=env:MISSING'], ['token=file:/nowhere/at/all']]
    for (const words of bad) {
      const ended = await site.run(['run', WAYS, '--secret', ...words], { env: { SHORT: 'x' } })
      assert.ok(ended.status === 2 || ended.status === 3, ended.stderr)
      assert.deepEqual(site.sealed(), [])
    }
  })
})

describe('evidence that can not be sealed', () => {
  for (const way of ['bad', 'link']) {
    test(`(${way}) exits with 3, keeps the record and is never called evidence`, async () => {
      const ended = await site.way(way)
      assert.equal(ended.status, 3)
      const [name] = site.sealed()
      assert.match(name!, /^\.run-ways-/)
      assert.ok(existsSync(path.join(site.reports, name!, 'journal.jsonl')))
      assert.ok(ended.stderr.includes(path.join(site.reports, name!)), ended.stderr)
      assert.equal(ended.stdout, '')
    })
  }
})
