import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, describe, test } from 'node:test'
import { assertDocumented } from './documented-commands.ts'
import { leftovers } from './leftovers.ts'
import { assertPassed, checkOf, evidenceOf, runDrill } from './run-drill.ts'
import { proofsOf } from './run-suite.ts'
import { StandInWithMcp } from './stand-in-with-mcp.ts'

const RUNBOOK = resolve(import.meta.dirname, '..', 'runbooks', 'rotate-mcp-bearer.ts')

describe('the rotation of an MCP server’s bearer', { timeout: 180_000 }, () => {
  const root = mkdtempSync(join(tmpdir(), 'rotate-mcp-bearer-'))
  after(() => rmSync(root, { recursive: true, force: true }))

  test('passes on a daemon of its own, and setting without a start turns it red', async () => {
    const ended = await runDrill({ root, runbook: RUNBOOK, counterproofs: 'all' })
    const evidence = assertPassed(ended)
    const { notRed, onSubjects } = proofsOf(evidence)
    assert.deepEqual(notRed, [])
    assert.ok(onSubjects >= 12, `${onSubjects} on subjects`)
    const said = Object.fromEntries(
      checkOf(evidence, 'bearer-in-use').counterproofs.map(proof => [proof.id, proof.said] as const),
    )
    assert.match(said['not-started-again']!, /^secretHttp is not connected: .* when the daemon is restarted$/)
    assert.equal(said['old-value-goes-on'], 'the server is still shown the old value, and takes it')
    assert.deepEqual(checkOf(evidence, 'old-bearer-refused').actual, { old: 401, fresh: 200 })
    await assertDocumented(evidence)
    assert.deepEqual(await leftovers(ended.workDir), [])
  })

  test('rotates what all servers of a running daemon draw on, starts it again, and tells where that failed and what nobody withdrew', async () => {
    await using running = await StandInWithMcp.start()
    const { site, bearer, slot } = running
    const next = randomBytes(24).toString('hex')
    const [nextFile, oldFile] = [join(root, 'next'), join(root, 'old')]
    writeFileSync(nextFile, `${next}\n`)
    writeFileSync(oldFile, `${bearer}\n`)
    const params = {
      'base-url': running.daemon.url,
      'admin-token-file': site.adminFile,
      server: 'theirs',
      'server-url': running.mcp.url,
      tool: 'echo',
      'tool-input': '{"text":"hello"}',
      'restart-command': running.restartCommand,
      within: '20s',
    }
    const run = (flags: readonly string[], more = {}) =>
      runDrill({ root, runbook: RUNBOOK, params: { ...params, ...more }, flags: ['--yes=stand-in', ...flags] })
    const secrets = ['--secret', `new=file:${nextFile}`, `old=file:${oldFile}`]

    // Somebody mixed the files up: a value that never was would be refused in the end, and prove nothing.
    const unknown = await run(['--secret', `new=file:${nextFile}`, 'old=generate'])
    assert.equal(unknown.status, 1, unknown.stderr)
    assert.match(checkOf(evidenceOf(unknown), 'peer-takes-new').reason!, /with 401; nothing was written/)
    assert.match(checkOf(evidenceOf(unknown), 'peer-takes-old').reason!, /not the value of now; nothing was written/)
    assert.deepEqual(new Set((await running.servers()).map(({ connected }) => connected)), new Set([true]))

    await running.expect(next, bearer)
    const stopped = await run(secrets, { 'restart-command': 'false', within: '1s' })
    assert.equal(stopped.status, 3, stopped.stderr)
    const { reason } = evidenceOf(stopped).steps.find(({ id }) => id === 'restart')!
    assert.match(reason!, /exited 1: the slot has the new value, and the servers that use it are disconnected/)
    assert.deepEqual(new Set((await running.servers()).map(({ connected }) => connected)), new Set([false]))

    const ended = await run(secrets)
    const evidence = evidenceOf(ended)
    assert.deepEqual(checkOf(evidence, 'bearer-stored').actual, { disconnected: ['theirs', 'alsoTheirs'], leases: 0 })
    const { connected, call } = checkOf(evidence, 'bearer-connected').actual as { connected: string[]; call: number }
    assert.deepEqual([connected, call, running.starts], [['theirs', 'alsoTheirs'], 200, 1])
    // The server takes both as long as nobody withdraws the old one: that is no end.
    assert.equal(ended.status, 1, ended.stderr)
    assert.match(checkOf(evidence, 'old-bearer-refused').reason!, /still takes the old value/)
    // That was the runbook itself: the daemon has shown the new value alone.
    assert.equal(running.mcp.events.filter(({ bearer: shown }) => shown === 'former').length, 3)
    assert.equal(evidence.facts['rotation.slot'], slot)
    for (const text of [ended.stdout, ended.stderr, JSON.stringify(evidence)])
      assert.ok(!text.includes(next) && !text.includes(bearer))
  })
})
