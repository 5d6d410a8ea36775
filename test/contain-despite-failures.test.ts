import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, test } from 'node:test'
import { checkOf, evidenceOf, RunningDrill, runDrill } from './run-drill.ts'
import { RunningStandIn } from './run-suite.ts'

const root = mkdtempSync(join(tmpdir(), 'contain-despite-'))
after(() => rmSync(root, { recursive: true, force: true }))
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
