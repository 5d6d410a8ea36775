import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import suite from '../smoke/slo-probe.ts'
import { plan } from '../src/engine/plan.ts'
import { SIGNALS } from '../src/slo/signals.ts'
import standIn from '../src/targets/stand-in.ts'
import { assertDocumented } from './documented-commands.ts'
import { leftovers } from './leftovers.ts'
import { assertPassed, checkOf, evidenceOf } from './run-drill.ts'
import { proofsOf, type RunningStandIn, runSuite } from './run-suite.ts'
import { startWithRoute } from './stand-in-with-route.ts'

describe('the slo-probe suite', { timeout: 400_000, concurrency: 3 }, () => {
  const root = mkdtempSync(join(tmpdir(), 'smoke-slo-'))
  after(() => rmSync(root, { recursive: true, force: true }))
  const file = (name: string, text: string) => {
    writeFileSync(join(root, name), text, { mode: 0o600 })
    return join(root, name)
  }
  const levelOf = (evidence: Parameters<typeof checkOf>[0], id: string) =>
    (checkOf(evidence, id).actual as { level: string }).level

  /** Why the daemon was not reached. */
  const reasonOf = (evidence: Parameters<typeof checkOf>[0]) =>
    evidence.steps.find(step => step.id === 'daemon')!.reason!

  /** Publishes events, so that nobody waits for the heartbeat of an idle stream. */
  const stirred = async <Ended>(running: RunningStandIn, level: string, run: () => Promise<Ended>): Promise<Ended> => {
    const stirring = setInterval(() => {
      running.daemon.post('/v1/runtime/debug-level', running.site.admin, { level }).catch(() => {})
    }, 200)
    try {
      return await run()
    } finally {
      clearInterval(stirring)
    }
  }

  test('passes on a daemon of its own, with every counterproof red', async () => {
    const ended = await runSuite('slo-probe', { root, counterproofs: 'all' })
    const evidence = assertPassed(ended)
    const { notRed, onSubjects } = proofsOf(evidence)
    assert.deepEqual(notRed, [])
    assert.ok(onSubjects > 50, `${onSubjects} on subjects`)
    await assertDocumented(evidence)
    for (const { id } of SIGNALS) assert.equal(levelOf(evidence, id), 'ok', id)
    assert.deepEqual(checkOf(evidence, 'refusals-recorded').actual, {
      recorded: ['auth_failure missing_token'],
      others: 0,
    })
    assert.match(evidence.assumptions.join('\n'), /one request without a token was made on purpose/)
    assert.deepEqual(await leftovers(ended.workDir), [])
  })

  test('answers every numbered statement of the published probe', () => {
    const covered = suite
      .steps({ params: {}, target: standIn })
      .flatMap(step => step.verify.flatMap(check => check.covers ?? []))
    const statements = Array.from({ length: 19 }, (_, index) => `7.1/${index + 1}`)
    assert.deepEqual(
      statements.filter(one => !covered.includes(one)),
      [],
    )
  })

  test('only looks at a daemon that somebody runs, given its URL and a read-only token', async () => {
    await using running = await startWithRoute()
    const before = running.files()
    const evidence = assertPassed(await runSuite('slo-probe', { root, params: running.reading }))
    assert.deepEqual(running.files(), before)
    const notTested = evidence.notTested.join('\n')
    assert.match(notTested, /Auth and CORS rate limits .*: no state-root= was given/)
    assert.match(notTested, /State-root disk .*: no state-root= was given/)
    assert.match(notTested, /finds nothing at all: no admin-token-file= was given/)
    assert.match(notTested, /no run queued.*: a daemon in use may have work/)
    assert.equal(levelOf(evidence, 'readiness'), 'ok')
  })

  test('reads the files of its host where they are given, and leaves no row in its log', async () => {
    await using running = await startWithRoute()
    const params = {
      ...running.reading,
      'admin-token-file': running.site.adminFile,
      'state-root': running.site.stateRoot,
    }
    const evidence = assertPassed(await stirred(running, 'off', () => runSuite('slo-probe', { root, params })))
    assert.match(evidence.assumptions.join('\n'), /is the state root of the daemon that is asked/)
    assert.equal(levelOf(evidence, 'auth-rate-limits'), 'ok')
    assert.equal(existsSync(join(running.site.stateRoot, standIn.signals.auditLog)), false)
    assert.equal(checkOf(evidence, 'routes-clean').outcome, 'passed')
  })

  test('warns of a limiter that began to refuse twice, and fails only where a warning is to fail', async () => {
    await using running = await startWithRoute()
    for (const token of [undefined, 'nobody-knows-this-token'])
      for (let count = 0; count < 61; count += 1) await (await running.daemon.get('/v1/status', token)).text()
    const params = { ...running.reading, 'state-root': running.site.stateRoot }
    const [warned, ended] = await stirred(running, 'off', () =>
      Promise.all([
        runSuite('slo-probe', { root, params }),
        runSuite('slo-probe', { root, params: { ...params, 'fail-on': 'warn' } }),
      ]),
    )
    assert.equal(levelOf(assertPassed(warned), 'auth-rate-limits'), 'warn')
    assert.equal(ended.status, 1, ended.stderr)
    assert.match(checkOf(evidenceOf(ended), 'auth-rate-limits').reason!, /^warn: auth_rate_limited 2\/0\/0/)
  })

  test('pages where full capture makes the daemon unhealthy, and warns of the capture', async () => {
    await using running = await startWithRoute()
    const set = await running.daemon.post('/v1/runtime/debug-level', running.site.admin, { level: 'full' })
    assert.equal(set.status, 200)
    const ended = await stirred(running, 'full', () => runSuite('slo-probe', { root, params: running.reading }))
    assert.equal(ended.status, 1, ended.stderr)
    const evidence = evidenceOf(ended)
    assert.match(checkOf(evidence, 'health').reason!, /^page: unhealthy: debug_capture_full/)
    assert.equal(levelOf(evidence, 'debug-capture'), 'warn')
    assert.match(
      (checkOf(evidence, 'debug-capture').actual as { reason: string }).reason,
      /page: needs a window of 30 min, seen one sample/,
    )
  })

  const broken = [
    ['a status that calls a member something else', 'health-ok-renamed', /ANSWER_MALFORMED: status\.health\.ok/],
    ['a daemon that ends while it is asked', 'dies-after-ready', /TARGET_UNREACHABLE/],
  ] as const
  for (const [title, fault, because] of broken) {
    test(`has no verdict on ${title}, and seals that`, async () => {
      await using running = await startWithRoute([fault])
      const ended = await stirred(running, 'off', () => runSuite('slo-probe', { root, params: running.reading }))
      assert.equal(ended.status, 3, ended.stderr)
      // A daemon that ends may do so before the first check is asked.
      const errored = evidenceOf(ended).steps.flatMap(step => [step, ...step.checks])
      const reasons = errored.filter(({ outcome }) => outcome === 'errored').map(({ reason }) => reason)
      assert.match(reasons.join('\n'), because)
    })
  }

  test('says that a token is refused and shows it once, that an admin token is none, and that a token file holds none', async () => {
    await using running = await startWithRoute()
    const unknown = file('unknown-token', 'nobody-knows-this-token')
    const cases: readonly (readonly [given: Readonly<Record<string, string>>, RegExp, refusedAt?: string])[] = [
      [
        { 'token-file': unknown },
        /\/v1\/status answered 401: the daemon refuses the token in .*unknown-token/,
        '/v1/status',
      ],
      [{ 'admin-token-file': unknown }, /secrets answered 401: the daemon refuses the token in/, '/v1/runtime/secrets'],
      [{ 'admin-token-file': running.site.readOnlyFile }, /secrets answered 403: the token in .* may not read that/],
      [{ 'token-file': file('two-lines', 'a-token\nand-another') }, /two-lines holds no token: a token is one word/],
      [{ 'token-file': '/dev/zero' }, /FILE_UNREADABLE: \/dev\/zero has more than/],
    ]
    const log = join(running.site.stateRoot, standIn.signals.auditLog)
    for (const [given, because, refusedAt] of cases) {
      rmSync(log, { force: true })
      const ended = await runSuite('slo-probe', { root, params: { ...running.reading, ...given } })
      assert.equal(ended.status, 3, ended.stderr)
      const evidence = evidenceOf(ended)
      assert.match(reasonOf(evidence), because)
      if (refusedAt === undefined) continue
      assert.match(evidence.assumptions.join('\n'), because)
      const rows = readFileSync(log, 'utf8').trim().split('\n')
      assert.deepEqual(
        rows.map(row => (JSON.parse(row) as { path: string }).path),
        [refusedAt],
      )
    }
  })

  test('takes no other level and no other environment than there are', () => {
    for (const [name, value] of [
      ['fail-on', 'never'],
      ['environment', 'prod'],
    ] as const) {
      const message = new RegExp(`${name}=${value}: expected`)
      assert.throws(() => plan(suite, standIn, { [name]: value }), { code: 'PARAM_INVALID', message })
    }
  })
})
