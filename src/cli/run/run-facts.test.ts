import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { plan } from '../../engine/plan.ts'
import type { Params } from '../../model/runbook.ts'
import { loadRunbook, loadTarget } from '../registry.ts'
import { factsBefore } from './run-facts.ts'

const dir = mkdtempSync(join(tmpdir(), 'run-facts-'))
after(() => rmSync(dir, { recursive: true }))
const RUNNING = { 'base-url': 'http://127.0.0.1:1', 'token-file': '/run/token' }
const digest = (text: string) => createHash('sha256').update(text).digest('hex')

async function planOf(params: Params, targetId = 'kheish') {
  const { runbook } = await loadRunbook('slo-probe')
  return plan(runbook, await loadTarget(targetId), params)
}

describe('what is on record before a run', () => {
  test('has the digest of each page that steps cite, as it is now', async () => {
    writeFileSync(join(dir, 'production-runbooks.md'), 'one')
    const planned = await planOf(RUNNING)
    const { facts, notTested } = await factsBefore(planned, dir)
    assert.deepEqual(facts, { 'docs.production-runbooks.sha256': digest('one') })
    assert.deepEqual(notTested, [])
    writeFileSync(join(dir, 'production-runbooks.md'), 'two')
    assert.deepEqual((await factsBefore(planned, dir)).facts, { 'docs.production-runbooks.sha256': digest('two') })
  })

  test('says which page is not there', async () => {
    const { facts, notTested } = await factsBefore(await planOf(RUNNING), join(dir, 'none'))
    assert.deepEqual(facts, {})
    assert.match(notTested.join(), /production-runbooks, which steps cite: it is not installed here/)
  })

  test('has the digest of the binary that is given, and none where it is not there', async () => {
    writeFileSync(join(dir, 'daemon'), 'binary')
    const { facts } = await factsBefore(await planOf({ ...RUNNING, binary: join(dir, 'daemon') }), dir)
    assert.equal(facts['binary.sha256'], digest('binary'))
    for (const binary of [join(dir, 'gone'), dir])
      assert.equal((await factsBefore(await planOf({ ...RUNNING, binary }), dir)).facts['binary.sha256'], undefined)
  })

  test('has the digest of the bundled binary, unless a running daemon is asked', async () => {
    const { facts } = await factsBefore(await planOf({}, 'stand-in'), dir)
    assert.match(String(facts['binary.sha256']), /^[0-9a-f]{64}$/)
    const running = await factsBefore(await planOf(RUNNING, 'stand-in'), dir)
    assert.equal(running.facts['binary.sha256'], undefined)
  })
})
