import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { chownSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { Evidence } from '../src/evidence/schema.ts'
import { compiledCodeFor } from './compiled-code.ts'
import { assertDocumented } from './documented-commands.ts'
import { leftovers } from './leftovers.ts'

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

const ROOT = resolve(import.meta.dirname, '..')
const LAUNCHER = join(ROOT, 'bin', 'runproof')

/** Digits and the rest of a run's name differ from run to run; the words do not. */
function shape(line: string): string {
  return line
    .replaceAll(/restore-drill-\d{8}T\d{6}Z-[0-9a-f]+/g, 'RUN')
    .replaceAll(/\d+(\.\d+)?/g, '0')
    .trim()
}

describe('the restore drill on the stand-in, as the README shows it', { timeout: 400_000 }, () => {
  const root = mkdtempSync(join(tmpdir(), 'drill-stand-in-'))
  after(() => rmSync(root, { recursive: true, force: true }))
  /** Root becomes somebody else where it can: as root the drill of a backup set runs, with no fewer counterproofs. */
  const uid =
    process.getuid?.() === 0 && spawnSync(LAUNCHER, ['--version'], { uid: 65_534, gid: 65_534 }).status === 0
      ? 65_534
      : undefined
  if (uid !== undefined) chownSync(root, uid, uid)
  const [work, reports] = [join(root, 'work'), join(root, 'reports')]
  const compiled = compiledCodeFor(uid)
  const env = {
    PATH: process.env.PATH,
    HOME: root,
    RUNPROOF_WORK: work,
    ...(compiled === undefined ? {} : { NODE_COMPILE_CACHE: compiled }),
  }
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8')
  const [first, second] = [...readme.matchAll(/```console\n([\s\S]*?)```/g)].map(match => match[1]!.split('\n'))
  let shown = ''
  let sealed = ''

  before(() => {
    const as = uid === undefined ? {} : { uid, gid: uid }
    const drill = spawnSync(LAUNCHER, ['run', 'restore-drill'], { cwd: root, env, encoding: 'utf8', ...as })
    assert.equal(drill.status, 0, drill.stderr)
    shown = drill.stderr + drill.stdout
    sealed = join(reports, readdirSync(reports)[0]!)
  })

  test('passes for an ordinary user with a home of its own, with every counterproof red, and tells what only root could see', async () => {
    const evidence = JSON.parse(readFileSync(join(sealed, 'evidence.json'), 'utf8')) as Evidence
    assert.equal(evidence.outcome, 'passed')
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
    if (uid !== undefined || process.getuid?.() !== 0) {
      assert.equal(evidence.machine.barrier, 'user-namespaces')
      assert.match(evidence.assumptions.join('\n'), /owner/)
    }
    await assertDocumented(evidence)
    assert.deepEqual(await leftovers(work), [])
  })

  test('prints the lines that are shown of it', () => {
    const quoted = first!.filter(line => line !== '' && line !== '…' && !line.startsWith('$'))
    assert.ok(quoted.length > 15)
    const printed = shown.split('\n').map(shape)
    // Times have a digit more or less from run to run; a quoted line may end early where a path or a list would follow.
    const missing = quoted.filter(
      line => !printed.some(one => one.startsWith(shape(line.replace(/\bbin\/runproof\b|runproof/, 'runproof')))),
    )
    assert.deepEqual(
      missing.filter(line => !line.startsWith('re-check')),
      [],
    )
  })

  test('leaves evidence of which a tampered copy is refused as it is shown', () => {
    const copy = join(root, 'tampered')
    cpSync(sealed, copy, { recursive: true })
    const sed = second!
      .find(line => line.startsWith('$ sed'))!
      .slice(2)
      .replaceAll('/tmp/tampered', copy)
    execFileSync('sh', ['-c', sed])
    const verified = spawnSync(LAUNCHER, ['evidence', 'verify', copy], { cwd: root, env, encoding: 'utf8' })
    assert.equal(
      verified.stderr.trimEnd(),
      second!.find(line => line.startsWith('runproof:')),
    )
    assert.equal(String(verified.status), second!.at(-2))

    const intact = spawnSync(LAUNCHER, ['evidence', 'verify', sealed], { cwd: root, env, encoding: 'utf8' })
    assert.equal(intact.status, 0, intact.stderr)
  })
})
