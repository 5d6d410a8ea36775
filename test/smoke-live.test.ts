import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, describe, test } from 'node:test'
import { startProvider } from '../fixtures/provider/server.ts'
import { DEFAULT_SWITCHES } from '../fixtures/provider/switches.ts'
import suite from '../smoke/live.ts'
import standInTarget from '../src/targets/stand-in.ts'
import { assertDocumented } from './documented-commands.ts'
import { leftovers } from './leftovers.ts'
import { assertPassed, checkOf, evidenceOf, RunningDrill, runproof } from './run-drill.ts'
import { proofsOf, runSuite } from './run-suite.ts'
import { StandInWithProvider } from './stand-in-with-provider.ts'

const STAND_IN = standInTarget.bundledBinary!
const SUITE = resolve(import.meta.dirname, '..', 'smoke', 'live.ts')

describe('the live suite', { timeout: 300_000, concurrency: 3 }, () => {
  const root = mkdtempSync(join(tmpdir(), 'smoke-live-'))
  after(() => rmSync(root, { recursive: true, force: true }))

  test('passes on a daemon of its own, with every counterproof red', async () => {
    const ended = await runSuite('live', { root, counterproofs: 'all' })
    const evidence = assertPassed(ended)
    const { notRed, onSubjects } = proofsOf(evidence)
    assert.deepEqual(notRed, [])
    assert.ok(onSubjects > 80, `${onSubjects} on subjects`)
    assert.match(evidence.assumptions.join('\n'), /20 requests with a token that was not valid/)
    await assertDocumented(evidence)
    assert.deepEqual(await leftovers(ended.workDir), [])
  })

  test('answers every numbered statement of the published script but those of a backup and of its page', () => {
    const covered = suite
      .steps({ params: {}, target: standInTarget })
      .flatMap(step => step.verify.flatMap(check => check.covers ?? []))
    const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index)
    const statements = [...numbers(2, 44).map(one => `7.3/${one}`), ...numbers(6, 34).map(one => `9.A/${one}`)]
    assert.deepEqual(
      statements.filter(one => !covered.includes(one)),
      [],
    )
  })

  test('has whole steps only, whatever was given of a running daemon', () => {
    const { bundledBinary: _, ...bare } = standInTarget
    const given = [{}, { 'token-file': '/t' }, { 'admin-token-file': '/a', 'allow-write': 'yes' }]
    const also = [{}, { binary: '/b' }, { 'state-root': '/s' }, { binary: '/b', 'state-root': '/s' }]
    for (const params of given.flatMap(one => also.map(more => ({ 'base-url': 'http://d', ...one, ...more })))) {
      const steps = suite.steps({ params, target: bare })
      assert.ok(
        steps.every(step => step.id !== undefined && step.verify.length > 0),
        JSON.stringify(params),
      )
    }
  })

  test('only looks at a daemon that somebody runs, touches none of its files, and goes by what it still has of its events', async () => {
    // So few that older events have made way for newer ones when it is asked the second time.
    await using running = await StandInWithProvider.start([], ['--event-history-capacity', '20'])
    const { standIn } = running
    const none = standIn.files()
    const empty = assertPassed(await runSuite('live', { root, params: standIn.reading }))
    assert.deepEqual(standIn.files(), none)
    assert.match(empty.notTested.join('\n'), /The global stream replays .*: no-events: the daemon retains none/)
    assert.match(empty.notTested.join('\n'), /external actions are signed.*: no-runs/)

    await running.makeRun()
    await running.makeRun()
    const before = standIn.files()
    const params = { ...standIn.reading, 'state-root': standIn.site.stateRoot, heartbeat: 'yes' }
    const seen = assertPassed(await runSuite('live', { root, params }))
    assert.deepEqual(standIn.files(), before)
    for (const id of [
      'replay-global',
      'replay-run',
      'resume-global',
      'actions-signed',
      'actions-sealed',
      'run-shown',
      'heartbeat',
    ])
      assert.equal(checkOf(seen, id).outcome, 'passed', id)
    assert.match(seen.notTested.join('\n'), /only on a daemon of the suite’s own/)
    assert.equal(running.provider.requests.length, 2)
  })

  test('makes a run and a sidecar where it may, in the same session each time, and takes the sidecar away again', async () => {
    await using running = await StandInWithProvider.start()
    const { standIn } = running
    const params = { ...standIn.writing, 'state-root': standIn.site.stateRoot }
    for (const requests of [1, 2]) {
      const evidence = await running.stirred(async () => assertPassed(await runSuite('live', { root, params })))
      assert.equal(checkOf(evidence, 'sidecar-removed').outcome, 'passed')
      assert.equal(running.provider.requests.length, requests)
      await assertDocumented(evidence)
    }
    const list = async (path: string) => (await standIn.daemon.get(path, standIn.site.admin)).json()
    const ids = (await list('/v1/sessions')) as { session_id: string }[]
    assert.deepEqual(
      ids.map(one => one.session_id),
      ['runproof-probe'],
    )
    assert.deepEqual(await list('/v1/runtime/connectors'), [])
    const slots = (await list('/v1/runtime/secrets')) as { slot_id: string }[]
    assert.deepEqual(
      slots.map(one => one.slot_id),
      ['openai.prod'],
    )
  })

  test('turns red where a daemon loses events, takes any cursor, or signs wrongly', async () => {
    await using running = await StandInWithProvider.start([
      'sse-lost-event',
      'invalid-cursor-accepted',
      'ledger-bad-signature',
    ])
    await running.makeRun()
    const ended = await running.stirred(() => runSuite('live', { root, params: running.standIn.reading }))
    assert.equal(ended.status, 1, ended.stderr)
    const evidence = evidenceOf(ended)
    const red = (id: string) => {
      const { outcome, reason } = checkOf(evidence, id)
      return `${outcome}: ${reason}`
    }
    for (const scope of ['global', 'session', 'run']) assert.match(red(`replay-${scope}`), /^failed: lost/)
    assert.match(red('resume-run'), /^failed: after a cursor: (lost|wrong-first)/)
    assert.match(red('cursor-refused'), /^failed: in the query it gave 200/)
    assert.match(red('actions-signed'), /^failed: .*signature does not hold/)
  })

  test('turns red where leases outlive their secret, and leaves no sidecar behind all the same', async () => {
    await using running = await StandInWithProvider.start([
      'old-lease-stays-active',
      'digest-shown',
      'old-signature-accepted',
    ])
    const { standIn } = running
    const params = { ...standIn.writing, 'state-root': standIn.site.stateRoot }
    const ended = await running.stirred(() => runSuite('live', { root, params }))
    assert.equal(ended.status, 1, ended.stderr)
    const evidence = evidenceOf(ended)
    assert.match(checkOf(evidence, 'sidecar-leased').reason!, /shows token_digest/)
    assert.match(checkOf(evidence, 'old-lease-dead').reason!, /active: true/)
    assert.match(checkOf(evidence, 'sidecar-rotated').reason!, /right signature was refused/)
    const left = await standIn.daemon.get('/v1/runtime/connectors', standIn.site.admin)
    assert.deepEqual(await left.json(), [])
  })

  test('takes the sidecar away when it is interrupted', async () => {
    await using running = await StandInWithProvider.start()
    const { daemon, site } = running.standIn
    const params = { ...running.standIn.writing, 'state-root': site.stateRoot }
    await running.stirred(async () => {
      const suite = new RunningDrill({ root, params, runbook: SUITE, flags: ['--yes=stand-in'] })
      await suite.line(/connectors put-external .*"second"/)
      suite.child.kill('SIGINT')
      assert.equal((await suite.ended).status, 130)
    })
    assert.deepEqual(await (await daemon.get('/v1/runtime/connectors', site.admin)).json(), [])
    const slots = (await (await daemon.get('/v1/runtime/secrets', site.admin)).json()) as { slot_id: string }[]
    assert.deepEqual(
      slots.map(one => one.slot_id),
      ['openai.prod'],
    )
  })

  test('a daemon that ends while it is asked leaves errors, not hangs, and sealed evidence', async () => {
    await using running = await StandInWithProvider.start(['dies-after-ready'])
    const ended = await runSuite('live', { root, params: running.standIn.writing })
    assert.equal(ended.status, 3, ended.stderr)
    assert.equal(evidenceOf(ended).outcome, 'errored')
    assert.match(ended.stderr, /TARGET_UNREACHABLE/)
  })

  test('starts a daemon of a real target with the key of its provider, and is skipped without one', async () => {
    const key = randomBytes(24).toString('hex')
    const keyFile = join(root, 'provider-key')
    writeFileSync(keyFile, key, { mode: 0o600 })
    const key_sha256 = createHash('sha256').update(key).digest('hex')
    await using provider = await startProvider({ ...DEFAULT_SWITCHES, key_sha256 })
    const ended = await runSuite('live', {
      root,
      target: 'kheish',
      flags: ['--yes=kheish', '--secret', `provider-key=file:${keyFile}`],
      params: { own: 'yes', binary: STAND_IN, 'provider-url': `${provider.origin}/v1`, model: 'model-y' },
    })
    const evidence = assertPassed(ended)
    assert.match(evidence.assumptions.join('\n'), /could reach what this machine can/)
    assert.ok(provider.requests.every(({ authorized, model }) => authorized && model === 'model-y'))
    assert.ok(provider.requests.length >= 4)

    const env = { PATH: process.env.PATH, HOME: root, NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE }
    const words = ['smoke', 'live', '--target', 'kheish', '--own', '--param', `binary=${STAND_IN}`]
    const skipped = await runproof(env, words)
    assert.equal(skipped.status, 1)
    assert.match(skipped.stdout, /live\s+SKIPPED: no provider key/)
  })
})
