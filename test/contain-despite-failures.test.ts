import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, describe, test } from 'node:test'
import containActivity from '../runbooks/contain-activity.ts'
import containDebugFull from '../runbooks/contain-debug-full.ts'
import containProviderKey from '../runbooks/contain-leaked-provider-key.ts'
import containProxyExposure from '../runbooks/contain-proxy-exposure.ts'
import containStuckTask from '../runbooks/contain-stuck-task.ts'
import { plan } from '../src/engine/plan.ts'
import { isManual, type Runbook, type StepContext } from '../src/model/runbook.ts'
import standIn from '../src/targets/stand-in.ts'
import { checkOf, evidenceOf, RunningDrill, runDrill } from './run-drill.ts'
import { RunningStandIn } from './run-suite.ts'

const root = mkdtempSync(join(tmpdir(), 'contain-despite-'))
after(() => rmSync(root, { recursive: true, force: true }))
const daemonFiles = { 'base-url': 'http://127.0.0.1:1', 'admin-token-file': '/keys/admin' }

describe('what contains', () => {
  const cases: readonly (readonly [Runbook, Record<string, string>, readonly string[]])[] = [
    [containActivity, { session: 's', run: 'r' }, ['interrupt-session', 'cancel-run']],
    [containDebugFull, {}, []],
    [containProviderKey, { 'auth-ref': 'openai.prod' }, ['contain', 'revoke-at-provider']],
    [containProxyExposure, {}, ['close-public-route']],
    [containStuckTask, { session: 's', task: 't' }, ['stop']],
  ]
  for (const [runbook, named, ids] of cases)
    test(`is not kept from it by evidence or a diagnosis that failed: ${runbook.id}`, () => {
      const { steps } = plan(runbook, standIn, { ...daemonFiles, ...named })
      // What needs nothing but what is typed and a daemon that answered; what is named is set before it is looked at.
      const known = ['answering', 'daemon', 'activity', 'stuck-task']
      for (const id of [...ids, 'previous-settings', 'first-containment', 'tell-stakeholders', 'post-incident']) {
        const { afterFailure } = steps.find(step => step.id === id) ?? assert.fail(`no step ${id}`)
        if (id === 'post-incident' && runbook === containProviderKey) continue
        assert.ok(
          afterFailure?.every(capture => known.includes(capture.id)),
          `${id} waits for ${afterFailure?.map(one => one.id)}`,
        )
      }
    })

  test('is known by name where looking at it fails: a missing hooks file keeps nobody from stopping the session', async () => {
    const params = { ...daemonFiles, session: 's', 'hooks-file': '/nowhere/hooks.json' }
    const { steps, params: given } = plan(containActivity, standIn, params)
    const look = steps.find(({ id }) => id === 'look')!.run
    const known: unknown[] = []
    const context = {
      params: given,
      target: standIn,
      values: { get: () => ({ instance: { request: async () => assert.fail('the daemon hangs') } }) },
      set: (_: unknown, value: unknown) => known.push(value),
    }
    if (isManual(look)) assert.fail('a person looks')
    await assert.rejects(look.execute(context as unknown as StepContext))
    assert.deepEqual(known, [{ sessionId: 's' }])
  })
})

const runbook = resolve(import.meta.dirname, '..', 'runbooks', 'contain-leaked-admin-token.ts')

test('a leaked token is replaced under a daemon that is dead, which is told, and never in a file that the daemon does not read', {
  timeout: 60_000,
}, async () => {
  await using running = await RunningStandIn.start()
  const { site, daemon } = running
  const params = { 'base-url': daemon.url, 'admin-token-file': site.adminFile, within: '200ms' }
  const drill = { root, runbook, params, flags: ['--yes=stand-in'] }
  const inFile = (file: string) => readFileSync(file, 'utf8').trim()

  const misnamed = new RunningDrill({ ...drill, params: { ...params, 'admin-token-file': site.readOnlyFile } })
  await misnamed.line(/is not the admin token file of this daemon: .* gave 403; nothing was replaced/)
  misnamed.child.kill('SIGINT')
  await misnamed.ended
  assert.deepEqual([inFile(site.readOnlyFile), inFile(site.adminFile)], [site.readOnly, site.admin])

  daemon.child.kill('SIGKILL')
  await daemon.exited
  const dead = await runDrill(drill)
  assert.ok(dead.status === 1 || dead.status === 3, dead.stderr)
  assert.notEqual(inFile(site.adminFile), site.admin)
  const evidence = evidenceOf(dead)
  assert.match(checkOf(evidence, 'leaked-token-refused').reason!, /nobody has seen it refuse/)
  assert.equal(evidence.facts['containment.refusedAfterMs'], undefined)
  const list = readFileSync(join(dead.reportsDir, dead.reports[0]!, 'artifacts/post-incident.md'), 'utf8')
  assert.match(list, /NOT seen refused \(no answer\)/)
  assert.doesNotMatch(list, /the leaked one is refused/)
})

test('what comes after the sweep of a leaked token is red, and the settings stay contained', {
  timeout: 60_000,
}, async () => {
  await using running = await RunningStandIn.start()
  const { site, daemon } = running
  // In the worst hour the program of the daemon may be missing, too.
  const params = { 'base-url': daemon.url, 'admin-token-file': site.adminFile, binary: '/nowhere/daemon' }
  const drill = new RunningDrill({ root, runbook, params, flags: ['--yes=stand-in'] })
  await drill.line(/Everything that lasts was listed/)
  const bearer = readFileSync(site.adminFile, 'utf8').trim()
  const { method, path, body } = standIn.persistence.plant.connector('late')
  const headers = { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' }
  await fetch(`${daemon.url}${path}`, { method, headers, body: JSON.stringify(body) })
  // The doctor waits for an event.
  const stirring = setInterval(
    () => daemon.post('/v1/runtime/debug-level', bearer, { level: 'off' }).catch(() => {}),
    200,
  )
  const ended = await drill.ended.finally(() => clearInterval(stirring))
  const evidence = evidenceOf(ended)
  assert.equal(
    checkOf(evidence, 'nothing-since-sweep').reason,
    'came since the sweep, and nobody decided about it: connector external/late (added)',
  )
  assert.equal(ended.status, 1, ended.stderr)
  assert.deepEqual(checkOf(evidence, 'contained-first').actual, { permissionMode: 'dontAsk', debugLevel: 'off' })
  assert.match(evidence.notTested.join('\n'), /evidence before: doctor is not-collected: TOOL_MISSING/)
  const { outcome } = evidence.steps.find(({ id }) => id === 'restore-settings')!
  assert.equal(outcome, 'skipped')
})
