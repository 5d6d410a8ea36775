import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, describe, test } from 'node:test'
import { assertDocumented } from './documented-commands.ts'
import { leftovers } from './leftovers.ts'
import { assertPassed, checkOf, evidenceOf, runDrill } from './run-drill.ts'
import { proofsOf, RunningStandIn, runSuite } from './run-suite.ts'

describe('the capture suite', { timeout: 300_000, concurrency: 2 }, () => {
  const root = mkdtempSync(join(tmpdir(), 'smoke-capture-'))
  after(() => rmSync(root, { recursive: true, force: true }))

  test('passes on a daemon of its own, with every counterproof red', async () => {
    const ended = await runSuite('capture', { root, counterproofs: 'all' })
    const evidence = assertPassed(ended)
    const { notRed, onSubjects } = proofsOf(evidence)
    assert.deepEqual(notRed, [])
    assert.ok(onSubjects > 20, `${onSubjects} on subjects`)
    await assertDocumented(evidence)
    assert.deepEqual(await leftovers(ended.workDir), [])
  })

  test('only looks at a daemon that somebody runs, and touches none of its files', async () => {
    await using standIn = await RunningStandIn.start()
    const none = standIn.files()
    const empty = assertPassed(await runSuite('capture', { root, params: standIn.reading }))
    assert.deepEqual(standIn.files(), none)
    assert.match(empty.notTested.join('\n'), /gives no token away.*: no capture agent is provisioned/)
    assert.match(empty.notTested.join('\n'), /they take allow-write=yes/)
    assert.equal(checkOf(empty, 'capture-readable').outcome, 'passed')

    const body = { batch_id: 'b', daemon_base_url: standIn.daemon.url, agents: [{ machine_id: 'theirs' }] }
    const made = await standIn.daemon.post('/v1/capture-agent-provisions', standIn.site.admin, body)
    assert.equal(made.status, 200)
    const one = standIn.files()
    const seen = assertPassed(await runSuite('capture', { root, params: standIn.reading }))
    assert.deepEqual(standIn.files(), one)
    assert.deepEqual(checkOf(seen, 'capture-views').actual, { agents: 1, alerts: 0 })
  })

  test('provisions machines of its own where it may, and revokes them again, twice in a row', async () => {
    await using standIn = await RunningStandIn.start()
    for (const _ of ['first', 'second']) {
      const evidence = assertPassed(await runSuite('capture', { root, params: standIn.writing }))
      assert.match(evidence.assumptions.join('\n'), /requests with tokens that had to be refused/)
      assert.match(evidence.assumptions.join('\n'), /stay listed as revoked/)
    }
    const agents = (await (await standIn.daemon.get('/v1/capture-agents', standIn.site.readOnly)).json()) as {
      machine_id: string
      status: string
    }[]
    assert.deepEqual(
      agents.map(({ machine_id, status }) => `${machine_id} ${status}`),
      ['runproof-smoke revoked', 'runproof-smoke-files revoked', 'runproof-smoke-late revoked'],
    )
  })

  test('goes without the client where no binary of the daemon was given, and says so', async () => {
    await using standIn = await RunningStandIn.start()
    const real = { root, target: 'kheish', flags: ['--yes=kheish'], params: standIn.writing }
    const evidence = assertPassed(await runSuite('capture', real))
    assert.match(evidence.notTested.join('\n'), /into files: no binary= was given/)
  })

  test('writes to nothing that runs already unless it is told to, whatever that is called', async () => {
    await using standIn = await RunningStandIn.start()
    const before = standIn.files()
    const denied = await runDrill({
      root,
      runbook: resolve(import.meta.dirname, '..', 'smoke', 'capture.ts'),
      params: standIn.writing,
    })
    assert.equal(denied.status, 4, denied.stderr)
    assert.match(denied.stderr, /--yes stand-in was not given/)
    assert.deepEqual(standIn.files(), before)
  })

  const faults = [
    ['old-capture-token-accepted', 'capture-old-tokens', /a heartbeat gave 200, expected 401/],
    ['capture-heartbeat-lost', 'capture-heartbeat', /after its heartbeat the machine is shown as pending/],
    ['deprovision-keeps-agent', 'capture-deprovisioned', /it is shown as active/],
  ] as const
  for (const [fault, check, because] of faults) {
    test(`turns red where a daemon has the fault ${fault}, and revokes its machines all the same`, async () => {
      await using standIn = await RunningStandIn.start([fault])
      const ended = await runSuite('capture', { root, params: standIn.writing })
      assert.equal(ended.status, 1, ended.stderr)
      const { outcome, reason } = checkOf(evidenceOf(ended), check)
      assert.equal(outcome, 'failed')
      assert.match(reason!, because)
      if (fault === 'deprovision-keeps-agent') return
      const agents = (await (await standIn.daemon.get('/v1/capture-agents', standIn.site.readOnly)).json()) as {
        status: string
      }[]
      assert.deepEqual([...new Set(agents.map(({ status }) => status))], ['revoked'])
    })
  }

  test('a daemon that ends while it is asked leaves errors, not hangs, and sealed evidence', async () => {
    await using standIn = await RunningStandIn.start(['dies-after-ready'])
    const ended = await runSuite('capture', { root, params: standIn.writing })
    assert.equal(ended.status, 3, ended.stderr)
    const evidence = evidenceOf(ended)
    assert.equal(evidence.outcome, 'errored')
    assert.match(ended.stderr, /TARGET_UNREACHABLE/)
  })
})
