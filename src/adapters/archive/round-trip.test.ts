import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createReadStream } from 'node:fs'
import { chmod, link, mkdir, mkdtemp, open, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, test } from 'node:test'
import { manifestText, parseManifest } from '../../archive/manifest.ts'
import type { Compression } from '../../model/archive.ts'
import { archives } from './archives.ts'

const NOTHING = { extra: [], missing: [], changed: [] }

describe('create, unpack, compare', () => {
  for (const compression of ['none', 'gzip', 'zstd'] satisfies Compression[]) {
    test(`an archive with compression ${compression} gives the tree back, file by file`, async t => {
      const { root, source } = await nastyTree(t)
      const archivePath = path.join(root, 'archive')
      const before = await archives.describeTree(source)

      const created = await archives.create({ sourceDir: source, archivePath, compression })
      assert.deepEqual(await archives.describeTree(source), before, 'the source changed')
      assert.equal((await stat(archivePath)).mode & 0o777, 0o600)
      assert.equal((await archives.digestFile(archivePath)).sha256, created.sha256)
      assert.equal(created.manifest.totals.entries, before.totals.entries)
      assert.deepEqual(
        created.findings.map(finding => finding.rule),
        ['foreign-name', 'fifo'],
      )
      assert.deepEqual(parseManifest(manifestText(created.manifest), 'manifest'), created.manifest)

      const into = path.join(root, 'into')
      const unpacked = await archives.unpack({ open: () => createReadStream(archivePath), name: archivePath, into })
      assert.deepEqual(unpacked.manifest, created.manifest)
      assert.equal(unpacked.sha256, created.sha256)
      assert.deepEqual(await archives.compareTree({ directory: into, manifest: created.manifest }), NOTHING)

      const [one, other] = await Promise.all([stat(path.join(into, 'a.txt')), stat(path.join(into, 'z-link'))])
      assert.equal(one.ino, other.ino, 'the hard link became a copy')
      assert.ok((await stat(path.join(into, 'sparse'))).blocks < 100, 'the holes were filled')
    })
  }
})

interface TestContext {
  after(fn: () => unknown): void
}

/** One of everything a state root could hold and an archive could lose. */
async function nastyTree(t: TestContext): Promise<{ root: string; source: string }> {
  const root = await mkdtemp(path.join(tmpdir(), 'runproof-archive-'))
  t.after(() => rm(root, { recursive: true, force: true }))
  const source = path.join(root, 'source')
  await mkdir(path.join(source, 'dir', 'empty'), { recursive: true })
  await writeFile(path.join(source, 'a.txt'), 'hello\n')
  await link(path.join(source, 'a.txt'), path.join(source, 'z-link'))
  await link(path.join(source, 'a.txt'), path.join(source, 'dir.link'))
  await link(path.join(source, 'a.txt'), path.join(source, 'dir', 'link'))
  await symlink('a.txt', path.join(source, 'symlink'))
  await symlink('../a.txt', path.join(source, 'dir', 'up'))
  await symlink('nowhere/else', path.join(source, 'dangling'))
  await writeFile(path.join(source, 'mode0'), 'x')
  // only root reads what nobody may read
  if (process.getuid?.() === 0) await chmod(path.join(source, 'mode0'), 0)
  await writeFile(path.join(source, `${'n'.repeat(250)}`), 'long name')
  const deep = path.join(source, 'p'.repeat(200), 'q'.repeat(200))
  await mkdir(deep, { recursive: true })
  await writeFile(path.join(deep, 'deep'), 'deep')
  for (const name of ['new\nline', 'ümläut-🦀', 'back\\slash', 'tab\there', ' space ', '-dash', '*?[']) {
    await writeFile(path.join(source, 'dir', name), name)
  }
  await writeFile(Buffer.concat([Buffer.from(`${source}/dir/`), Buffer.from([0x62, 0xff, 0xfe, 0x64])]), 'not utf-8')
  const sparse = await open(path.join(source, 'sparse'), 'w')
  await sparse.truncate(8 * 1024 * 1024)
  await sparse.write('data', 3_000_000)
  await sparse.close()
  execFileSync('mkfifo', [path.join(source, 'pipe')])
  await utimes(path.join(source, 'a.txt'), new Date(0), new Date('1965-03-04T05:06:07.089Z'))
  await writeFile(path.join(source, 'empty-file'), '')
  await writeFile(path.join(source, 'block'), Buffer.alloc(512, 1))
  await writeFile(path.join(source, 'big'), Buffer.alloc(3_000_000, 'abc'))
  await chmod(path.join(source, 'dir', 'empty'), 0o700)
  return { root, source }
}
