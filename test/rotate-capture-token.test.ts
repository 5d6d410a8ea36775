import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, describe, test } from 'node:test'
import { machineRotated } from '../src/checks/capture/capture-token.ts'
import type { CaptureAgentView, CaptureLease } from '../src/model/capture-agents.ts'
import kheish from '../src/targets/kheish.ts'
import { assertDocumented } from './documented-commands.ts'
import { leftovers } from './leftovers.ts'
import { assertPassed, checkOf, evidenceOf, RunningDrill, runDrill } from './run-drill.ts'
import { proofsOf, RunningStandIn } from './run-suite.ts'

const RUNBOOK = resolve(import.meta.dirname, '..', 'runbooks', 'rotate-capture-token.ts')
const TOKENS = /khc_[0-9a-f]{64}/g

describe('the rotation of a capture agent’s tokens', { timeout: 120_000 }, () => {
  const root = mkdtempSync(join(tmpdir(), 'rotate-capture-token-'))
  after(() => rmSync(root, { recursive: true, force: true }))

  test('passes on a daemon of its own, and a file that was not brought turns it red', async () => {
    const ended = await runDrill({ root, runbook: RUNBOOK, counterproofs: 'all' })
    const evidence = assertPassed(ended)
    const { notRed, onSubjects } = proofsOf(evidence)
    assert.deepEqual(notRed, [])
    assert.ok(onSubjects >= 12, `${onSubjects} on subjects`)
    await assertDocumented(evidence)
    assert.deepEqual(await leftovers(ended.workDir), [])
  })

  test('rotates a machine of a running daemon as it was, and waits until that machine itself is heard', async () => {
    await using running = await RunningStandIn.start()
    const { site, daemon } = running
    const provision = {
      batch_id: 'b1',
      daemon_base_url: daemon.url,
      agents: [{ machine_id: 'theirs' }],
      sources: { screen: true, camera: true },
      heartbeat_interval_ms: 7_000,
    }
    const made = await daemon.post('/v1/capture-agent-provisions', site.admin, provision)
    const { agents } = (await made.json()) as { agents: { config_toml: string }[] }
    const [outDir, oldFile, onMachine] = ['out', 'old.toml', 'machine.toml'].map(name => join(root, name)) as [
      string,
      string,
      string,
    ]
    writeFileSync(oldFile, agents[0]!.config_toml)
    mkdirSync(outDir, { mode: 0o755 })
    const params = {
      'base-url': daemon.url,
      'admin-token-file': site.adminFile,
      machine: 'theirs',
      'out-dir': outDir,
      'old-file': oldFile,
      'deliver-command': JSON.stringify(['tee', onMachine]),
      'consumer-probe': JSON.stringify(['test', '-s', onMachine]),
      also: '{"interval_ms":2000}',
      within: '20s',
    }
    const drill = { root, runbook: RUNBOOK, flags: ['--yes=stand-in'] }
    const beat = (file: string) => {
      const [token] = readFileSync(file, 'utf8').match(TOKENS)!
      return daemon.post('/v1/capture-agents/theirs/heartbeat', token, {})
    }

    const loopback = await runDrill({ ...drill, params })
    assert.equal(loopback.status, 2, loopback.stderr)
    assert.match(loopback.stderr, /would tell the machine to report to http:\/\/127/)

    const given = { ...params, 'agent-url': daemon.url }
    const open = await runDrill({ ...drill, params: given })
    assert.equal(open.status, 1, open.stderr)
    assert.match(checkOf(evidenceOf(open), 'out-dir-fits').reason!, /mode 755; nothing was replaced/)
    assert.equal((await beat(oldFile)).status, 200)

    chmodSync(outDir, 0o700)
    const run = new RunningDrill({ ...drill, params: given })
    await run.line(/Hear from the machine again/)
    // Its own heartbeat, with what was brought: nobody sends one in its place.
    assert.deepEqual([(await beat(oldFile)).status, (await beat(onMachine)).status], [401, 200])
    const ended = await run.ended
    const evidence = assertPassed(ended)
    assert.deepEqual(checkOf(evidence, 'machine-rotated').actual, {
      replaced: 2,
      sources: ['macos-theirs-screen', 'macos-theirs-camera'],
    })
    assert.deepEqual([evidence.facts['consumers.probed'], evidence.facts['consumers.seenRed']], [1, 1])
    assert.equal((checkOf(evidence, 'old-agent-tokens-refused').actual as string[]).length, 3)
    const written = join(outDir, 'theirs.capture.toml')
    assert.equal(statSync(written).mode & 0o777, 0o600)
    const config = readFileSync(written, 'utf8')
    assert.equal(config, readFileSync(onMachine, 'utf8'))
    assert.match(config, /heartbeat_interval_ms = 7000/)
    assert.match(config, /\ninterval_ms = 2000/)
    for (const text of [ended.stdout, ended.stderr, JSON.stringify(evidence)]) assert.doesNotMatch(text, TOKENS)
  })
})

describe('what is left of a rotation that broke off', () => {
  const lease = (leaseId: string, tokenVersion: number, supersededBy?: string): CaptureLease => ({
    ...{ leaseId, tokenVersion, sourceId: 's', issuedAtMs: tokenVersion, expiresAtMs: 10 },
    revokedAtMs: supersededBy === undefined ? undefined : 5,
    supersededBy,
  })
  const settings = { machineId: 'm', osProfile: 'macos', sourceIds: ['s'], intervalMs: 1, graceMs: 1 }
  const before = {
    ...settings,
    batchId: 'b1',
    tokenVersion: 1,
    lifetimeMs: 9,
    live: [{ leaseId: 'one', sourceId: 's', tokenVersion: 1 }],
  }
  const view = (leases: readonly CaptureLease[]) =>
    ({ ...settings, batchId: 'b3', status: 'active', tokenVersion: 3, leases }) as unknown as CaptureAgentView
  const judged = (leases: readonly CaptureLease[]) =>
    machineRotated.judge({ before, batchId: 'b3', view: view(leases) })

  test('is a lease in between, which leads on to the live one', () => {
    assert.equal(judged([lease('one', 1, 'two'), lease('two', 2, 'three'), lease('three', 3)]).outcome, 'passed')
  })

  test('is nothing good where the last lease is dead, too, or leases lead in a circle', () => {
    const dead = { ...lease('two', 2), revokedAtMs: 6 }
    for (const leases of [
      [lease('one', 1, 'two'), dead],
      [lease('one', 1, 'two'), lease('two', 2, 'one')],
    ]) {
      const judgement = judged(leases)
      assert.match(judgement.outcome === 'failed' ? judgement.reason : 'passed', /does not lead to a live one/)
    }
  })
})

test('a configuration file that lacks a token is refused without a word of what it holds', () => {
  const { config } = kheish.captureAgents.read
  const token = `khc_${'0'.repeat(64)}`
  const whole = [
    '[capture_agent]',
    'machine_id = "m"',
    'batch_id = "b"',
    `heartbeat_token = "${token}"`,
    '[[sources]]',
    'source_id = "s"',
    `upload_token = "${token}"`,
  ]
  assert.deepEqual(config(whole.join('\n')).sources, [{ sourceId: 's', uploadToken: token }])
  for (const [index, line] of whole.entries()) {
    if (line.startsWith('[')) continue
    const name = line.split(' ')[0]!
    const without = whole.toSpliced(index, 1).join('\n')
    assert.throws(() => config(without), { code: 'ANSWER_MALFORMED', message: new RegExp(`has no ${name} where`) })
  }
})
