import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, describe, test } from 'node:test'
import { keyIdOfAuditKey } from '../src/ledger/audit-key.ts'
import { keyIdOfArchived } from '../src/ledger/public-key.ts'
import { assertDocumented } from './documented-commands.ts'
import { leftovers } from './leftovers.ts'
import { assertPassed, checkOf, type Ended, evidenceOf, runDrill } from './run-drill.ts'
import { proofsOf, RunningStandIn } from './run-suite.ts'

const root = mkdtempSync(join(tmpdir(), 'rotate-refused-'))
after(() => rmSync(root, { recursive: true, force: true }))

const runbook = (id: string) => resolve(import.meta.dirname, '..', 'runbooks', `${id}.ts`)
const artifact = ({ reportsDir, reports }: Ended, name: string) =>
  readFileSync(join(reportsDir, reports[0]!, 'artifacts', name), 'utf8')

describe('keys that are not rotated', { timeout: 120_000, concurrency: 2 }, () => {
  test('the master key: another one opens nothing, the original one all there is, and nobody is told of a rotation', async () => {
    const ended = await runDrill({ root, runbook: runbook('rotate-master-key'), counterproofs: 'all' })
    const evidence = assertPassed(ended)
    assert.deepEqual(proofsOf(evidence).notRed, [])
    assert.equal(evidence.facts['masterKey.rotated'], false)
    assert.match(ended.stdout, /assumed {3}the master key is the one it was before: this run rotates nothing/)
    assert.match(ended.stdout, /The master key was NOT rotated/)
    assert.match(evidence.runbook.title, /^Refuse to rotate/)
    await assertDocumented(evidence)
    assert.deepEqual(await leftovers(ended.workDir), [])
  })

  test('the audit key: its public half is archived, and on both sides of a boundary records verify', async () => {
    const ended = await runDrill({ root, runbook: runbook('rotate-audit-key'), counterproofs: 'all' })
    const evidence = assertPassed(ended)
    assert.deepEqual(proofsOf(evidence).notRed, [])
    assert.equal(evidence.facts['auditKey.rotated'], false)
    assert.match(ended.stdout, /The audit signing key was NOT rotated/)
    const kept = artifact(ended, 'audit-key.json')
    assert.equal(keyIdOfArchived(kept), evidence.facts['auditKey.id'])
    assert.ok(JSON.parse(kept).heads.length > 0)
    await assertDocumented(evidence)
    assert.deepEqual(await leftovers(ended.workDir), [])
  })

  test('the audit key of a running daemon is archived without its seed, nothing of the daemon is changed, and one that did not sign its records is no key to archive', async () => {
    await using running = await RunningStandIn.start([], [], async site => {
      assert.equal((await site.run(['seed', ...site.roots])).code, 0)
      return []
    })
    const keyFile = join(running.site.stateRoot, 'audit-signing.key')
    const key = readFileSync(keyFile, 'utf8')
    const params = { ...running.reading, 'state-root': running.site.stateRoot }
    const ended = await runDrill({ root, runbook: runbook('rotate-audit-key'), params })
    const evidence = assertPassed(ended)
    const kept = artifact(ended, 'audit-key.json')
    assert.equal(keyIdOfArchived(kept), keyIdOfAuditKey(key, 'key'))
    const seed = JSON.parse(key).secret_key_hex as string
    for (const text of [kept, ended.stdout, JSON.stringify(evidence)])
      for (const form of [seed, Buffer.from(seed, 'hex').toString('base64')]) assert.ok(!text.includes(form))
    assert.equal(readFileSync(keyFile, 'utf8'), key)
    assert.ok(evidence.notTested.some(one => one.startsWith('what a boundary comes to')))
    assert.deepEqual([...new Set(evidence.steps.map(({ effect }) => effect))], ['read'])

    const stateRoot = join(root, 'foreign')
    cpSync(running.site.stateRoot, stateRoot, { recursive: true })
    const other = { algorithm: 'ed25519', secret_key_hex: '0123456789abcdef'.repeat(4) }
    writeFileSync(join(stateRoot, 'audit-signing.key'), JSON.stringify(other))
    const foreign = { ...running.reading, 'state-root': stateRoot }
    const refused = await runDrill({ root, runbook: runbook('rotate-audit-key'), params: foreign })
    assert.equal(refused.status, 1, refused.stderr)
    assert.match(checkOf(evidenceOf(refused), 'archived-key-verifies').reason!, /signed by key/)
  })
})
