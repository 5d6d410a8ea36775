import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { generateIdentity, identityToRecipient } from 'age-encryption'
import { archives } from '../src/adapters/archive/archives.ts'
import { parseFacts } from '../src/drill/facts.ts'
import { BackupSource, checkOf, type Params, stepOf } from './backup-source.ts'

describe('a backup of a source that its operator holds still', { timeout: 400_000 }, () => {
  const source = new BackupSource()
  after(() => source[Symbol.asyncDispose]())
  const still = {
    ...source.artefacts,
    'state-dir': source.state,
    'workspace-dir': source.workspace,
    sentinel: 'sentinel.txt',
  }
  let sets = 0
  const fresh = () => source.at(`set-${++sets}`)
  const quick = ['--yes', 'kheish', '--counterproofs', 'observation']
  const filesIn = (directory: string) => (existsSync(directory) ? readdirSync(directory) : [])

  /** The run, and whether it left the source as it was. */
  async function untouched(params: Params, flags?: readonly string[]) {
    const before = [await source.tree(source.state), await source.tree(source.workspace)]
    const ended = await source.run(params, flags)
    assert.deepEqual([await source.tree(source.state), await source.tree(source.workspace)], before)
    return ended
  }

  test('makes a whole set, proves every check, and changes nothing of the source', async () => {
    const out = fresh()
    const ended = await untouched({ ...still, out }, ['--yes', 'kheish'])
    assert.deepEqual([ended.code, ended.evidence?.outcome], [0, 'passed'], ended.stderr)
    assert.deepEqual(filesIn(out), [
      'SHA256SUMS',
      'facts.dsse.json',
      'facts.json',
      'state.manifest.json',
      'state.tar.zst',
      'workspace.manifest.json',
      'workspace.tar.zst',
    ])
    execFileSync('sha256sum', ['--check', '--strict', 'SHA256SUMS'], { cwd: out })

    const facts = parseFacts(JSON.parse(readFileSync(join(out, 'facts.json'), 'utf8')))
    assert.deepEqual([facts.online, facts.slots, facts.sessions, facts.marker], [false, [], [], null])
    assert.deepEqual([facts.runs.length, facts.sentinel?.path], [4, 'sentinel.txt'])
    assert.ok(facts.auditKeyId !== null && facts.ledgerHeads.length > 0 && facts.newestEventAtMs !== null)
    const secret = facts.artefacts.filter(one => /key|token/.test(one.kind))
    assert.deepEqual(
      secret.map(one => [one.present, one.mode, one.sha256]),
      [
        [true, '0600', null],
        [true, '0600', null],
        [true, '0600', null],
      ],
    )
    assert.match(ended.evidence!.notTested.join('\n'), /did not run: secrets, sessions/)
    const proofs = ended.evidence!.steps.flatMap(step => step.checks).flatMap(check => check.counterproofs)
    assert.deepEqual(
      proofs.filter(one => one.outcome !== 'red'),
      [],
    )
  })

  test('is denied without approval, and makes nothing', async () => {
    const out = fresh()
    const ended = await untouched({ ...still, out }, [])
    assert.deepEqual([ended.code, existsSync(out)], [4, false], ended.stderr)
  })

  test('refuses a state root that a process holds locked', async () => {
    const lockFile = join(source.state, 'daemon.lock')
    if (!existsSync(lockFile)) writeFileSync(lockFile, '')
    const holder = spawn('flock', [lockFile, 'sh', '-c', 'echo held; exec sleep 60'], {
      stdio: ['ignore', 'pipe', 'ignore'],
      detached: true,
    })
    try {
      await once(holder.stdout, 'data')
      const out = fresh()
      const ended = await untouched({ ...still, out }, quick)
      assert.deepEqual([ended.code, existsSync(out)], [1, false], ended.stderr)
      assert.match(checkOf(ended, 'source-stopped').reason!, /daemon\.lock is held: the daemon still runs; stop it/)
    } finally {
      process.kill(-holder.pid!, 'SIGKILL')
    }
  })

  test('encrypts to a recipient, says that it did not open the archive, and its identity opens it', async () => {
    const identity = await generateIdentity()
    const identityFile = source.write('keys/identity', `${identity}\n`)
    const recipient = await identityToRecipient(identity)
    const out = fresh()
    const ended = await untouched({ ...still, out, recipient, compression: 'gzip' }, quick)
    assert.deepEqual([ended.code, ended.evidence?.outcome], [0, 'passed'], ended.stderr)
    assert.match(ended.evidence!.notTested.join('\n'), /encrypted and not opened again/)
    const archivePath = join(out, 'state.tar.gz.age')
    const opened = await archives.inspect({
      open: () => archives.alteredStream(archivePath, {}),
      name: archivePath,
      decrypt: { identityFile },
    })
    assert.deepEqual(opened.manifest, JSON.parse(readFileSync(join(out, 'state.manifest.json'), 'utf8')))

    const opening = await source.run(
      { ...still, out: fresh(), recipient, 'identity-file': identityFile, compression: 'none' },
      ['--yes', 'kheish'],
    )
    assert.equal(opening.code, 0, opening.stderr)
    assert.match(checkOf(opening, 'state-archive').title, /read back/)
    assert.doesNotMatch(opening.evidence!.notTested.join('\n'), /not opened/)
  })

  test('goes without a workspace, and says so', async () => {
    const out = fresh()
    const ended = await untouched({ ...source.artefacts, 'state-dir': source.state, out }, quick)
    assert.equal(ended.code, 0, ended.stderr)
    assert.deepEqual(
      filesIn(out).filter(name => name.startsWith('workspace')),
      [],
    )
    assert.match(ended.evidence!.notTested.join('\n'), /no workspace was given/)
  })

  const findings: readonly (readonly [string, () => Params, string, RegExp])[] = [
    [
      'a configuration that was named and is not there',
      () => ({ 'mcp-config': source.at('no-such.json') }),
      'artefacts',
      /mcp-config .*no-such\.json is missing/,
    ],
    ['a routes file that nobody named', () => ({ 'routes-file': undefined }), 'artefacts', /no routes-file was named/],
    [
      'a token file that others can read',
      () => ({ 'admin-token-file': source.write('keys/open-token', 'a token that is open', 0o644) }),
      'artefacts',
      /open-token can be read by others: mode 0644/,
    ],
    [
      'a key file inside the workspace',
      () => ({ 'workspace-dir': source.at('keys'), sentinel: undefined }),
      'keys-apart',
      /would be archived with the data it protects: .*keys\/master-key/,
    ],
    ['a place inside the state root', () => ({ out: join(source.state, 'set') }), 'out-place', /lie in each other/],
    ['a place that is not empty', () => ({ out: source.at('keys') }), 'out-place', /not empty/],
  ]
  for (const [title, change, check, reason] of findings) {
    test(`finds ${title} before anything is archived`, async () => {
      const out = fresh()
      const changed = change()
      const ended = await untouched({ ...still, out, ...changed }, quick)
      assert.deepEqual([ended.code, filesIn(out)], [1, []], ended.stderr)
      assert.match(checkOf(ended, check).reason!, reason)
      assert.match(stepOf(ended, 'archive').reason!, /not reached/)
    })
  }
})
