import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, describe, test } from 'node:test'
import { assertDocumented } from './documented-commands.ts'
import { leftovers } from './leftovers.ts'
import { assertPassed, runDrill } from './run-drill.ts'

/** What must be broken for real, and seen to turn red, in every whole drill: check and counterproof. */
const REQUIRED = [
  'state-archive-digest/flipped-byte',
  'state-archive-digest/truncated',
  'state-archive-digest/older-archive',
  'secrets/older-state',
  'ready/wrong-master-key',
  'ready/never-answers',
  'ready/redirect-to-html',
  'audit-key/key-missing',
  'audit-key/key-replaced',
  'ledger/record-altered',
  'state-tree/mode-widened',
  'state-tree/file-added',
  'state-tree/file-removed',
  'workspace-tree/file-changed',
  'workspace-sentinel/sentinel-changed',
  'credentials-not-blocked/slot-revoked',
  'health/health-renamed',
  'tokens/old-token-accepted',
  'egress-refused/egress-open',
  'no-secret-written/planted-in-evidence',
  'no-secret-written/planted-in-scratch',
]

const LAUNCHER = resolve(import.meta.dirname, '..', 'bin', 'runproof')

describe('the restore drill on the stand-in', { timeout: 400_000 }, () => {
  const root = mkdtempSync(join(tmpdir(), 'drill-stand-in-'))
  after(() => rmSync(root, { recursive: true, force: true }))

  /** Root becomes somebody else where it can: as root the drill of a backup set runs, with no fewer counterproofs. */
  const ordinary = (): { readonly root: string; readonly uid?: number } => {
    const uid = 65_534
    if (process.getuid?.() !== 0) return { root }
    if (spawnSync(LAUNCHER, ['--version'], { uid, gid: uid }).status !== 0) return { root }
    chmodSync(root, 0o711)
    const theirs = mkdtempSync(join(root, 'theirs-'))
    chmodSync(theirs, 0o711)
    return { root: theirs, uid }
  }

  test('passes for an ordinary user with a home of its own, with every counterproof red, and tells what only root could see', async () => {
    const who = ordinary()
    const ended = await runDrill({ ...who, counterproofs: 'all' })
    const evidence = assertPassed(ended)
    const proofs = evidence.steps
      .flatMap(step => step.checks)
      .flatMap(check => check.counterproofs.map(proof => ({ ...proof, name: `${check.id}/${proof.id}` })))
    assert.deepEqual(
      proofs.filter(proof => proof.outcome !== 'red'),
      [],
    )
    const onSubject = proofs.filter(proof => proof.on === 'subject').map(proof => proof.name)
    assert.deepEqual(
      REQUIRED.filter(name => !onSubject.includes(name)),
      [],
    )
    assert.ok(proofs.every(proof => proof.said !== '' && proof.breaks !== ''))
    assert.deepEqual(
      evidence.rto!.phases.map(phase => phase.id),
      ['fetch', 'verify', 'unpack', 'start', 'ready', 'validated'],
    )
    assert.match(evidence.rpoBasis!, /marker/)
    // Root alone in a checkout that nobody else can enter has nothing to tell.
    if (who.uid !== undefined || process.getuid?.() !== 0) {
      assert.equal(evidence.machine.barrier, 'user-namespaces')
      assert.match(evidence.assumptions.join('\n'), /owner/)
    }
    await assertDocumented(evidence)
    assert.deepEqual(await leftovers(ended.workDir), [])
  })
})
