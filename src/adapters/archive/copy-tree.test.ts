import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, chownSync, writeFileSync } from 'node:fs'
import { chmod, link, mkdir, mkdtemp, readdir, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import type { ArchiveLimits } from '../../model/archive.ts'
import { archives } from './archives.ts'
import { livingChildren, mountTmpfs } from './test-machine.ts'

const NOTHING = { extra: [], missing: [], changed: [] }
const isRoot = process.getuid?.() === 0

describe('a copied tree', () => {
  test('is the source, shares nothing with it, and leaves it as it was', async t => {
    const { source, into } = await place(t)
    if (isRoot) chownSync(path.join(source, 'dir', 'file'), 1234, 4321)
    await utimes(path.join(source, 'dir'), 1_000_000_000, 1_000_000_000.25)
    const before = await archives.describeTree(source)
    const copied = await archives.copyTree({ sourceDir: source, into })
    assert.deepEqual(copied, { manifest: before, findings: copied.findings })
    assert.deepEqual(
      copied.findings.map(({ rule, path: name }) => [rule, name]),
      [['fifo', 'pipe']],
    )
    assert.deepEqual(await archives.describeTree(into), before)
    writeFileSync(path.join(into, 'dir', 'file'), 'overwritten in place')
    assert.deepEqual(await archives.describeTree(source), before)
  })

  const hostile: readonly (readonly [string, (source: string) => unknown, RegExp])[] = [
    ['an absolute link', source => symlink('/etc', path.join(source, 'escape')), /absolute/],
    ['a link that climbs out', source => symlink('../../etc', path.join(source, 'escape')), /leaves the root/],
    ['a link to a live directory', source => symlink(tmpdir(), path.join(source, 'escape')), /absolute/],
    ['a setuid file', source => writeAs(path.join(source, 'su'), 0o4755), /setuid|runs as its owner/],
    ['a setgid file', source => writeAs(path.join(source, 'sg'), 0o2755), /runs as its group/],
    ...(isRoot
      ? ([
          ['a device', (source: string) => execFileSync('mknod', [path.join(source, 'null'), 'c', '1', '3']), /device/],
        ] as const)
      : []),
  ]
  for (const [title, make, message] of hostile) {
    test(`${title} in the source is refused as in an archive, and nothing stays`, async t => {
      const { source, into } = await place(t)
      await make(source)
      const before = await archives.describeTree(source)
      await assert.rejects(archives.copyTree({ sourceDir: source, into }), { code: 'ARCHIVE_HOSTILE_ENTRY', message })
      await assert.rejects(readdir(into), { code: 'ENOENT' })
      assert.deepEqual(await archives.describeTree(source), before)
      assert.deepEqual(livingChildren(), [])
    })
  }

  test('limits hold for it as for an archive', async t => {
    const { source, into } = await place(t)
    for (const limits of [{ maxEntries: 2 }, { maxFileBytes: 3 }, { maxDepth: 1 }] as Partial<ArchiveLimits>[])
      await assert.rejects(archives.copyTree({ sourceDir: source, into, limits }), { code: 'ARCHIVE_LIMIT' })
    await assert.rejects(readdir(into), { code: 'ENOENT' })
  })

  test('a socket is told, since it cannot be restored', async t => {
    const { source, into } = await place(t)
    const server = createServer().listen(path.join(source, 'daemon.sock'))
    await once(server, 'listening')
    t.after(() => server.close())
    const { findings, manifest } = await archives.copyTree({ sourceDir: source, into })
    assert.ok(findings.some(({ rule, path: name }) => rule === 'socket-not-archived' && name === 'daemon.sock'))
    assert.deepEqual(await archives.compareTree({ directory: into, manifest }), NOTHING)
  })

  test('a source that changes meanwhile is no copy of one moment, and nothing stays', async t => {
    const { source, into } = await place(t)
    await writeFile(path.join(source, 'a-big-one'), Buffer.alloc(64 << 20, 'x'))
    const grow = setInterval(() => appendFileSync(path.join(source, 'zz-journal'), 'one more\n'), 1)
    try {
      await assert.rejects(archives.copyTree({ sourceDir: source, into }), { code: 'ARCHIVE_CHANGED_WHILE_READ' })
    } finally {
      clearInterval(grow)
    }
    await assert.rejects(readdir(into), { code: 'ENOENT' })
  })

  test('a copy inside its own source is refused', async t => {
    const { source } = await place(t)
    await assert.rejects(archives.copyTree({ sourceDir: source, into: path.join(source, 'copy') }), {
      code: 'PATH_UNSAFE',
    })
    await assert.rejects(archives.copyTree({ sourceDir: path.join(source, 'absent'), into: `${source}-2` }), {
      code: 'FILE_UNREADABLE',
    })
  })

  test('a full disk is named as such', async t => {
    const disk = mountTmpfs(t, '1m')
    if (disk === undefined) return
    const { source } = await place(t)
    await writeFile(path.join(source, 'big'), Buffer.alloc(4 << 20, 'x'))
    await assert.rejects(archives.copyTree({ sourceDir: source, into: path.join(disk, 'copy') }), { code: 'DISK_FULL' })
    assert.deepEqual(await readdir(disk), [])
  })

  test('an interrupt ends it, and nothing stays', async t => {
    const { source, into } = await place(t)
    await writeFile(path.join(source, 'big'), Buffer.alloc(64 << 20, 'x'))
    const { promise, resolve } = Promise.withResolvers<void>()
    const stop = new AbortController()
    const copying = archives.copyTree({
      sourceDir: source,
      into,
      signal: stop.signal,
      onProgress: ({ bytes }) => bytes > 1 << 20 && resolve(),
    })
    const refused = assert.rejects(copying, { code: 'INTERRUPTED' })
    await promise
    stop.abort()
    await refused
    await assert.rejects(readdir(into), { code: 'ENOENT' })
    assert.deepEqual(livingChildren(), [])
  })
})

async function writeAs(file: string, mode: number): Promise<void> {
  await writeFile(file, 'x')
  await chmod(file, mode)
}

async function place(t: TestContext) {
  const root = await mkdtemp(path.join(tmpdir(), 'runproof-copied-'))
  t.after(() => rm(root, { recursive: true, force: true }))
  const source = path.join(root, 'source')
  await mkdir(path.join(source, 'dir'), { recursive: true, mode: 0o750 })
  await writeFile(path.join(source, 'dir', 'file'), 'content', { mode: 0o640 })
  await writeFile(path.join(source, 'twice'), 'two names')
  await link(path.join(source, 'twice'), path.join(source, 'dir', 'again'))
  await symlink('dir/file', path.join(source, 'symlink'))
  await writeFile(path.join(source, 'odd \u{1F980}\nname'), '')
  execFileSync('truncate', ['--size', '1M', path.join(source, 'sparse')])
  execFileSync('mkfifo', [path.join(source, 'pipe')])
  assert.equal((await stat(path.join(source, 'sparse'))).blocks < 2048, true)
  return { root, source, into: path.join(root, 'copy') }
}
