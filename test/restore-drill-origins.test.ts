import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chownSync, copyFileSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { generateIdentity, identityToRecipient } from 'age-encryption'
import { archives } from '../src/adapters/archive/archives.ts'
import standIn from '../src/targets/stand-in.ts'
import { assertDocumented } from './documented-commands.ts'
import { makeDrillSite } from './drill-site.ts'
import { leftovers } from './leftovers.ts'
import { assertPassed, checkOf, evidenceOf, runDrill } from './run-drill.ts'

describe('the restore drill takes what an operator has', { timeout: 400_000 }, async () => {
  const site = await makeDrillSite()
  after(() => site[Symbol.dispose]())
  const { root, given } = site
  const keys = { 'master-key-file': site.masterKeyFile, 'routes-file': site.routesFile }
  const set = { ...keys, 'backup-set': site.set }
  const run = (params: Readonly<Record<string, string | undefined>>, more: object = {}) =>
    runDrill({ root, params, ...more })
  /** What a copy of the set holds, with one file changed. */
  const otherSet = (name: string, file: string, change: (text: string) => string) => {
    const directory = join(root, name)
    mkdirSync(directory)
    for (const one of readdirSync(site.set)) copyFileSync(join(site.set, one), join(directory, one))
    writeFileSync(join(directory, file), change(readFileSync(join(directory, file), 'utf8')))
    return directory
  }

  test('a backup set and an older archive, kept: every counterproof red, and the trees left with what is to be done', async () => {
    const place = join(root, 'kept')
    const ended = await run(
      { ...set, 'older-state-archive': site.older, keep: 'yes', 'restore-dir': place },
      { counterproofs: 'all' },
    )
    const evidence = assertPassed(ended)
    const proofs = evidence.steps.flatMap(step => step.checks).flatMap(check => check.counterproofs)
    assert.deepEqual(
      proofs.filter(one => one.outcome !== 'red'),
      [],
    )
    assert.ok(proofs.length > 70, `${proofs.length} counterproofs`)
    await assertDocumented(evidence)
    assert.doesNotMatch(evidence.notTested.join('\n'), / was given/)
    const otherwise = evidence.assumptions.filter(
      one => !/^(owners of the restored files|no program outside opens a socket)/.test(one),
    )
    assert.deepEqual([otherwise, evidence.facts['facts.signed']], [[], true])
    assert.deepEqual(readdirSync(place).sort(), ['state', 'workspace'])
    assert.deepEqual(await archives.describeTree(join(place, 'state')), await archives.describeTree(site.state))
    const promotion = join(ended.reportsDir, ended.reports[0]!, 'artifacts', 'promotion.txt')
    assert.ok(ended.stdout.endsWith(`\n\n${readFileSync(promotion, 'utf8')}`), 'the run ends with what is left to do')
    assert.match(ended.stdout, new RegExp(`lie in ${place}/state(.|\n)*To promote them`))
    assert.deepEqual(await leftovers(ended.workDir), [])
  })

  test('plain archives, a named pipe in one, digests beside them, against a target that is not the stand-in', async () => {
    const state = site.damaged(dir => execFileSync('mkfifo', [join(dir, 'pipe')]))
    const sums = execFileSync('sha256sum', [state, given['workspace-archive']!])
    const ended = await run(
      { ...given, 'state-archive': state, 'sha256-file': site.write('SUMS', sums), binary: standIn.bundledBinary },
      { target: 'kheish' },
    )
    const evidence = assertPassed(ended)
    assert.equal(evidence.target.real, true)
    assert.equal(checkOf(evidence, 'state-archive-digest').outcome, 'passed')
    assert.match(evidence.notTested.join('\n'), /no manifest was given/)
    assert.match(evidence.assumptions.join('\n'), /pipe: a named pipe/)
    const [wait] = evidence.rto!.phases.find(phase => phase.id === 'validated')!.waits!
    assert.match(wait!.id, /first heartbeat/)
  })

  test('a gzip archive on standard input, relative paths, its audit key kept apart, and a restore-dir that is gone again', async () => {
    const gzip = join(root, 'state.tar.gz')
    execFileSync('tar', ['--create', '--gzip', '--format=posix', '--file', gzip, '--directory', site.state, '.'])
    const absent = join(root, 'absent')
    const params = {
      ...keys,
      'master-key-file': '../keys/master-key',
      'state-archive': '-',
      'audit-key-file': join(site.state, 'audit-signing.key'),
      'restore-dir': absent,
    }
    const evidence = assertPassed(await run(params, { stdin: readFileSync(gzip) }))
    assert.equal(evidence.facts['archive.state.format'], 'gzip')
    assert.match(evidence.notTested.join('\n'), /workspace recovery is not tested/)
    assert.equal(checkOf(evidence, 'audit-key').outcome, 'passed')
    assert.throws(() => statSync(absent), { code: 'ENOENT' })
  })

  test('archives encrypted with age, by identity and by command', async () => {
    const identity = await generateIdentity()
    const encrypted = await archives.create({
      sourceDir: site.state,
      archivePath: join(root, 'state.tar.zst.age'),
      recipients: [await identityToRecipient(identity)],
    })
    const identityFile = site.write('identity', `${identity}\n`)
    const opened = await run({ ...keys, 'state-archive': encrypted.archivePath, 'identity-file': identityFile })
    assert.equal(assertPassed(opened).facts['archive.state.format'], 'age')

    const shut = await run({ ...keys, 'state-archive': encrypted.archivePath })
    assert.deepEqual([shut.status, evidenceOf(shut).steps[1]!.error?.code], [3, 'DECRYPT_FAILED'])
    assert.match(evidenceOf(shut).steps[1]!.error!.hint!, /identity-file|decrypt-command/)
  })

  test('a fetched archive in an encryption that only the decrypt command knows', async () => {
    const passphrase = site.write('passphrase', randomBytes(24).toString('hex'))
    const openssl = ['openssl', 'enc', '-aes-256-ctr', '-pbkdf2', '-pass', `file:${passphrase}`]
    const sealed = site.write(
      'state.enc',
      execFileSync(openssl[0]!, [...openssl.slice(1), '-in', given['state-archive']!]),
    )
    const ended = await run({
      ...keys,
      'fetch-command': JSON.stringify(['cat', sealed]),
      'decrypt-command': JSON.stringify([...openssl, '-d']),
      'workspace-archive': given['workspace-archive'],
    })
    assertPassed(ended)
  })

  test('what root archived, restored by an ordinary user: owners are told and not compared', async context => {
    if (process.getuid?.() !== 0) return context.skip('only root can become somebody else')
    const uid = 65_534
    const at = (name: string) => join(site.shared, name)
    for (const name of ['state.tar.zst', 'workspace.tar.zst', 'SHA256SUMS'])
      copyFileSync(join(site.set, name), at(name))
    for (const name of ['master-key', 'routes.toml'])
      copyFileSync(name === 'master-key' ? site.masterKeyFile : site.routesFile, at(name))
    for (const name of readdirSync(site.shared)) chownSync(at(name), uid, uid)
    const params = {
      'state-archive': at('state.tar.zst'),
      'workspace-archive': at('workspace.tar.zst'),
      'sha256-file': at('SHA256SUMS'),
      'master-key-file': at('master-key'),
      'routes-file': at('routes.toml'),
    }
    const ended = await runDrill({ root: site.shared, params, uid })
    assert.match(assertPassed(ended).assumptions.join('\n'), /owners of the restored files/)
    assert.deepEqual(await leftovers(ended.workDir), [])
    return undefined
  })

  test('a restore-dir that is full is refused, and left as it was found', async () => {
    const full = join(root, 'full')
    mkdirSync(full)
    writeFileSync(join(full, 'precious'), 'x')
    const refused = await run({ ...given, 'restore-dir': full })
    assert.equal(refused.status, 1)
    assert.match(checkOf(evidenceOf(refused), 'restore-place').reason!, /not empty/)
    assert.deepEqual(readdirSync(full), ['precious'])
  })

  test('facts whose signature does not hold are refused', async () => {
    const directory = otherSet('tampered', 'facts.json', text => text.replace('"online": true', '"online":  true'))
    const ended = await run({ ...set, 'backup-set': directory })
    const { error } = evidenceOf(ended).steps[0]!
    assert.deepEqual([ended.status, error?.code], [3, 'FACTS_INVALID'])
    assert.match(error!.message, /tampered\/facts\.json/)
  })

  test('facts of an unknown signer are used and told, and the archive they name is taken, whatever else begins like it', async () => {
    const directory = otherSet('foreign', 'facts.dsse.json', text =>
      text.replace(/"keyid":"[^"]*"/, `"keyid":"sha256:${'0'.repeat(64)}"`),
    )
    for (const name of ['state.tar', 'state.tar.bak', 'workspace.tar.old'])
      writeFileSync(join(directory, name), 'no archive')
    const evidence = assertPassed(await run({ ...set, 'backup-set': directory }))
    assert.match(evidence.assumptions.join('\n'), /signed by a key that is not known here/)
    assert.equal(evidence.facts['facts.signed'], undefined)
    assert.equal(checkOf(evidence, 'state-archive-digest').outcome, 'passed')
  })

  test('another audit key that is kept apart decides that the wrong one has signed', async () => {
    const other = site.write(
      'other-audit.key',
      JSON.stringify({ algorithm: 'ed25519', secret_key_hex: randomBytes(32).toString('hex') }),
    )
    const wrong = await run({ ...keys, 'state-archive': given['state-archive'], 'audit-key-file': other })
    assert.equal(wrong.status, 1)
    assert.match(checkOf(evidenceOf(wrong), 'audit-key').reason!, /not that of the key that is kept apart/)
  })
})
