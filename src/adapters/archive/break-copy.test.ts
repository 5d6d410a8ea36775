import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { link, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { buffer } from 'node:stream/consumers'
import { describe, type TestContext, test } from 'node:test'
import { archives } from './archives.ts'

const NOTHING = { extra: [], missing: [], changed: [] }

describe('a linked copy', () => {
  test('equals its original and takes no space', async t => {
    const { source, copy } = await place(t)
    await archives.linkedCopy(source, copy)
    const manifest = await archives.describeTree(source)
    assert.deepEqual(await archives.compareTree({ directory: copy, manifest }), NOTHING)
    assert.equal((await stat(path.join(copy, 'dir', 'file'))).ino, (await stat(path.join(source, 'dir', 'file'))).ino)
  })

  const breaks = [
    [
      'a replaced file',
      (copy: string) => archives.replaceFile(copy, 'dir/file', Buffer.from('other')),
      'changed',
      'dir/file',
    ],
    ['an added file', (copy: string) => archives.addFile(copy, 'dir/new', Buffer.from('new')), 'extra', 'dir/new'],
    ['a dropped file', (copy: string) => archives.dropFile(copy, 'dir/file'), 'missing', 'dir/file'],
    ['a widened mode', (copy: string) => archives.widenMode(copy, 'dir/file', 0o044), 'changed', 'dir/file'],
    ['a widened directory', (copy: string) => archives.widenMode(copy, 'dir', 0o055), 'changed', 'dir'],
  ] as const
  for (const [title, breakIt, list, name] of breaks) {
    test(`${title} is seen in the copy and never in the original`, async t => {
      const { source, copy } = await place(t)
      const manifest = await archives.describeTree(source)
      await archives.linkedCopy(source, copy)
      await breakIt(copy)
      const comparison = await archives.compareTree({ directory: copy, manifest, ignore: ['mtimeNs'] })
      assert.deepEqual(
        comparison[list].map(entry => entry.path),
        [name],
      )
      assert.deepEqual(await archives.compareTree({ directory: source, manifest }), NOTHING)
    })
  }

  test('a widened mode changes nothing else of the file', async t => {
    const { source, copy } = await place(t)
    const manifest = await archives.describeTree(source)
    await archives.linkedCopy(source, copy)
    await archives.widenMode(copy, 'dir/file', 0o044)
    const { changed } = await archives.compareTree({ directory: copy, manifest })
    assert.deepEqual(changed.find(change => change.path === 'dir/file')?.members, [
      { member: 'mode', expected: '0600', actual: '0644' },
    ])
  })

  test('widening what is that wide already is a mistake, not a break', async t => {
    const { source } = await place(t)
    await assert.rejects(archives.widenMode(source, 'dir/file', 0o600), RangeError)
  })

  const everyBreak = (root: string, relative: string) => [
    () => archives.replaceFile(root, relative, Buffer.from('broken')),
    () => archives.addFile(root, relative, Buffer.from('broken')),
    () => archives.dropFile(root, relative),
    () => archives.widenMode(root, relative, 0o077),
  ]

  test('a break never leaves the copy, whatever path it is told', async t => {
    const { root, source, copy } = await place(t)
    await archives.linkedCopy(source, copy)
    const live = path.join(root, 'live')
    await mkdir(path.join(live, 'deep'), { recursive: true, mode: 0o700 })
    await writeFile(path.join(live, 'records'), 'precious', { mode: 0o600 })
    await writeFile(path.join(live, 'deep', 'records'), 'precious', { mode: 0o600 })
    await symlink(live, path.join(copy, 'absolute'))
    await symlink('../live', path.join(copy, 'escaping'))
    await symlink('dir/../../live', path.join(copy, 'winding'))
    await symlink(path.join(live, 'records'), path.join(copy, 'leaf'))
    const before = await archives.describeTree(live)
    const outside = [
      '../live/records',
      'dir/../../live/records',
      path.join(live, 'records'),
      'absolute/records',
      'absolute/deep/records',
      'escaping/records',
      'escaping/new',
      'winding/records',
    ]
    for (const relative of [...outside, '', '.', '..', 'dir/', 'dir//file', './dir/file', 'dir/fi\0le']) {
      for (const breakIt of everyBreak(copy, relative))
        await assert.rejects(breakIt(), { code: 'PATH_UNSAFE' }, `${JSON.stringify(relative)} ${breakIt}`)
    }
    await assert.rejects(archives.widenMode(copy, 'leaf', 0o077), { code: 'PATH_UNSAFE' })
    await archives.replaceFile(copy, 'leaf', Buffer.from('a file now'))
    assert.deepEqual(await archives.describeTree(live), before)
  })

  test('a link that stays inside the copy may be on the way', async t => {
    const { source, copy } = await place(t)
    await symlink('dir', path.join(source, 'current'))
    await archives.linkedCopy(source, copy)
    await archives.replaceFile(copy, 'current/file', Buffer.from('other'))
    assert.equal(await readFile(path.join(copy, 'dir/file'), 'utf8'), 'other')
    assert.equal(await readFile(path.join(source, 'dir/file'), 'utf8'), 'content')
  })

  test('a root that is itself a link is no copy', async t => {
    const { root, source } = await place(t)
    await symlink(source, path.join(root, 'link'))
    const before = await archives.describeTree(source)
    for (const breakIt of everyBreak(path.join(root, 'link'), 'dir/file'))
      await assert.rejects(breakIt(), { code: 'PATH_UNSAFE' })
    assert.deepEqual(await archives.describeTree(source), before)
  })
})

describe('an altered stream', () => {
  test('differs from the file in exactly one byte, or in its length, and the file stays', async t => {
    const { root } = await place(t)
    const file = path.join(root, 'bytes')
    const bytes = Buffer.from(execFileSync('head', ['-c', '600000', '/dev/urandom'], { maxBuffer: 1e6 }))
    await writeFile(file, bytes)
    for (const flipByteAt of [0, 262_143, 262_144, 599_999]) {
      const altered = await buffer(archives.alteredStream(file, { flipByteAt }))
      const differing = [...altered.keys()].filter(at => altered[at] !== bytes[at])
      assert.deepEqual(differing, [flipByteAt])
      assert.equal(altered.length, bytes.length)
    }
    for (const truncateTo of [0, 1, 599_999]) {
      const altered = await buffer(archives.alteredStream(file, { truncateTo }))
      assert.ok(altered.equals(bytes.subarray(0, truncateTo)))
    }
    assert.ok(bytes.equals(await readFile(file)))
  })

  test('an alteration outside the file is a mistake, not a break', async t => {
    const { source } = await place(t)
    const file = path.join(source, 'dir', 'file')
    for (const alteration of [
      { flipByteAt: 7 },
      { flipByteAt: -1 },
      { truncateTo: 7 },
      { truncateTo: -1 },
      { flipByteAt: 5, truncateTo: 5 },
    ]) {
      assert.throws(() => archives.alteredStream(file, alteration), RangeError)
    }
  })
})

async function place(t: TestContext) {
  const root = await mkdtemp(path.join(tmpdir(), 'runproof-copy-'))
  t.after(() => rm(root, { recursive: true, force: true }))
  const source = path.join(root, 'source')
  await mkdir(path.join(source, 'dir'), { recursive: true, mode: 0o700 })
  await writeFile(path.join(source, 'dir', 'file'), 'content', { mode: 0o600 })
  await writeFile(path.join(source, 'twice'), 'two names')
  await link(path.join(source, 'twice'), path.join(source, 'dir', 'again'))
  await symlink('dir/file', path.join(source, 'symlink'))
  execFileSync('mkfifo', [path.join(source, 'pipe')])
  return { root, source, copy: path.join(root, 'copy') }
}
