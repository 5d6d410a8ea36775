import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { cpSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { archives } from '../src/adapters/archive/archives.ts'
import { manifestText } from '../src/archive/manifest.ts'
import { makeDrillSite } from './drill-site.ts'
import { evidenceOf, runDrill } from './run-drill.ts'

describe('a backup set that was tampered with', { timeout: 400_000 }, async () => {
  const site = await makeDrillSite()
  after(() => site[Symbol.dispose]())
  const keys = { 'master-key-file': site.masterKeyFile, 'routes-file': site.routesFile }

  /** A copy of the set, changed, with the list of digests made anew as whoever changed it would. */
  async function forged(name: string, change: (set: string) => Promise<void>): Promise<string> {
    const set = join(site.root, name)
    cpSync(site.set, set, { recursive: true })
    await change(set)
    const names = readdirSync(set).filter(one => one !== 'SHA256SUMS')
    writeFileSync(join(set, 'SHA256SUMS'), execFileSync('sha256sum', names, { cwd: set }))
    return set
  }

  /** An archive of another state, under the same name. */
  async function swapArchive(set: string): Promise<string> {
    const directory = join(site.root, 'backdoored')
    cpSync(site.state, directory, { recursive: true })
    writeFileSync(join(directory, 'plugin'), 'not there before')
    const archivePath = join(set, 'state.tar.zst')
    rmSync(archivePath)
    const { manifest } = await archives.create({ sourceDir: directory, archivePath })
    rmSync(directory, { recursive: true })
    return manifestText(manifest)
  }

  async function assertRefused(params: Readonly<Record<string, string>>, code: string): Promise<void> {
    const ended = await runDrill({ root: site.root, params: { ...keys, ...params } })
    const step = evidenceOf(ended).steps.find(one => one.outcome !== 'passed')
    assert.deepEqual([ended.status, step?.id, step?.error?.code], [3, 'receive', code], ended.stderr)
  }

  test('is refused when archive, manifest and list were swapped, since the signed facts name their digests', async () => {
    const set = await forged('swapped', async directory => {
      writeFileSync(join(directory, 'state.manifest.json'), `${await swapArchive(directory)}\n`)
    })
    await assertRefused({ 'backup-set': set }, 'DIGEST_MISMATCH')
  })

  test('is refused when only the manifest was changed', async () => {
    const set = await forged('manifest', async directory => {
      const { manifest } = await archives.inspect({
        open: () => archives.alteredStream(join(directory, 'workspace.tar.zst'), {}),
        name: 'workspace',
      })
      writeFileSync(join(directory, 'state.manifest.json'), `${manifestText(manifest)}\n`)
    })
    await assertRefused({ 'backup-set': set }, 'MANIFEST_INVALID')
  })

  test('is refused when a key for the facts was given and their signature is gone', async () => {
    const set = await forged('unsigned', async directory => rmSync(join(directory, 'facts.dsse.json')))
    const pem = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }).toString()
    await assertRefused({ 'backup-set': set, 'facts-key': site.write('some.pem', pem) }, 'FACTS_INVALID')
  })
})
