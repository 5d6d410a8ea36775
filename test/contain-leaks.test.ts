import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, describe, test } from 'node:test'
import containLeakedAdminToken from '../runbooks/contain-leaked-admin-token.ts'
import { plan } from '../src/engine/plan.ts'
import { decide } from '../src/policy/decide.ts'
import standIn from '../src/targets/stand-in.ts'
import { assertDocumented } from './documented-commands.ts'
import { leftovers } from './leftovers.ts'
import { checkOf, type Ended, evidenceOf, runDrill } from './run-drill.ts'
import { proofsOf, RunningStandIn } from './run-suite.ts'
import { startWithRoute } from './stand-in-with-route.ts'

const root = mkdtempSync(join(tmpdir(), 'contain-leaks-'))
after(() => rmSync(root, { recursive: true, force: true }))

const runbook = (id: string) => resolve(import.meta.dirname, '..', 'runbooks', `${id}.ts`)
const TOKEN = runbook('contain-leaked-admin-token')
const journalOf = ({ reportsDir, reports }: Ended) =>
  readFileSync(join(reportsDir, reports[0]!, 'journal.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as { at: string; type: string; data: Readonly<Record<string, unknown>> })
const artifact = ({ reportsDir, reports }: Ended, name: string) =>
  readFileSync(join(reportsDir, reports[0]!, 'artifacts', name), 'utf8')

/** Ends as passed, but for what only a person can say. @returns its evidence, and the steps that nobody confirmed */
function assertContained(ended: Ended) {
  const evidence = evidenceOf(ended)
  assert.deepEqual([evidence.outcome, ended.status], ['passed', 0], ended.stderr)
  const others = evidence.steps.filter(({ outcome }) => outcome !== 'passed')
  assert.ok(others.every(({ outcome }) => outcome === 'skipped'))
  return { evidence, people: others.map(({ id }) => id) }
}

/** A rehearsal in which everything was broken once and turned red. @returns its evidence */
async function rehearsed(id: string) {
  const ended = await runDrill({ root, runbook: runbook(id), counterproofs: 'all' })
  const { evidence, people } = assertContained(ended)
  const { notRed, onSubjects } = proofsOf(evidence)
  assert.deepEqual(notRed, [])
  await assertDocumented(evidence)
  assert.deepEqual(await leftovers(ended.workDir), [])
  return { ended, evidence, onSubjects, people }
}

describe('a leak that is contained in a rehearsal', { timeout: 180_000 }, () => {
  test('of the admin token is over at once, and everything that was left behind is found', async () => {
    const { ended, evidence, onSubjects, people } = await rehearsed('contain-leaked-admin-token')
    assert.ok(onSubjects >= 18, `${onSubjects} on subjects`)
    assert.deepEqual(people, ['decide-findings', 'tell-stakeholders'])
    const { planted } = JSON.parse(JSON.stringify({ planted: checkOf(evidence, 'planted-found').expected }))
    assert.deepEqual(planted, ['connector', 'hook', 'settings', 'revision', 'schedule', 'capture-agent', 'slot'])
    assert.match(artifact(ended, 'sweep.md'), /schedule `schedule-1`: added, newer .*\n.*schedules get schedule-1/)
    // What was found never becomes what was there before.
    assert.doesNotMatch(artifact(ended, 'persistence.json'), /ops-metrics|schedule-1|build-host-7/)
    assert.match(evidence.notTested.join('\n'), /recent admin actions cannot be read from it/)
    assert.match(evidence.assumptions.join('\n'), /still reads it .*: it ends when the daemon restarts/)
    assert.match(artifact(ended, 'post-incident.md'), /permission mode: dontAsk; it was bypassPermissions/)
  })

  test('of a provider key begins with its revocation and ends with a run that is answered', async () => {
    const { evidence, onSubjects, people } = await rehearsed('contain-leaked-provider-key')
    assert.ok(onSubjects >= 20, `${onSubjects} on subjects`)
    assert.deepEqual(people, ['revoke-at-provider', 'tell-stakeholders'])
    const commands = evidence.steps.flatMap(step => step.commands.map(({ command }) => command))
    const at = (words: string) => commands.findIndex(command => command.includes(words))
    assert.ok(
      at('revoke-slot') < at('set-permission-mode') && at('revoke-slot') < at('secrets set openai.prod --provider'),
    )
    assert.deepEqual(checkOf(evidence, 'stolen-key-refused').actual, { stolen: 401, ours: 200 })
  })

  test('of a state root is not over before every credential in the backup is new', async () => {
    const { ended, evidence, onSubjects, people } = await rehearsed('contain-state-root-exfiltration')
    assert.ok(onSubjects >= 30, `${onSubjects} on subjects`)
    assert.deepEqual(people, ['revoke-where-issued', 'plan-master-key', 'tell-stakeholders'])
    assert.equal(evidence.facts['stolen.leases'], 2)
    assert.deepEqual(evidence.facts['rotated.left'], 0)
    const left = checkOf(evidence, 'served-slots-newer').counterproofs.find(({ id }) => id === 'served-one-left')
    assert.equal(left?.said, 'slot runproof.marker is as it was restored')
    assert.match(evidence.assumptions.join('\n'), /there is no re-encryption/)
    assert.match(JSON.stringify(checkOf(evidence, 'every-slot-newer').actual), /there is no re-encryption/)
    assert.match(artifact(ended, 'audit-key.json'), /"publicKey": "[0-9a-f]{64}"/)
    assert.doesNotMatch(artifact(ended, 'audit-key.json'), /secret_key/)
  })
})

describe('a leaked admin token of a running daemon', { timeout: 120_000 }, () => {
  test('is refused within three seconds, and what came since a calm day is found', async context => {
    await using running = await RunningStandIn.start()
    const { site, daemon } = running
    const params = {
      'base-url': daemon.url,
      'admin-token-file': site.adminFile,
      'readonly-token-file': site.readOnlyFile,
      'state-root': site.stateRoot,
    }
    const { steps } = plan(containLeakedAdminToken, standIn, params)
    const using = { id: 'stand-in', real: false, inUse: true }
    const asking = steps.filter(step => decide(step, using).verdict === 'ask').map(({ id }) => id)
    assert.ok(asking.includes('replace'), `asked for: ${asking}`)

    const calm = await runDrill({ root, runbook: TOKEN, params: { ...params, 'baseline-only': 'yes' } })
    assert.deepEqual(assertContained(calm).people, [])
    assert.equal(readFileSync(site.adminFile, 'utf8'), `${site.admin}\n`)

    const since = new Date().toISOString()
    await daemon.post('/v1/sessions', site.admin, { session_id: 'theirs', thread_id: null })
    const body = { name: 'nightly', session_id: 'theirs', content: 'x', at_ms: Date.UTC(2126, 0, 1) }
    assert.equal((await daemon.post('/v1/schedules', site.admin, body)).status, 201)

    const allowed = ['decide-findings', 'tell-stakeholders'].flatMap(id => ['--allow-skip', `${id}=nobody is here`])
    const baseline = join(calm.reportsDir, calm.reports[0]!)
    const startedAtMs = Date.now()
    const ended = await runDrill({
      root,
      runbook: TOKEN,
      params: { ...params, since, baseline },
      flags: ['--yes=stand-in', ...allowed],
    })
    const { evidence } = assertContained(ended)
    const proven = journalOf(ended).find(
      ({ type, data }) => type === 'check' && data['check'] === 'leaked-token-refused',
    )
    const provenAfterMs = Date.parse(proven!.at) - startedAtMs
    context.diagnostic(`refused, proven and on record ${provenAfterMs} ms after the start of the process`)
    assert.ok(provenAfterMs < 3_000, `${provenAfterMs} ms`)
    assert.ok(Number(evidence.facts['containment.refusedAfterMs']) < 3_000)

    const token = readFileSync(site.adminFile, 'utf8').trim()
    assert.notEqual(token, site.admin)
    assert.equal((await daemon.get('/v1/status', site.admin)).status, 401)
    for (const text of [ended.stdout, ended.stderr, JSON.stringify(evidence)])
      assert.ok(!text.includes(site.admin) && !text.includes(token))
    assert.match(artifact(ended, 'sweep.md'), /schedule `schedule-1`: added, newer/)
    assert.deepEqual([evidence.facts['sweep.baselineSigner'], evidence.facts['sweep.findings']], ['trusted', 1])
  })
})

test('a copied state root is not recovered while one credential of its backup has no new value', {
  timeout: 120_000,
}, async () => {
  await using running = await startWithRoute()
  const { site, daemon } = running
  const [routesFile, newDir, out] = [join(site.folder, 'routes.toml'), join(root, 'new-slots'), join(root, 'set')]
  for (const file of [site.keyFile, site.adminFile, site.readOnlyFile]) chmodSync(file, 0o600)
  daemon.child.kill('SIGTERM')
  await daemon.exited
  site.storeSlot('extra.slot', 'generic', 'a-value-that-will-be-stolen')
  const files = {
    'routes-file': routesFile,
    'master-key-file': site.keyFile,
    'admin-token-file': site.adminFile,
    'readonly-token-file': site.readOnlyFile,
  }
  const still = { 'state-dir': site.stateRoot, out, ...files }
  const backup = await runDrill({ root, runbook: runbook('backup'), params: still })
  assert.equal(backup.status, 0, backup.stderr)

  const since = new Date().toISOString()
  await using stolenFrom = await site.serve([...site.tokens, '--routes-file', routesFile])
  mkdirSync(newDir)
  writeFileSync(join(newDir, 'openai.prod'), 'a-key-that-was-issued-afterwards')
  const stop = ['kill', String(stolenFrom.child.pid)]
  const ended = await runDrill({
    root,
    runbook: runbook('contain-state-root-exfiltration'),
    params: {
      ...files,
      'state-root': site.stateRoot,
      'base-url': stolenFrom.url,
      'stop-command': JSON.stringify(stop),
      since,
      'backup-set': out,
      'new-dir': newDir,
    },
    flags: ['--yes=stand-in', '--confirm', 'stand-in'],
  })
  assert.equal(ended.status, 1, ended.stderr)
  const evidence = evidenceOf(ended)
  assert.equal(
    checkOf(evidence, 'every-slot-newer').reason,
    'slot extra.slot is as it was restored: no new value was given for it',
  )
  await stolenFrom.exited
  // What only a running daemon tells was kept before it was stopped.
  assert.deepEqual(checkOf(evidence, 'contained-running-first').actual, {
    permissionMode: 'dontAsk',
    debugLevel: 'off',
  })
  assert.match(artifact(ended, 'before/runtime.json'), /"permission_mode":\s*"dontAsk"/)
  const [admin, readOnly] = [site.adminFile, site.readOnlyFile].map(file => readFileSync(file, 'utf8').trim())
  assert.ok(admin !== site.admin && readOnly !== site.readOnly && admin !== readOnly)
  // Nothing was started on what still holds a stolen credential, and what is open is listed all the same.
  assert.equal(evidence.steps.find(({ id }) => id === 'start')?.outcome, 'skipped')
  assert.match(artifact(ended, 'post-incident.md'), /slot extra\.slot is as it was restored: no new value was given/)
})
