import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { archives } from '../src/adapters/archive/archives.ts'
import { makeDrillSite } from './drill-site.ts'
import { leftovers } from './leftovers.ts'
import { assertPassed, checkOf, evidenceOf, runDrill } from './run-drill.ts'

describe('the restore drill of a mounted snapshot', { timeout: 400_000, concurrency: 2 }, async () => {
  const site = await makeDrillSite()
  after(() => site[Symbol.dispose]())
  const { root } = site
  const keys = { 'master-key-file': site.masterKeyFile, 'routes-file': site.routesFile }
  let copies = 0
  const snapshotWith = (change: (state: string) => unknown) => {
    const state = join(root, `snapshot-${++copies}`)
    cpSync(site.state, state, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true })
    change(state)
    return state
  }

  const live = join(root, 'live')
  cpSync(join(site.state, 'external-actions'), live, { recursive: true })
  const hostile: readonly (readonly [string, string, (state: string) => unknown])[] = [
    [
      'whose ledger is a link to a live directory',
      'absolute-link',
      state => {
        rmSync(join(state, 'external-actions'), { recursive: true })
        symlinkSync(live, join(state, 'external-actions'))
      },
    ],
    ['with a link that climbs out', 'escaping-link', state => symlinkSync('../../live', join(state, 'link'))],
    [
      'with a program that runs as its owner',
      'setuid',
      state => {
        writeFileSync(join(state, 'run'), 'x')
        chmodSync(join(state, 'run'), 0o4755)
      },
    ],
    ...(process.getuid?.() === 0
      ? ([
          ['with a device', 'device', state => execFileSync('mknod', [join(state, 'null'), 'c', '1', '3'])],
        ] as const satisfies readonly (readonly [string, string, (state: string) => unknown])[])
      : []),
  ]
  for (const [title, rule, change] of hostile) {
    test(`${title} is refused as an archive of it would be, and no live file is touched`, async () => {
      const before = await archives.describeTree(live)
      const state = snapshotWith(change)
      const snapshot = await archives.describeTree(state)
      const ended = await runDrill({ root, params: { ...keys, 'state-dir': state }, counterproofs: 'all' })
      const step = evidenceOf(ended).steps.find(one => one.id === 'unpack')
      assert.deepEqual([ended.status, step?.error?.code], [3, 'ARCHIVE_HOSTILE_ENTRY'], ended.stderr)
      assert.match(step!.error!.message, new RegExp(rule))
      assert.deepEqual(await archives.describeTree(live), before)
      assert.deepEqual(await archives.describeTree(state), snapshot)
      assert.deepEqual(await leftovers(ended.workDir), [])
    })
  }

  test('with a link that stays inside passes, every counterproof red, and it stays as it is', async () => {
    const state = snapshotWith(one => {
      renameSync(join(one, 'external-actions'), join(one, 'ledger-of-today'))
      symlinkSync('ledger-of-today', join(one, 'external-actions'))
    })
    const before = await archives.describeTree(state)
    const params = {
      ...keys,
      'state-dir': state,
      'workspace-dir': site.workspace,
      facts: join(site.set, 'facts.json'),
    }
    const evidence = assertPassed(await runDrill({ root, params, counterproofs: 'all' }))
    assert.deepEqual(
      evidence.steps
        .flatMap(step => step.checks.flatMap(check => check.counterproofs))
        .filter(one => !['red', 'not-run'].includes(one.outcome)),
      [],
    )
    assert.equal(checkOf(evidence, 'workspace-tree').outcome, 'passed')
    assert.deepEqual(await archives.describeTree(state), before)
  })

  test('without a lock file assumes that nothing wrote to it, and makes none, also where the files are another user’s', async () => {
    const state = join(site.shared, 'state')
    renameSync(
      snapshotWith(one => {
        rmSync(join(one, 'daemon.lock'))
        execFileSync('chmod', ['--recursive', 'a+rX', one])
      }),
      state,
    )
    const given = {
      'master-key-file': join(site.shared, 'master-key'),
      'routes-file': join(site.shared, 'routes.toml'),
    }
    copyFileSync(site.masterKeyFile, given['master-key-file'])
    copyFileSync(site.routesFile, given['routes-file'])
    // Only root can become somebody else; whoever else this is goes on as the owner of it all.
    const isRoot = process.getuid?.() === 0
    const uid = 65_534
    if (isRoot) for (const path of Object.values(given)) chownSync(path, uid, uid)
    const before = await archives.describeTree(state)
    const evidence = assertPassed(
      await runDrill({ root: site.shared, params: { ...given, 'state-dir': state }, ...(isRoot ? { uid } : {}) }),
    )
    const assumed = evidence.assumptions.join('\n')
    assert.match(assumed, /nothing wrote to .* meanwhile: it has no lock file/)
    if (isRoot) assert.match(assumed, /owners were not restored, since runproof does not run as root/)
    assert.deepEqual(await archives.describeTree(state), before)
  })

  test('against facts whose sentinel lies outside the workspace is refused before anything is read there', async () => {
    const precious = join(root, 'precious')
    writeFileSync(precious, 'precious')
    const facts = JSON.parse(readFileSync(join(site.set, 'facts.json'), 'utf8'))
    mkdirSync(join(root, 'forged'))
    const path = site.write(
      'forged/facts.json',
      JSON.stringify({ ...facts, sentinel: { path: '../'.repeat(20) + precious.slice(1), sha256: 'x' } }),
    )
    const params = { ...keys, 'state-dir': site.state, 'workspace-dir': site.workspace, facts: path }
    const ended = await runDrill({ root, params, counterproofs: 'all' })
    assert.deepEqual([ended.status, evidenceOf(ended).steps[0]!.error?.code], [3, 'FACTS_INVALID'])
    assert.equal(readFileSync(precious, 'utf8'), 'precious')
  })
})
