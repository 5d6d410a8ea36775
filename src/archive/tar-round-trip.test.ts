import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { ErrorCode } from '../model/error.ts'
import { RunproofError } from '../model/error.ts'
import { craftTar } from '../testing/crafted-tar.ts'
import { DEFAULT_LIMITS } from './limits.ts'
import { ArchiveScreen } from './screen.ts'
import type { TarEntry } from './tar-entry.ts'
import { TarReader } from './tar-reader.ts'
import { TarWriter } from './tar-writer.ts'

interface Member {
  readonly entry: Omit<TarEntry, 'position' | 'dropped'>
  readonly data: Buffer
}

const byte = fc.integer({ min: 1, max: 255 }).filter(value => value !== 0x2f)
const name = fc
  .array(byte, { minLength: 1, maxLength: 120 })
  .map(bytes => Buffer.from(bytes).toString('latin1'))
  .filter(text => text !== '.' && text !== '..')
const path = fc.array(name, { minLength: 1, maxLength: 4 }).map(parts => parts.join('/'))
const mtimeNs = fc.bigInt({ min: -(10n ** 19n), max: 10n ** 20n })
const owner = fc.oneof(fc.integer({ min: 0, max: 70_000 }), fc.constant(2 ** 32 - 2))
const attributes = fc
  .uniqueArray(fc.tuple(fc.stringMatching(/^SCHILY\.xattr\.user\.[a-z]{1,9}$/), fc.uint8Array({ maxLength: 700 })), {
    selector: ([keyword]) => keyword,
    maxLength: 3,
  })
  .map(pairs => new Map(pairs.map(([keyword, value]) => [keyword, Buffer.from(value)] as const)))
const common = { path, mode: fc.integer({ min: 0, max: 0o777 }), uid: owner, gid: owner, mtimeNs, attributes }

const file = fc
  .record({ ...common, data: fc.uint8Array({ maxLength: 2000 }) })
  .map(
    ({ data, ...entry }): Member => ({ entry: { ...entry, type: 'file', size: data.length }, data: Buffer.from(data) }),
  )
const link = fc
  .record({ ...common, linkTarget: path })
  .map((entry): Member => ({ entry: { ...entry, type: 'symlink', size: 0 }, data: Buffer.alloc(0) }))
const plain = fc
  .record({ ...common, type: fc.constantFrom('directory', 'fifo') })
  .map((entry): Member => ({ entry: { ...entry, size: 0 }, data: Buffer.alloc(0) }))
const sparse = fc
  .record({
    ...common,
    runs: fc.array(fc.tuple(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 1, max: 1500 })), { maxLength: 20 }),
    tail: fc.integer({ min: 0, max: 9000 }),
  })
  .map(({ runs, tail, ...entry }): Member => {
    let offset = 0
    const stretches = runs.map(([hole, length]) => {
      const stretch = { offset: offset + hole, length }
      offset += hole + length
      return stretch
    })
    const stored = stretches.reduce((sum, stretch) => sum + stretch.length, 0)
    return { entry: { ...entry, type: 'file', size: offset + tail, stretches }, data: Buffer.alloc(stored, 'stored') }
  })
const members = fc.array(fc.oneof(file, link, plain, sparse), { minLength: 1, maxLength: 8 })

function write(all: readonly Member[]): Buffer {
  const out: Buffer[] = []
  const writer = new TarWriter(bytes => out.push(Buffer.from(bytes)))
  for (const { entry, data } of all) {
    writer.entry({ ...entry, position: 0, dropped: [] })
    if (data.length > 0) writer.data(data)
    writer.entryEnd()
  }
  writer.end()
  return Buffer.concat(out)
}

function read(stream: Buffer, chunkLength: number): Member[] {
  const found: { entry: Member['entry']; data: Buffer[] }[] = []
  const reader = new TarReader({
    entry: ({ position: _, dropped: __, ...entry }) => found.push({ entry, data: [] }),
    data: bytes => found.at(-1)!.data.push(Buffer.from(bytes)),
    entryEnd: () => undefined,
  })
  for (let at = 0; at < stream.length; at += chunkLength) reader.push(stream.subarray(at, at + chunkLength))
  reader.end()
  return found.map(({ entry, data }) => ({ entry, data: Buffer.concat(data) }))
}

describe('reader and writer', () => {
  test('what is written is read back, whatever the chunks', () => {
    fc.assert(
      fc.property(members, fc.integer({ min: 1, max: 3000 }), (all, chunkLength) => {
        const back = read(write(all), chunkLength)
        const expected = all.map(({ entry, data }) => ({
          entry: entry.type === 'directory' ? { ...entry, path: `${entry.path}/` } : entry,
          data,
        }))
        assert.deepEqual(back, expected)
      }),
      { numRuns: 200 },
    )
  })

  test('every cut at a block is noticed, until only zeros are missing', () => {
    const archive = craftTar([
      { name: 'dir/', type: '5' },
      { name: 'dir/a', data: 'a'.repeat(1300), pax: { mtime: '1.5' } },
      { name: 'dir/b', data: 'b' },
    ])
    for (let length = 0; length < archive.length; length += 512) {
      const expected: ErrorCode = length === 0 ? 'ARCHIVE_NOT_AN_ARCHIVE' : 'ARCHIVE_TRUNCATED'
      assert.equal(outcome(archive.subarray(0, length)), expected, `cut at ${length}`)
      if (length > 0)
        assert.equal(outcome(archive.subarray(0, length + 100)), 'ARCHIVE_TRUNCATED', `cut at ${length + 100}`)
    }
    assert.equal(outcome(archive), 'whole')
    assert.equal(outcome(Buffer.concat([archive, Buffer.alloc(10_240)])), 'whole')
  })

  test('every flipped byte is noticed by the reader or changes the manifest, except in padding nobody reads', () => {
    const archive = craftTar([
      { name: 'dir/', type: '5' },
      { name: 'dir/a', data: 'content of a', pax: { mtime: '1.5', 'SCHILY.xattr.user.note': 'value' } },
      { name: 'dir/l', type: '2', link: 'a' },
    ])
    const manifestOf = (bytes: Buffer) => {
      const screen = new ArchiveScreen(DEFAULT_LIMITS, 'refuse')
      screen.push(bytes, bytes.length)
      return JSON.stringify(screen.end())
    }
    const whole = manifestOf(archive)
    const unnoticed: number[] = []
    for (let at = 0; at < archive.length; at++) {
      const bad = Buffer.from(archive)
      bad[at] = bad[at]! ^ 0x01
      try {
        if (manifestOf(bad) === whole) unnoticed.push(at)
      } catch (thrown) {
        assert.ok(thrown instanceof RunproofError, `byte ${at}: ${thrown}`)
      }
    }
    // blocks: 0 dir, 1 pax header, 2 its records, 3 header of a, 4 content of a, 5 link, 6 and 7 the end
    const padding = unnoticed.filter(at => [2, 4].includes(Math.floor(at / 512)) && archive[at] === 0)
    const checksumEnds = unnoticed.filter(
      at => [0, 1, 3, 5].includes(Math.floor(at / 512)) && [154, 155].includes(at % 512),
    )
    assert.deepEqual(
      unnoticed,
      [...padding, ...checksumEnds].sort((one, other) => one - other),
    )
  })

  test('data after the end, a lone block of zeros and an archive of nothing are refused', () => {
    const archive = craftTar([{ name: 'a', data: 'a' }])
    assert.equal(outcome(Buffer.concat([archive, craftTar([{ name: 'b' }])])), 'ARCHIVE_UNREADABLE')
    const lone = Buffer.concat([
      craftTar([{ name: 'a' }], { end: false }),
      Buffer.alloc(512),
      craftTar([{ name: 'b' }]),
    ])
    assert.equal(outcome(lone), 'ARCHIVE_UNREADABLE')
    assert.equal(outcome(craftTar([])), 'ARCHIVE_NOT_AN_ARCHIVE')
    assert.equal(outcome(Buffer.from('<!DOCTYPE html><title>Not found</title>'.repeat(40))), 'ARCHIVE_NOT_AN_ARCHIVE')
    assert.equal(outcome(craftTar([{ name: 'v7', magic: '\0'.repeat(8) }])), 'ARCHIVE_NOT_AN_ARCHIVE')
  })

  test('GNU long names and base-256 numbers are read', () => {
    const long = 'n'.repeat(180)
    const archive = craftTar([
      { name: '././@LongLink', type: 'K', data: `${long}2\0` },
      { name: '././@LongLink', type: 'L', data: `${long}\0` },
      { name: 'cut', type: '2', link: 'cut', magic: 'ustar  \0' },
      {
        name: 'owner',
        magic: 'ustar  \0',
        patch: header => {
          header.writeBigUInt64BE(0x8000000000000000n | 3_000_000_000n, 108)
          header.fill(0xff, 136, 148)
        },
      },
    ])
    const [first, second] = read(archive, 700)
    assert.deepEqual([first!.entry.path, first!.entry.linkTarget], [long, `${long}2`])
    assert.deepEqual([second!.entry.uid, second!.entry.mtimeNs], [3_000_000_000, -1_000_000_000n])
  })
})

function outcome(bytes: Buffer): ErrorCode | 'whole' {
  try {
    read(bytes, 1000)
    return 'whole'
  } catch (thrown) {
    if (thrown instanceof RunproofError) return thrown.code
    throw thrown
  }
}
