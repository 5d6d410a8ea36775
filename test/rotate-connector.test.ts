import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, describe, test } from 'node:test'
import { WebhookSite } from '../fixtures/kheish-daemon/server/connectors/testing/webhook-site.ts'
import { assertDocumented } from './documented-commands.ts'
import { leftovers } from './leftovers.ts'
import { assertPassed, checkOf, evidenceOf, runDrill } from './run-drill.ts'
import { proofsOf } from './run-suite.ts'

const runbook = (id: string) => resolve(import.meta.dirname, '..', 'runbooks', `${id}.ts`)

describe('the rotation of a connector’s secrets', { timeout: 180_000 }, () => {
  const root = mkdtempSync(join(tmpdir(), 'rotate-connector-'))
  after(() => rmSync(root, { recursive: true, force: true }))
  const fileOf = (name: string, text: string) => {
    writeFileSync(join(root, name), text)
    return join(root, name)
  }

  for (const [id, onSubjects] of [
    ['rotate-connector-token', 18],
    ['rotate-connector-credential', 20],
  ] as const) {
    test(`passes on a daemon of its own, with every counterproof red: ${id}`, async () => {
      const ended = await runDrill({ root, runbook: runbook(id), counterproofs: 'all' })
      const evidence = assertPassed(ended)
      const proofs = proofsOf(evidence)
      assert.deepEqual(proofs.notRed, [])
      assert.ok(proofs.onSubjects >= onSubjects, `${proofs.onSubjects} on subjects`)
      await assertDocumented(evidence)
      assert.deepEqual(await leftovers(ended.workDir), [])
    })
  }

  test('replaces first the token and then the credential of a connector in use, and shows neither', async () => {
    using site = await WebhookSite.open()
    await using daemon = await site.serve()
    await site.running(daemon)
    const params = { 'base-url': daemon.url, 'admin-token-file': site.adminFile, connector: 'hook' }
    const run = (id: string, more: Readonly<Record<string, string>>, secrets: readonly string[]) =>
      runDrill({
        root,
        runbook: runbook(id),
        params: { ...params, ...more },
        flags: ['--yes=stand-in', ...(secrets.length === 0 ? [] : ['--secret', ...secrets])],
      })
    const [shared, next] = ['a-shared-token-that-is-new', 'a-webhook-secret-that-is-new']
    const sharedFile = fileOf('shared', shared)
    const old = `old=file:${fileOf('old-shared', site.shared)}`

    const mixedUp = await run('rotate-connector-token', {}, [`new=file:${sharedFile}`, 'old=generate'])
    assert.equal(mixedUp.status, 1, mixedUp.stderr)
    assert.match(checkOf(evidenceOf(mixedUp), 'old-token-good').reason!, /not the token of now; nothing was written/)
    assert.equal(evidenceOf(mixedUp).steps.find(({ id }) => id === 'set')!.outcome, 'skipped')

    const token = await run('rotate-connector-token', {}, [`new=file:${sharedFile}`, old])
    const replaced = assertPassed(token)
    for (const check of ['new-token-taken', 'old-token-refused', 'process-replaced', 'old-leases-dead'])
      assert.equal(checkOf(replaced, check).outcome, 'passed', check)
    const health = await fetch(`${site.sidecarUrl}/health`, { headers: { authorization: `Bearer ${shared}` } })
    assert.equal(health.status, 200)
    assert.deepEqual(await site.webhook('other'), [200, { status: 'ignored' }], 'its credential is the one it was')

    const [first] = await site.activeLeases(daemon)
    const given = { 'auth-ref': 'hook.routes' }
    const secrets = [
      `new=file:${fileOf('routes', site.routes(next))}`,
      `old=file:${fileOf('old-routes', site.routes())}`,
    ]
    const half = { child_process: { ...site.childProcess(), env: {} } }
    const refused = await run(
      'rotate-connector-credential',
      { ...given, 'connector-file': fileOf('half.json', JSON.stringify(half)) },
      [secrets[0]!, `old=file:${fileOf('mixed-up', site.routes('never-was-its-secret'))}`],
    )
    assert.equal(refused.status, 1, refused.stderr)
    assert.match(checkOf(evidenceOf(refused), 'configuration-whole').reason!, /has other env .*; nothing was written/)
    assert.match(
      checkOf(evidenceOf(refused), 'old-signature-good').reason!,
      /not the value of now; nothing was written/,
    )
    assert.deepEqual(await site.activeLeases(daemon), [first])

    const whole = fileOf('whole.json', JSON.stringify(site.payload()))
    const credential = await run('rotate-connector-credential', { ...given, 'connector-file': whole }, secrets)
    const evidence = assertPassed(credential)
    for (const check of ['old-leases-dead', 'new-signature-taken', 'old-signature-refused', 'connector-kept'])
      assert.equal(checkOf(evidence, check).outcome, 'passed', check)
    assert.deepEqual(await site.webhook('other'), [401, { error: 'invalid signature' }])
    assert.deepEqual(await site.webhook('other', next), [200, { status: 'ignored' }])
    const [second, ...more] = await site.activeLeases(daemon)
    assert.deepEqual([second === first, more], [false, []])
    await assertDocumented(replaced)
    await assertDocumented(evidence)
    for (const text of [token, credential].map(one => one.stdout + one.stderr + JSON.stringify(evidenceOf(one))))
      for (const value of [shared, next, site.shared, site.secret]) assert.ok(!text.includes(value))
  })
})
