import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { appendFileSync, createReadStream, existsSync, writeFileSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { generateIdentity, identityToRecipient } from 'age-encryption'
import type { CreateArchive } from '../../model/archive.ts'
import { type ErrorCode, RunproofError } from '../../model/error.ts'
import { craftTar } from '../../testing/crafted-tar.ts'
import { archives } from './archives.ts'
import { livingChildren, mountTmpfs, runWithout } from './test-machine.ts'

const failsWith =
  (code: ErrorCode, message = /./) =>
  (thrown: unknown) =>
    thrown instanceof RunproofError && thrown.code === code && message.test(thrown.message)

const NOTHING = { extra: [], missing: [], changed: [] }

describe('create', () => {
  test('a socket is left out and told', async t => {
    const { source, archivePath } = await place(t)
    const server = createServer().listen(path.join(source, 'daemon.sock'))
    await once(server, 'listening')
    t.after(() => server.close())
    const { manifest, findings } = await archives.create({ sourceDir: source, archivePath })
    assert.deepEqual(findings, [
      { rule: 'socket-not-archived', path: 'daemon.sock', detail: 'a socket cannot be archived' },
    ])
    assert.equal(
      manifest.entries.some(entry => entry.path === 'daemon.sock'),
      false,
    )
  })

  test('extended attributes are kept, and their loss is seen', async t => {
    const { root, source, archivePath } = await place(t)
    // tar is the one program every machine has that can set an attribute
    const carrier = craftTar([{ name: 'noted', data: 'x', pax: { 'SCHILY.xattr.user.note': 'va\nlue' } }])
    execFileSync('tar', ['--extract', '--file=-', '--xattrs', '--directory', source], {
      input: carrier,
      stdio: ['pipe', 'ignore', 'pipe'],
    })
    const { manifest } = await archives.create({ sourceDir: source, archivePath })
    const noted = manifest.entries.find(entry => entry.path === 'noted')
    assert.deepEqual(noted?.xattrs, { 'xattr.user.note': Buffer.from('va\nlue').toString('base64') })

    const into = path.join(root, 'into')
    await archives.unpack({ open: () => createReadStream(archivePath), name: 'archive', into })
    assert.deepEqual(await archives.compareTree({ directory: into, manifest }), NOTHING)
    await archives.replaceFile(into, 'noted', Buffer.from('x'))
    const { changed } = await archives.compareTree({ directory: into, manifest, ignore: ['mtimeNs'] })
    assert.deepEqual(
      changed.map(change => [change.path, change.members[0]!.member]),
      [['noted', 'xattrs']],
    )
  })

  test('what a restore would refuse is told when it is archived', async t => {
    const { source, archivePath } = await place(t)
    await symlink('/etc/passwd', path.join(source, 'absolute'))
    await symlink('../../outside', path.join(source, 'escaping'))
    const { findings } = await archives.create({ sourceDir: source, archivePath })
    assert.deepEqual(
      findings.map(finding => [finding.rule, finding.path]),
      [
        ['absolute-link', 'absolute'],
        ['escaping-link', 'escaping'],
      ],
    )
    await assert.rejects(
      archives.inspect({ open: () => createReadStream(archivePath), name: 'archive' }),
      failsWith('ARCHIVE_HOSTILE_ENTRY', /absolute-link/),
    )
  })

  test('a file that grows meanwhile is an error, and no archive stays', async t => {
    const { source, archivePath, root } = await place(t)
    const big = path.join(source, 'big')
    await writeFile(big, '')
    await truncate(big, 0)
    await writeFile(big, Buffer.alloc(30_000_000, 'abc'))
    let isGrown = false
    const onProgress = () => {
      if (!isGrown) appendFileSync(big, 'more')
      isGrown = true
    }
    await assert.rejects(
      archives.create({ sourceDir: source, archivePath, onProgress }),
      failsWith('ARCHIVE_CHANGED_WHILE_READ'),
    )
    assert.deepEqual(await readdir(root), ['source'])
  })

  test('a file that changes after tar has read it is an error too', async t => {
    const { source, archivePath } = await place(t)
    await mkdir(path.join(source, 'a-first'))
    await writeFile(path.join(source, 'a-first', 'early'), 'before')
    await writeFile(path.join(source, 'z-last'), Buffer.alloc(30_000_000))
    let isChanged = false
    const onProgress = ({ bytes }: { bytes: number }) => {
      if (bytes > 10_000_000 && !isChanged) writeFileSync(path.join(source, 'a-first', 'early'), 'after!')
      isChanged ||= bytes > 10_000_000
    }
    await assert.rejects(
      archives.create({ sourceDir: source, archivePath, onProgress }),
      failsWith('ARCHIVE_CHANGED_WHILE_READ', /early/),
    )
    assert.ok(isChanged)
  })

  test('an existing file is never replaced', async t => {
    const { source, archivePath } = await place(t)
    await writeFile(archivePath, 'precious')
    await assert.rejects(archives.create({ sourceDir: source, archivePath }), failsWith('NOT_EMPTY'))
    assert.equal((await archives.digestFile(archivePath)).sizeBytes, 8)
  })

  test('an archive inside its own source is refused', async t => {
    const { source } = await place(t)
    const archivePath = path.join(source, 'self.tar')
    await assert.rejects(archives.create({ sourceDir: source, archivePath }), failsWith('PATH_UNSAFE'))
    assert.equal(existsSync(archivePath), false)
  })

  test('a missing source is named', async t => {
    const { root, archivePath } = await place(t)
    await assert.rejects(
      archives.create({ sourceDir: path.join(root, 'nowhere'), archivePath }),
      failsWith('FILE_UNREADABLE', /nowhere/),
    )
  })

  test('an interrupt leaves no archive and no process', async t => {
    const { source, archivePath, root } = await place(t)
    await writeFile(path.join(source, 'big'), Buffer.alloc(50_000_000, 'x'))
    const before = await archives.describeTree(source)
    const abort = new AbortController()
    const onProgress = ({ bytes }: { bytes: number }) => {
      if (bytes > 1_000_000) abort.abort()
    }
    await assert.rejects(
      archives.create({ sourceDir: source, archivePath, onProgress, signal: abort.signal }),
      failsWith('INTERRUPTED'),
    )
    assert.deepEqual(await readdir(root), ['source'])
    assert.deepEqual(await archives.describeTree(source), before)
    assert.deepEqual(livingChildren(), [])
  })

  test('a full disk is named, and no archive stays', async t => {
    const { source } = await place(t)
    const disk = mountTmpfs(t, '1m')
    if (disk === undefined) return
    await writeFile(path.join(source, 'random'), randomBytes(3_000_000))
    const before = await archives.describeTree(source)
    const archivePath = path.join(disk, 'archive.tar.zst')
    await assert.rejects(
      archives.create({ sourceDir: source, archivePath }),
      failsWith('DISK_FULL', /archive\.tar\.zst/),
    )
    assert.deepEqual(await readdir(disk), [])
    assert.deepEqual(await archives.describeTree(source), before)
  })

  test('without the zstd program the archive is the same tree', async t => {
    const { source, archivePath } = await place(t)
    if (runWithout(t, ['zstd'], creating({ sourceDir: source, archivePath, compression: 'zstd' })) === undefined) return
    const inspected = await archives.inspect({ open: () => createReadStream(archivePath), name: 'archive' })
    assert.deepEqual(inspected.formats, ['zstd', 'tar'])
    assert.deepEqual(inspected.manifest, await archives.describeTree(source))
  })

  test('without GNU tar the missing tool is named', async t => {
    const { source, archivePath } = await place(t)
    const said = runWithout(t, ['tar'], creating({ sourceDir: source, archivePath }))
    if (said === undefined) return
    assert.match(said, /^TOOL_MISSING program tar is not in \/usr\/local\/sbin:/)
    assert.equal(existsSync(archivePath), false)
  })

  test('a program that the caller’s PATH puts first is not run', async t => {
    const { root, source, archivePath } = await place(t)
    const bin = path.join(root, 'bin')
    const traces = path.join(root, 'traces')
    await mkdir(bin)
    for (const name of ['tar', 'zstd', 'age', 'setpriv', 'cp', 'sh'])
      await writeFile(path.join(bin, name), `#!/bin/sh\necho ${name} >> ${traces}\nexit 1\n`, { mode: 0o755 })
    const identity = await generateIdentity()
    const identityFile = path.join(root, 'identity')
    await writeFile(identityFile, identity)
    const before = process.env.PATH
    t.after(() => {
      process.env.PATH = before
    })
    process.env.PATH = `${bin}:${before}`
    const recipients = [await identityToRecipient(identity)]
    const { manifest } = await archives.create({ sourceDir: source, archivePath, recipients })
    const read = { open: () => createReadStream(archivePath), name: 'archive', decrypt: { identityFile } }
    assert.deepEqual((await archives.unpack({ ...read, into: path.join(root, 'into') })).manifest, manifest)
    await archives.linkedCopy(source, path.join(root, 'copy'))
    const command = ['sh', '-c', `printf %s "$PATH" > ${path.join(root, 'path')}; cat ${archivePath}`] as const
    await archives.fetch({ from: { command }, directory: root, fileName: 'fetched' })
    assert.equal(existsSync(traces), false)
    assert.doesNotMatch(await readFile(path.join(root, 'path'), 'utf8'), new RegExp(bin))
  })

  test('an unreadable file is named, and who is not root can archive the rest', async t => {
    const { source, archivePath, root } = await place(t)
    await chmod(root, 0o777)
    const create = () => runAsNobody(archivePath, source)
    if (process.getuid?.() !== 0) return t.skip('needs root to become somebody else')
    assert.equal(create(), 'created')
    await rm(archivePath)
    await writeFile(path.join(source, 'private'), 'x', { mode: 0o600 })
    assert.equal(create(), 'FILE_UNREADABLE ./private')
    assert.equal(existsSync(archivePath), false)
  })
})

/** @returns `created`, or the code and the name in the message */
function runAsNobody(archivePath: string, sourceDir: string): string {
  const node = [process.execPath, '--input-type=module', '-e', creating({ archivePath, sourceDir })]
  const said = execFileSync('setpriv', ['--reuid=65534', '--regid=65534', '--clear-groups', '--', ...node], {
    encoding: 'utf8',
  })
  return said.split(' ').slice(0, 2).join(' ')
}

/** A module that writes `created`, or the code and the message. */
function creating(options: CreateArchive): string {
  return `
    import { archives } from ${JSON.stringify(import.meta.resolve('./archives.ts'))}
    try {
      await archives.create(${JSON.stringify(options)})
      process.stdout.write('created')
    } catch (thrown) {
      process.stdout.write(thrown.code + ' ' + thrown.message)
    }`
}

async function place(t: TestContext): Promise<{ root: string; source: string; archivePath: string }> {
  const root = await mkdtemp(path.join(tmpdir(), 'runproof-create-'))
  t.after(() => rm(root, { recursive: true, force: true }))
  const source = path.join(root, 'source')
  await mkdir(source)
  await writeFile(path.join(source, 'file'), 'content')
  return { root, source, archivePath: path.join(root, 'archive') }
}
