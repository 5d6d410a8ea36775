import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, describe, test } from 'node:test'
import { assertDocumented } from './documented-commands.ts'
import { leftovers } from './leftovers.ts'
import { assertPassed, checkOf, evidenceOf, runDrill } from './run-drill.ts'
import { proofsOf } from './run-suite.ts'
import { StandInWithProvider } from './stand-in-with-provider.ts'

const RUNBOOK = resolve(import.meta.dirname, '..', 'runbooks', 'rotate-route-key.ts')
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

describe('the rotation of a route’s key', { timeout: 120_000 }, () => {
  const root = mkdtempSync(join(tmpdir(), 'rotate-route-key-'))
  after(() => rmSync(root, { recursive: true, force: true }))

  test('passes on a daemon of its own while runs go on, and the vendor’s order turns it red in green light', async context => {
    const ended = await runDrill({ root, runbook: RUNBOOK, counterproofs: 'all' })
    const evidence = assertPassed(ended)
    const { notRed, onSubjects } = proofsOf(evidence)
    assert.deepEqual(notRed, [])
    assert.ok(onSubjects >= 18, `${onSubjects} on subjects`)
    const order = checkOf(evidence, 'new-key-works').counterproofs.find(({ id }) => id === 'documented-order')
    assert.match(
      order!.said,
      /^the run ended failed: auth slot `openai.prod` has been revoked, while these are green: readiness, doctor routes --check-auth, secrets get$/,
    )
    const { between, after: afterwards } = checkOf(evidence, 'runs-went-on').actual as Record<string, number>
    assert.ok(between! >= 1 && afterwards! >= 2)
    context.diagnostic(JSON.stringify(checkOf(evidence, 'runs-went-on').actual))
    await assertDocumented(evidence)
    assert.deepEqual(await leftovers(ended.workDir), [])
  })

  test('refuses a key made here, and is the way out where the documented order has blocked the slot', async () => {
    await using running = await StandInWithProvider.start()
    const { standIn, provider, key } = running
    const { site, daemon } = standIn
    const params = { 'base-url': daemon.url, 'admin-token-file': site.adminFile, 'auth-ref': 'openai.prod' }
    const changedAt = async () => {
      const answer = await daemon.get('/v1/runtime/secrets/openai.prod', site.admin)
      return ((await answer.json()) as { updated_at_ms: number }).updated_at_ms
    }
    const run = (flags: readonly string[], more = {}) =>
      runDrill({ root, runbook: RUNBOOK, params: { ...params, ...more }, flags: ['--yes=stand-in', ...flags] })

    const before = await changedAt()
    const generated = await run(['--secret', 'new=generate'], { contain: 'yes' })
    assert.equal(generated.status, 1, generated.stderr)
    const unrevoked = evidenceOf(generated).steps.find(({ id }) => id === 'contain')!
    assert.equal(unrevoked.outcome, 'skipped', 'a slot that cannot be set again was blocked')
    assert.match(checkOf(evidenceOf(generated), 'new-key-fits').reason!, /cannot know it.*; it was not set$/)
    assert.equal(await changedAt(), before)

    const next = randomBytes(24).toString('hex')
    const file = join(root, 'next-key')
    writeFileSync(file, `${next}\n`)
    provider.change({ key_sha256: '', key_names: { [sha256(key)]: 'old', [sha256(next)]: 'new' } })
    const client = async (...words: string[]) =>
      site.run(['--base-url', daemon.url, '--token-file', site.adminFile, '--output', 'json', ...words])
    await client('secrets', 'set', 'openai.prod', '--provider', 'openai', '--from-file', file)
    await client('runtime', 'auth', 'revoke-slot', 'openai.prod')
    const status = JSON.parse((await client('status')).stdout)
    assert.deepEqual(
      [status.provider_readiness.active_route_ready, status.provider_readiness.error_route_count],
      [true, 0],
    )
    const doctor = await client('doctor', 'routes', '--check-auth')
    assert.deepEqual([doctor.code, JSON.parse(doctor.stdout).diagnostics], [0, []])
    assert.equal((await client('secrets', 'get', 'openai.prod')).code, 0)
    const secret = ['--secret', `new=file:${file}`]
    const rotated = await run([...secret, '--allow-skip', 'revoke-at-provider=nobody is at its console'], {
      contain: 'yes',
    })
    assert.equal(rotated.status, 0, rotated.stderr)
    const evidence = evidenceOf(rotated)
    assert.equal(evidence.steps.find(({ id }) => id === 'revoke-at-provider')!.outcome, 'skipped')
    for (const id of ['slot-contained', 'contained-refuses', 'slot-newer', 'new-key-works', 'still-answered'])
      assert.equal(checkOf(evidence, id).outcome, 'passed', `${id}: ${checkOf(evidence, id).reason}`)
    assert.match(checkOf(evidence, 'new-key-works').title, /which key it was shown is not seen$/)
    assert.ok(evidence.assumptions.some(text => /openai\.prod was blocked: every run/.test(text)))
    assert.deepEqual([...new Set(provider.requests.map(seen => seen.key))], ['new'])
    await assertDocumented(evidence)
    for (const text of [rotated.stdout, rotated.stderr, JSON.stringify(evidence)]) assert.ok(!text.includes(next))
  })
})
