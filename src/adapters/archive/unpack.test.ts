import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { createReadStream, existsSync, readdirSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Readable } from 'node:stream'
import { describe, type TestContext, test } from 'node:test'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import type { Compression } from '../../model/archive.ts'
import { type ErrorCode, RunproofError } from '../../model/error.ts'
import { type CraftedMember, craftTar } from '../../testing/crafted-tar.ts'
import { archives } from './archives.ts'
import { livingChildren, mountTmpfs } from './test-machine.ts'

const failsWith =
  (code: ErrorCode, message = /./) =>
  (thrown: unknown) =>
    thrown instanceof RunproofError && thrown.code === code && message.test(thrown.message)

const bytes = (all: Buffer) => ({ open: () => Readable.from([all], { objectMode: false }), name: 'crafted' })

describe('unpack', () => {
  const hostile: readonly (readonly [string, readonly CraftedMember[]])[] = [
    ['a path with ..', [{ name: '../escaped', data: 'x' }]],
    ['an absolute path', [{ name: '/tmp/runproof-escaped', data: 'x' }]],
    [
      'a symlink and a file through it',
      [
        { name: 'l', type: '2', link: '..' },
        { name: 'l/escaped', data: 'x' },
      ],
    ],
    ['a hard link out of the root', [{ name: 'h', type: '1', link: '../victim' }]],
    ['a device', [{ name: 'null', type: '3' }]],
    ['a setuid file', [{ name: 'su', mode: 0o4755, data: 'x' }]],
    [
      'the same file twice',
      [
        { name: 'f', data: '1' },
        { name: 'f', data: '2' },
      ],
    ],
  ]
  for (const [title, members] of hostile) {
    test(`${title} is refused and nothing stays`, async t => {
      const root = await place(t)
      await writeFile(path.join(root, 'victim'), 'untouched')
      const into = path.join(root, 'into')
      const all = craftTar([
        { name: './', type: '5', mode: 0o700 },
        { name: 'fine', data: 'x'.repeat(100_000) },
        ...members,
      ])
      await assert.rejects(archives.unpack({ ...bytes(all), into }), failsWith('ARCHIVE_HOSTILE_ENTRY'))
      assert.deepEqual(await readdir(root), ['victim'])
      assert.equal(existsSync('/tmp/runproof-escaped'), false)
      assert.equal((await stat(path.join(root, 'victim'))).size, 9)
    })
  }

  test('a directory the caller made is emptied, not removed, after a failure', async t => {
    const root = await place(t)
    const into = path.join(root, 'into')
    await mkdir(into, { mode: 0o711 })
    const all = craftTar([
      { name: 'dir', type: '5', mode: 0 },
      { name: 'dir/fine', data: 'x'.repeat(1_000_000) },
      { name: '../x' },
    ])
    await assert.rejects(archives.unpack({ ...bytes(all), into }), failsWith('ARCHIVE_HOSTILE_ENTRY'))
    assert.deepEqual(await readdir(into), [])
  })

  test('a directory that is not empty is refused', async t => {
    const root = await place(t)
    await writeFile(path.join(root, 'precious'), 'x')
    await assert.rejects(archives.unpack({ ...bytes(craftTar([{ name: 'a' }])), into: root }), failsWith('NOT_EMPTY'))
    assert.deepEqual(await readdir(root), ['precious'])
  })

  for (const [format, compress] of [
    ['gzip', gzipSync],
    ['zstd', zstdCompressSync],
  ] as const) {
    test(`a ${format} bomb is stopped long before its end`, async t => {
      const root = await place(t)
      const into = path.join(root, 'into')
      const bomb = compress(craftTar([{ name: 'zeros', data: Buffer.alloc(120_000_000) }]))
      let read = 0
      await assert.rejects(
        archives.unpack({
          ...bytes(bomb),
          into,
          onProgress: progress => {
            read = progress.bytes
          },
        }),
        failsWith('ARCHIVE_LIMIT', /ratio/),
      )
      assert.ok(read < 100_000_000, `${read} bytes were decoded`)
      assert.equal(existsSync(into), false)
    })
  }

  test('a full disk is named, and what was unpacked is removed', async t => {
    const disk = mountTmpfs(t, '1m')
    if (disk === undefined) return
    const into = path.join(disk, 'into')
    const members = Array.from({ length: 40 }, (_, index) => ({ name: `f${index}`, data: randomBytes(100_000) }))
    await assert.rejects(archives.unpack({ ...bytes(craftTar(members)), into }), failsWith('DISK_FULL', /into/))
    // The last file's last write fits in part, and tar does not say why the rest did not.
    const last = bytes(craftTar([{ name: 'last', data: randomBytes(4_000_000) }]))
    await assert.rejects(archives.unpack({ ...last, into }), failsWith('DISK_FULL', /into/))
    assert.deepEqual(await readdir(disk), [])
  })

  test('an interrupt stops tar and removes what was unpacked', async t => {
    const root = await place(t)
    const into = path.join(root, 'into')
    const abort = new AbortController()
    const endless = async function* () {
      yield craftTar(
        [
          { name: './', type: '5', mode: 0o755 },
          { name: 'first', data: 'x' },
          { name: 'rest', size: 1e9 },
        ],
        { end: false },
      )
      for (;;) {
        yield Buffer.alloc(100_000)
        if (readdirSync(root).includes('into') && existsSync(path.join(into, 'rest'))) abort.abort()
      }
    }
    await assert.rejects(
      archives.unpack({
        open: () => Readable.from(endless(), { objectMode: false }),
        name: 'endless',
        into,
        signal: abort.signal,
      }),
      failsWith('INTERRUPTED'),
    )
    assert.deepEqual(await readdir(root), [])
    assert.deepEqual(livingChildren(), [])
  })

  test('an interrupt while the source says nothing is heard', async t => {
    const root = await place(t)
    const abort = new AbortController()
    const open = () => new Readable({ read: () => setImmediate(() => abort.abort()) })
    await assert.rejects(
      archives.unpack({ open, name: 'silent', into: path.join(root, 'into'), signal: abort.signal }),
      failsWith('INTERRUPTED'),
    )
    assert.deepEqual(await readdir(root), [])
  })
})

describe('inspect', () => {
  for (const compression of ['none', 'gzip', 'zstd'] satisfies Compression[]) {
    test(`every cut and every flipped byte of a ${compression} archive is noticed by the reader, the digest or the manifest`, async t => {
      const root = await place(t)
      const source = path.join(root, 'source')
      await mkdir(source)
      await writeFile(path.join(source, 'a'), 'content '.repeat(100))
      const archivePath = path.join(root, 'archive')
      const { manifest, sha256, sizeBytes } = await archives.create({ sourceDir: source, archivePath, compression })
      const inspectAltered = async (alteration: { flipByteAt?: number; truncateTo?: number }) => {
        try {
          return await archives.inspect({
            open: () => archives.alteredStream(archivePath, alteration),
            name: 'altered',
          })
        } catch (thrown) {
          assert.ok(
            thrown instanceof RunproofError && thrown.code !== 'INTERNAL',
            `${JSON.stringify(alteration)}: ${thrown}`,
          )
          return undefined
        }
      }
      assert.equal(
        (await archives.inspect({ open: () => createReadStream(archivePath), name: 'whole' })).sha256,
        sha256,
      )

      // 512 where tar has blocks, every byte where there are few
      const step = compression === 'none' ? 512 : 1
      for (let at = 0; at < sizeBytes; at += step) {
        const cut = await inspectAltered({ truncateTo: at })
        // zeros after the end mark may be missing; the content is whole then, and the digest still differs
        if (cut !== undefined) {
          assert.equal(compression, 'none')
          assert.deepEqual(cut.manifest, manifest)
          assert.notEqual(cut.sha256, sha256)
        }
        const flipped = await inspectAltered({ flipByteAt: at })
        assert.notEqual(flipped?.sha256, sha256)
      }
    })
  }

  const wrong: readonly (readonly [string, Buffer, ErrorCode, RegExp])[] = [
    ['an empty file', Buffer.alloc(0), 'ARCHIVE_NOT_AN_ARCHIVE', /it is empty/],
    ['a web page', Buffer.from('<!DOCTYPE html>'.repeat(100)), 'ARCHIVE_NOT_AN_ARCHIVE', /3c 21 44 4f/],
    ['zeros', Buffer.alloc(10_240), 'ARCHIVE_NOT_AN_ARCHIVE', /00 00/],
    ['gzip of a web page', gzipSync('<!DOCTYPE html>'.repeat(100)), 'ARCHIVE_NOT_AN_ARCHIVE', /3c 21/],
    ['gzip of nothing', gzipSync(''), 'ARCHIVE_NOT_AN_ARCHIVE', /it is empty/],
    ['gzip of gzip', gzipSync(gzipSync(craftTar([{ name: 'a' }]))), 'ARCHIVE_NOT_AN_ARCHIVE', /gzip data inside gzip/],
    [
      'an encrypted file without a key',
      Buffer.from('age-encryption.org/v1\n'.padEnd(600)),
      'DECRYPT_FAILED',
      /nothing was given/,
    ],
    [
      'zstd with garbage behind it',
      Buffer.concat([zstdCompressSync(craftTar([{ name: 'a' }])), Buffer.from('garbage garbage')]),
      'ARCHIVE_UNREADABLE',
      /zstd data/,
    ],
    [
      'gzip with garbage behind it',
      Buffer.concat([gzipSync(craftTar([{ name: 'a' }])), Buffer.from('garbage garbage')]),
      'ARCHIVE_UNREADABLE',
      /gzip data/,
    ],
    [
      'two zstd archives in one',
      Buffer.concat([zstdCompressSync(craftTar([{ name: 'a' }])), zstdCompressSync(craftTar([{ name: 'b' }]))]),
      'ARCHIVE_UNREADABLE',
      /./,
    ],
    [
      'two gzip archives in one',
      Buffer.concat([gzipSync(craftTar([{ name: 'a' }])), gzipSync(craftTar([{ name: 'b' }]))]),
      'ARCHIVE_UNREADABLE',
      /after the end/,
    ],
  ]
  for (const [title, all, code, message] of wrong) {
    for (const [how, length] of [
      ['at once', all.length + 1],
      ['in small pieces', 7],
    ] as const) {
      test(`${title}, read ${how}, is told for what it is`, async () => {
        const open = () => Readable.from(pieces(all, length), { objectMode: false })
        await assert.rejects(archives.inspect({ open, name: 'given' }), failsWith(code, message))
      })
    }
  }

  test('a source that fails is unreadable, whatever it is compressed with', async () => {
    const whole = zstdCompressSync(craftTar([{ name: 'a', data: randomBytes(200_000) }]))
    const failing = async function* () {
      yield whole.subarray(0, 100_000)
      throw Object.assign(new Error('the disk is dying'), { code: 'EIO' })
    }
    for (const skip of [0, 1]) {
      const open = () => Readable.from(skip === 0 ? failing() : failingTar(), { objectMode: false })
      await assert.rejects(archives.inspect({ open, name: 'given' }), failsWith('ARCHIVE_UNREADABLE', /EIO/))
    }
  })

  test('a missing file is unreadable', async () => {
    await assert.rejects(
      archives.inspect({ open: () => createReadStream('/nowhere/at/all'), name: '/nowhere/at/all' }),
      failsWith('ARCHIVE_UNREADABLE', /nowhere.*ENOENT/),
    )
  })
})

async function* failingTar(): AsyncGenerator<Buffer> {
  yield craftTar([{ name: 'a', data: randomBytes(200_000) }]).subarray(0, 100_000)
  throw Object.assign(new Error('the disk is dying'), { code: 'EIO' })
}

async function* pieces(all: Buffer, length: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < all.length; at += length) yield all.subarray(at, at + length)
}

async function place(t: TestContext): Promise<string> {
  const root = await mkdtemp(path.join(tmpdir(), 'runproof-unpack-'))
  t.after(async () => {
    await chmod(root, 0o700)
    await rm(root, { recursive: true, force: true })
  })
  return root
}
