import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { assertPassed, checkOf, evidenceOf, runDrill } from './run-drill.ts'
import { RunningStandIn } from './run-suite.ts'

const root = mkdtempSync(join(tmpdir(), 'rotate-handover-'))
after(() => rmSync(root, { recursive: true, force: true }))

const runbook = resolve(import.meta.dirname, '..', 'runbooks', 'rotate-readonly-token.ts')
const vault = join(root, 'vault')
/** A consumer that shows the value it is given to the daemon, and is content with 200. */
const consumer = join(root, 'consumer.mjs')
writeFileSync(
  consumer,
  `let token = ''
for await (const chunk of process.stdin) token += chunk
const { status } = await fetch(process.argv[2], { headers: { authorization: 'Bearer ' + token } })
process.exit(status === 200 ? 0 : 1)
`,
)
const noisy = (script: string) => JSON.stringify(['sh', '-c', script])

describe('a new token that is handed over before it counts', { timeout: 60_000, concurrency: 2 }, () => {
  async function rotated(running: RunningStandIn, params: Readonly<Record<string, string>>) {
    const { daemon: asked, site } = running
    const reaching = {
      'base-url': asked.url,
      'admin-token-file': site.adminFile,
      'readonly-token-file': site.readOnlyFile,
    }
    const flags = ['--yes=stand-in', '--secret', 'new=generate']
    return runDrill({ root, runbook, params: { ...reaching, 'probe-rate': '50', ...params }, flags })
  }

  test('is held where its consumers read it, which work with it, and is seen nowhere else', async () => {
    await using running = await RunningStandIn.start()
    const url = `${running.daemon.url}/v1/status`
    writeFileSync(vault, 'what-was-held-there-before\n')
    const ended = await rotated(running, {
      'deliver-command': noisy(`tee ${vault}; cat ${vault} >&2`),
      'deliver-check': `cat ${vault}`,
      'consumer-probe': JSON.stringify([
        [process.execPath, consumer, url],
        ['sh', '-c', 'cat'],
      ]),
    })
    const evidence = assertPassed(ended)
    const order = evidence.steps.map(({ id }) => id)
    assert.deepEqual(
      order.filter(id => /^(clients|deliver|rotate|consumers$)/.test(id)),
      [...['clients', 'deliver', 'rotate', 'consumers', 'clients-end']],
    )
    const held = readFileSync(vault, 'utf8')
    assert.equal(readFileSync(running.site.readOnlyFile, 'utf8'), `${held}\n`)
    assert.deepEqual(checkOf(evidence, 'handed-over').actual, {
      at: evidence.facts['delivery.deliveredAt'],
      before: 'another',
      after: 'new',
    })
    const answers = (check: string) =>
      (checkOf(evidence, check).actual as { exitCode: number }[]).map(({ exitCode }) => exitCode)
    assert.deepEqual(
      [answers('consumers-asked'), answers('consumers-work')],
      [
        [1, 0],
        [0, 0],
      ],
    )
    assert.deepEqual([evidence.facts['consumers.probed'], evidence.facts['consumers.seenRed']], [2, 1])
    assert.deepEqual(
      evidence.notTested.filter(one => /can fail/.test(one)).map(one => one.split(':')[0]),
      ['that sh -c cat can fail'],
    )
    for (const text of [ended.stdout, ended.stderr, JSON.stringify(evidence)])
      for (const secret of [held, 'what-was-held-there-before']) assert.ok(!text.includes(secret))
  })

  test('fails where a role was shut out while it was delivered, though nothing was wrong when it was replaced', async () => {
    await using running = await RunningStandIn.start()
    const { readOnlyFile } = running.site
    const away = `cat >/dev/null; mv ${readOnlyFile} ${readOnlyFile}.away; sleep 0.3; mv ${readOnlyFile}.away ${readOnlyFile}`
    const ended = await rotated(running, { 'deliver-command': noisy(away) })
    assert.equal(ended.status, 1, ended.stderr)
    const evidence = evidenceOf(ended)
    assert.match(checkOf(evidence, 'nobody-shut-out-throughout').reason!, /got in with neither token, for \d{3,} ms/)
    assert.deepEqual([evidence.facts['rotation.gapMs'], checkOf(evidence, 'nobody-shut-out').outcome], [0, 'passed'])
  })

  // Nothing is replaced in any of them, so that each finds the daemon as the one before did.
  describe('on one daemon', { concurrency: 1 }, () => {
    let running: RunningStandIn
    before(async () => {
      running = await RunningStandIn.start()
    })
    after(() => running[Symbol.asyncDispose]())

    for (const { title, params, outcome, reason, blamed } of [
      {
        title: 'is not put to use where the command that takes it fails, and what that says is not shown',
        params: { 'deliver-command': noisy('cat; exit 3') },
        outcome: 'errored',
        reason: /deliver-command= exited 3: nothing was replaced/,
      },
      {
        title: 'is not put to use where another value is held afterwards',
        params: { 'deliver-command': noisy('cat'), 'deliver-check': 'echo something-else' },
        outcome: 'failed',
        reason: /handed-over/,
      },
      {
        title: 'is handed over to nobody where the file cannot be replaced in that way',
        params: { 'deliver-command': noisy('cat'), style: 'data-link' },
        outcome: 'errored',
        reason: /can't replace .*: it is no link to \.\.data/,
        blamed: 'look',
      },
      {
        title: 'is not put to use where no consumer can be asked',
        params: { 'consumer-probe': '/no/such/probe' },
        outcome: 'errored',
        reason: /TOOL_MISSING/,
      },
    ])
      test(title, async () => {
        const ended = await rotated(running, params)
        const evidence = evidenceOf(ended)
        const step = evidence.steps.find(one => one.outcome !== 'passed')!
        assert.equal(step.outcome, outcome)
        assert.match(step.reason!, reason)
        if (blamed !== undefined) assert.equal(step.id, blamed)
        assert.equal(evidence.steps.find(({ id }) => id === 'rotate')!.commands.length, 0)
        assert.equal(readFileSync(running.site.readOnlyFile, 'utf8'), `${running.site.readOnly}\n`)
      })
  })

  test('is handed over to nobody by a rehearsal on a daemon of its own', async () => {
    const ended = await runDrill({ root, runbook, params: { 'deliver-command': `tee ${vault}` } })
    assert.equal(ended.status, 2, ended.stderr)
    assert.match(ended.stderr, /reaches consumers of a running daemon/)
  })
})
