import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import suite from '../smoke/tls-proxy.ts'
import type { Evidence } from '../src/evidence/schema.ts'
import standInTarget from '../src/targets/stand-in.ts'
import { assertDocumented } from './documented-commands.ts'
import { leftovers } from './leftovers.ts'
import { assertPassed, checkOf, type Ended, evidenceOf, runproof } from './run-drill.ts'
import { proofsOf, runSuite } from './run-suite.ts'
import { type Behind, StandInBehindTls } from './stand-in-behind-tls.ts'

const DAY_MS = 86_400_000
const days = (from: number, to: number) => ({
  validFrom: new Date(Date.now() + from * DAY_MS),
  validTo: new Date(Date.now() + to * DAY_MS),
})

describe('the tls-proxy suite', { timeout: 300_000, concurrency: 3 }, () => {
  const root = mkdtempSync(join(tmpdir(), 'smoke-tls-proxy-'))
  after(() => rmSync(root, { recursive: true, force: true }))

  const said = (evidence: Evidence, id: string) => {
    const { outcome, reason } = checkOf(evidence, id)
    return `${outcome}: ${reason}`
  }
  /** Publishes events meanwhile: a doctor waits for one. */
  const ask = (behind: StandInBehindTls, params = behind.reading): Promise<Ended> =>
    behind.running.stirred(() => runSuite('tls-proxy', { root, params }))

  test('passes on a daemon of its own, with every counterproof red and no key left', async () => {
    const ended = await runSuite('tls-proxy', { root, counterproofs: 'all' })
    const evidence = assertPassed(ended)
    const { notRed, onSubjects } = proofsOf(evidence)
    assert.deepEqual(notRed, [])
    assert.ok(onSubjects > 60, `${onSubjects} on subjects`)
    await assertDocumented(evidence)
    assert.deepEqual(await leftovers(ended.workDir), [])
    const grep = ['-rlE', 'BEGIN (EC |RSA )?PRIVATE KEY', ended.reportsDir]
    assert.throws(() => execFileSync('grep', grep), { status: 1 })
    // What it agreed on and saw stands in the evidence.
    assert.match(JSON.stringify(checkOf(evidence, 'tls-served').actual), /TLSv1\.3.*serverAuth/)
  })

  test('answers every numbered statement of the published script', () => {
    const covered = suite
      .steps({ params: {}, target: standInTarget })
      .flatMap(step => step.verify.flatMap(check => check.covers ?? []))
    const statements = Array.from({ length: 13 }, (_, index) => `7.2/${index + 1}`)
    assert.deepEqual(
      statements.filter(one => !covered.includes(one)),
      [],
    )
  })

  test('only looks at a daemon that somebody runs, by HTTPS alone, with its own client, too', async () => {
    await using behind = await StandInBehindTls.start()
    await behind.running.makeRun()
    const before = behind.running.standIn.files()
    // Not stirred: what the doctor waits for is a heartbeat, and nothing must be written.
    const evidence = assertPassed(await runSuite('tls-proxy', { root, params: behind.reading }))
    const { [join(behind.running.standIn.site.stateRoot, 'control-plane-auth', 'audit.jsonl')]: audit, ...others } =
      behind.running.standIn.files()
    assert.deepEqual(others, before)
    assert.ok(audit, 'the one refusal is on record')
    const asked = ['tls-served', 'tls-trusted', 'tls-tokens', 'tls-client', 'doctor', 'replay-run', 'resume-global']
    for (const id of asked) assert.equal(checkOf(evidence, id).outcome, 'passed', id)
    assert.match(evidence.assumptions.join('\n'), /without a token was refused/)
    assert.match(evidence.notTested.join('\n'), /runs: allow-write=yes/)
  })

  // Another authority is what the counterproofs of the whole run have on both checks.
  const refused: readonly (readonly [string, Behind, string, RegExp])[] = [
    ['a name that is not asked for', { leaf: { names: ['elsewhere.test'] } }, 'tls-served', /name: .*elsewhere/],
    ['a certificate that has expired', { leaf: days(-2, -1) }, 'tls-trusted', /has expired/],
    ['no word of what it is for', { leaf: { purposes: [] } }, 'tls-served', /says no purpose/],
  ]
  for (const [title, behind, id, why] of refused) {
    test(`turns red for ${title}, before a token is shown`, async () => {
      await using site = await StandInBehindTls.start(behind)
      const ended = await runSuite('tls-proxy', { root, params: site.reading })
      assert.equal(ended.status, 1, ended.stderr)
      const evidence = evidenceOf(ended)
      assert.match(said(evidence, id), /^failed/)
      assert.match(said(evidence, id), why)
      assert.deepEqual(
        evidence.steps.map(step => step.outcome),
        ['failed', 'skipped', 'skipped', 'skipped', 'passed'],
      )
    })
  }

  const spoilt: readonly (readonly [string, NonNullable<Behind['how']>, string, RegExp])[] = [
    ['loses an event', { stream: { dropEvent: 2 } }, 'replay-global', /^failed: lost/],
    ['drops tokens', { dropHeader: 'authorization' }, 'tls-tokens', /^failed: with the readonly token it answers 401/],
  ]
  for (const [title, how, id, why] of spoilt) {
    test(`turns red where what ends TLS ${title}`, async () => {
      await using behind = await StandInBehindTls.start({ how })
      await behind.running.makeRun()
      const ended = await ask(behind)
      assert.equal(ended.status, 1, ended.stderr)
      assert.match(said(evidenceOf(ended), id), why)
    })
  }

  describe('on a daemon whose certificate ends soon', { concurrency: 1 }, () => {
    let behind: StandInBehindTls
    before(async () => {
      behind = await StandInBehindTls.start({ leaf: days(-2, 0.2) })
    })
    after(() => behind[Symbol.asyncDispose]())

    test('warns of it, has a run done by HTTPS where it may write, and passes', async () => {
      const ended = await ask(behind, behind.writing)
      const evidence = assertPassed(ended)
      assert.match(JSON.stringify(checkOf(evidence, 'tls-served').actual), /"level":"warn".*"reason":"expiry: /)
      assert.match(ended.stdout + ended.stderr, /warn.*expiry: /)
      assert.equal(checkOf(evidence, 'run-answered').outcome, 'passed')
      assert.equal(behind.running.provider.requests.length, 1)
    })

    test('other suites ask through TLS as well, with the daemon’s own client, too', async () => {
      const evidence = assertPassed(
        await behind.running.stirred(() => runSuite('slo-probe', { root, params: behind.reading })),
      )
      assert.equal(checkOf(evidence, 'doctor').outcome, 'passed')
    })

    test('gives no verdict where nobody listens', async () => {
      // Port 1 is nobody's.
      const gone = { ...behind.reading, 'base-url': 'https://localhost:1' }
      const ended = await runSuite('tls-proxy', { root, params: gone })
      assert.equal(ended.status, 3, ended.stderr)
      assert.match(ended.stderr, /TARGET_UNREACHABLE: nothing listens/)
    })
  })

  test('has whole steps only, whatever was given of a running daemon', () => {
    const { bundledBinary: _, ...bare } = standInTarget
    const given = [{ 'token-file': '/t' }, { 'admin-token-file': '/a', 'allow-write': 'yes' }]
    for (const params of given.flatMap(one => [one, { ...one, binary: '/b', 'ca-file': '/c' }])) {
      const input = { params: { 'base-url': 'https://d', ...params }, target: bare }
      assert.ok(suite.steps(input).every(step => step.id !== undefined && step.verify.length > 0))
      assert.equal(suite.conflict?.(input), undefined)
      const limits = suite.limits?.(input).join('\n') ?? ''
      assert.equal(/one authority/.test(limits), params['ca-file' as keyof typeof params] === undefined)
    }
  })

  test('is skipped without the key of a real daemon’s provider', async () => {
    const env = { PATH: process.env.PATH, HOME: root, NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE }
    const words = [
      'smoke',
      'tls-proxy',
      '--target',
      'kheish',
      '--own',
      '--param',
      `binary=${standInTarget.bundledBinary}`,
    ]
    const { status, stdout } = await runproof(env, words)
    assert.equal(status, 1)
    assert.match(stdout, /tls-proxy\s+SKIPPED: no provider key/)
  })

  describe('and a daemon without TLS', () => {
    const env = { PATH: process.env.PATH, HOME: root, NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE }
    const params = ['--param', 'base-url=http://127.0.0.1:1', 'token-file=/x']

    test('is not for it, which is a usage error', async () => {
      const message = /tls-proxy asks a daemon behind TLS, and base-url is http:\/\/127\.0\.0\.1:1/
      for (const words of [
        ['smoke', 'tls-proxy'],
        ['plan', 'tls-proxy'],
      ]) {
        const { status, stderr } = await runproof(env, [...words, ...params])
        assert.equal(status, 2, stderr)
        assert.match(stderr, message)
        assert.match(stderr, /base-url=https:/)
      }
    })

    test('leaves it out where all suites are asked for', async () => {
      const { stdout } = await runproof(env, [
        'smoke',
        ...params,
        '--reports',
        join(root, 'r'),
        '--work',
        join(root, 'w'),
      ])
      assert.match(stdout, /tls-proxy +(LEFT OUT|left out).*behind TLS/)
    })
  })
})
