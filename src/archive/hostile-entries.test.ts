import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ArchiveLimits } from '../model/archive.ts'
import { type ErrorCode, RunproofError } from '../model/error.ts'
import { type CraftedMember, craftTar, paxRecord } from '../testing/crafted-tar.ts'
import { DEFAULT_LIMITS } from './limits.ts'
import { ArchiveScreen } from './screen.ts'
import { TarReader } from './tar-reader.ts'

const HOSTILE = 'ARCHIVE_HOSTILE_ENTRY'
const LIMIT = 'ARCHIVE_LIMIT'
const DAMAGED = 'ARCHIVE_UNREADABLE'

const dir = (name: string): CraftedMember => ({ name, type: '5', mode: 0o755 })
const file = (name: string, data = 'EVIL'): CraftedMember => ({ name, data })
const symlink = (name: string, link: string): CraftedMember => ({ name, type: '2', link })
const hardlink = (name: string, link: string): CraftedMember => ({ name, type: '1', link })

/** Title, members of which the last is the bad one, code, and a word of the message. */
const cases: readonly (readonly [string, readonly CraftedMember[], ErrorCode, RegExp, Partial<ArchiveLimits>?])[] = [
  ['an absolute path', [file('/etc/passwd')], HOSTILE, /absolute-path/],
  ['an absolute path in a pax record', [{ ...file('fine'), pax: { path: '/etc/passwd' } }], HOSTILE, /absolute-path/],
  ['a path that begins with ..', [file('../up')], HOSTILE, /parent-path/],
  ['a path with .. inside', [file('a/../../up')], HOSTILE, /parent-path/],
  ['a path that ends in ..', [dir('a/..')], HOSTILE, /parent-path/],
  [
    'a .. that only the ustar prefix brings',
    [{ ...file('x'), patch: header => header.write('..', 345) }],
    HOSTILE,
    /parent-path/,
  ],
  ['an absolute path after ./ is stripped by nobody', [file('.//../x')], HOSTILE, /parent-path/],
  ['an empty name', [file('')], HOSTILE, /empty-name/],
  ['a file called .', [file('.')], HOSTILE, /trailing-slash/],
  ['a NUL in a pax path', [{ ...file('fine'), pax: { path: 'good\0/../../bad' } }], HOSTILE, /nul-in-name/],
  ['a NUL in a pax link target', [{ ...symlink('l', 'x'), pax: { linkpath: 'a\0b' } }], HOSTILE, /nul-in-name/],
  ['a file whose name ends in a slash', [file('dir/')], HOSTILE, /trailing-slash/],
  ['a symlink to an absolute path', [symlink('l', '/etc')], HOSTILE, /absolute-link/],
  ['a symlink out of the root', [symlink('l', '../x')], HOSTILE, /escaping-link/],
  ['a symlink out of the root from a folder', [dir('a'), symlink('a/l', '../../x')], HOSTILE, /escaping-link/],
  ['a symlink out of the root by a detour', [symlink('l', 'a/b/../../../x')], HOSTILE, /escaping-link/],
  ['a symlink to nothing', [symlink('l', '')], HOSTILE, /empty-link/],
  [
    'a symlink that climbs out of an earlier symlink',
    [dir('x'), dir('x/y'), symlink('x/y/l', '../..'), symlink('s', 'x/y/l/../..')],
    HOSTILE,
    /link-through-symlink/,
  ],
  [
    'a symlink that an earlier one climbs out of',
    [symlink('s', 'x/y/l/../..'), dir('x'), dir('x/y'), symlink('x/y/l', '../..')],
    HOSTILE,
    /link-through-symlink/,
  ],
  ['a file below a symlink', [symlink('l', '.'), file('l/x')], HOSTILE, /below-symlink/],
  ['a folder below a symlink', [symlink('l', '.'), dir('l/x/y')], HOSTILE, /below-symlink/],
  ['a symlink in place of a folder with members', [file('d/x'), symlink('d', '.')], HOSTILE, /duplicate/],
  ['a member below a file', [file('f'), file('f/x')], HOSTILE, /below-non-directory/],
  ['a hard link to an absolute path', [hardlink('h', '/etc/passwd')], HOSTILE, /absolute-link/],
  ['a hard link out of the root', [hardlink('h', '../x')], HOSTILE, /escaping-link/],
  [
    'a hard link through a symlink',
    [dir('d'), file('d/f'), symlink('l', 'd'), hardlink('h', 'l/f')],
    HOSTILE,
    /hard-link-target/,
  ],
  ['a hard link to a symlink', [symlink('l', 'x'), hardlink('h', 'l')], HOSTILE, /hard-link-target/],
  ['a hard link before its target', [hardlink('h', 'f')], HOSTILE, /hard-link-target/],
  ['a hard link to itself', [hardlink('h', 'h')], HOSTILE, /hard-link-target/],
  ['a character device', [{ name: 'null', type: '3' }], HOSTILE, /device/],
  ['a block device', [{ name: 'sda', type: '4' }], HOSTILE, /device/],
  ['the same path twice', [file('f', 'a'), file('f')], HOSTILE, /duplicate/],
  ['the same path twice, once with ./', [file('f', 'a'), file('./f')], HOSTILE, /duplicate/],
  ['the same path twice, once with doubled slashes', [file('d/f', 'a'), file('d//f')], HOSTILE, /duplicate/],
  ['the same folder twice, with and without slash', [dir('d'), dir('d/')], HOSTILE, /duplicate/],
  ['the root twice', [dir('./'), dir('.')], HOSTILE, /duplicate/],
  ['a setuid file', [{ ...file('f'), mode: 0o4755 }], HOSTILE, /setuid/],
  ['a setuid folder', [{ ...dir('d'), mode: 0o4755 }], HOSTILE, /setuid/],
  ['a setgid file', [{ ...file('f'), mode: 0o2755 }], HOSTILE, /setgid/],
  ['a sticky file', [{ ...file('f'), mode: 0o1755 }], HOSTILE, /sticky-file/],
  [
    'file capabilities',
    [{ ...file('f'), pax: { 'SCHILY.xattr.security.capability': 'x' } }],
    HOSTILE,
    /privileged-xattr/,
  ],
  [
    'an overlay mark',
    [{ ...dir('d'), pax: { 'SCHILY.xattr.trusted.overlay.opaque': 'y' } }],
    HOSTILE,
    /privileged-xattr/,
  ],
  ['too many members', [dir('a'), dir('b'), dir('c')], LIMIT, /too-many-entries/, { maxEntries: 2 }],
  ['a file above the cap', [file('f', 'x'.repeat(11))], LIMIT, /file-too-large/, { maxFileBytes: 10 }],
  [
    'a tree above the cap',
    [file('a', 'x'.repeat(6)), file('b', 'x'.repeat(6))],
    LIMIT,
    /total-too-large/,
    { maxTotalBytes: 10 },
  ],
  ['a path too deep', [dir('a/b/c/d')], LIMIT, /path-too-deep/, { maxDepth: 3 }],
  ['a path too long', [{ ...file('f'), pax: { path: 'a/'.repeat(2500) } }], LIMIT, /path-too-long/],
  ['a name too long', [{ ...file('f'), pax: { path: 'n'.repeat(256) } }], LIMIT, /path-too-long/],
  ['a huge sparse file', [sparse(2 ** 50)], LIMIT, /file-too-large/],
  ['an extended header above the cap', [{ name: 'pax', type: 'x', size: 2 ** 30 }], LIMIT, /extended header/],
  ['a negative size', [{ ...file('f'), patch: header => header.fill(0xff, 124, 136) }], DAMAGED, /negative size/],
  ['a size that is no number', [{ ...file('f'), size: '12x45' }], DAMAGED, /size/],
  ['a negative pax size', [{ ...file('f'), pax: { size: '-1' } }], DAMAGED, /pax size/],
  ['a pax size beyond any disk', [{ ...file('f'), pax: { size: '99999999999999999999' } }], DAMAGED, /pax size/],
  ['a folder with data', [{ ...dir('d'), data: 'x' }], DAMAGED, /directory with 1 bytes/],
  ['a symlink with data', [{ ...symlink('l', 'x'), data: 'x' }], DAMAGED, /symlink with 1 bytes/],
  ['a hard link with data', [file('f'), { ...hardlink('h', 'f'), data: 'x' }], DAMAGED, /hardlink with 1 bytes/],
  [
    'pax fields on top of a long name',
    [
      { name: 'l', type: 'x', data: paxRecord('path', 'x/y') },
      { name: 'l', type: 'L', data: 'other' },
    ],
    DAMAGED,
    /on top of another/,
  ],
  [
    'a long name on top of a long name',
    [
      { name: 'l', type: 'L', data: 'a' },
      { name: 'l', type: 'L', data: 'b' },
    ],
    DAMAGED,
    /on top of another/,
  ],
  [
    'two pax headers for one member',
    [
      { name: 'l', type: 'x', data: paxRecord('path', 'x/y') },
      { name: 'l', type: 'x', data: paxRecord('path', 'x/z') },
    ],
    DAMAGED,
    /on top of another/,
  ],
  [
    'a path for every member at once',
    [{ name: 'g', type: 'g', data: paxRecord('path', 'x/y') }],
    DAMAGED,
    /global pax keyword/,
  ],
  [
    'a pax keyword given twice',
    [{ name: 'x', type: 'x', data: paxRecord('path', 'y') + paxRecord('path', 'z') }],
    DAMAGED,
    /twice/,
  ],
  ['a pax record with a wrong length', [{ name: 'x', type: 'x', data: '99 path=x/y\n' }], DAMAGED, /wrong length/],
  ['an unknown pax keyword', [{ ...file('f'), pax: { 'VENDOR.magic': '1' } }], DAMAGED, /pax keyword/],
  ['a long name with a NUL inside', [{ name: 'l', type: 'L', data: 'a\0b' }], DAMAGED, /NUL inside/],
  ['an old sparse format', [{ name: 'f', type: 'S' }], DAMAGED, /tar type "S"/],
  [
    'a sparse 0.1 file',
    [{ ...file('f'), pax: { 'GNU.sparse.map': '0,1', 'GNU.sparse.size': '9' } }],
    DAMAGED,
    /sparse file/,
  ],
  ['a sparse map that overlaps itself', [sparse(100, '2\n0\n4\n2\n4\n')], DAMAGED, /impossible sparse map/],
  ['a sparse map beyond the file', [sparse(100, '1\n99\n8\n')], DAMAGED, /impossible sparse map/],
  ['a sparse map that is not numbers', [sparse(100, 'x\n')], DAMAGED, /sparse map/],
  ['a multi-volume member', [{ name: 'f', type: 'M' }], DAMAGED, /tar type "M"/],
  ['a contiguous file', [{ name: 'f', type: '7' }], DAMAGED, /tar type "7"/],
]

function sparse(realSize: number, map = '1\n0\n4\n'): CraftedMember {
  return {
    name: 'f',
    data: Buffer.concat([Buffer.from(map.padEnd(512, '\0')), Buffer.from('EVIL')]),
    pax: {
      'GNU.sparse.major': '1',
      'GNU.sparse.minor': '0',
      'GNU.sparse.name': 'f',
      'GNU.sparse.realsize': String(realSize),
    },
  }
}

describe('a hostile archive is refused before any byte of the bad member goes on', () => {
  for (const [title, members, code, message, limits] of cases) {
    test(title, () => {
      const written: Buffer[] = []
      const screen = new ArchiveScreen({ ...DEFAULT_LIMITS, ...limits }, 'refuse', bytes =>
        written.push(Buffer.from(bytes)),
      )
      assert.throws(
        () => screen.push(craftTar([dir('./'), ...members]), Number.POSITIVE_INFINITY),
        (thrown: unknown) => thrown instanceof RunproofError && thrown.code === code && message.test(thrown.message),
      )
      const accepted = Buffer.concat(written)
      assert.equal(
        accepted.includes('EVIL'),
        members.slice(0, -1).some(member => member.data === 'EVIL'),
      )
      assert.ok(countMembers(accepted) <= members.length, 'the header of the bad member went on')
    })
  }

  test('what is refused while reading is a finding while an archive is made', () => {
    const screen = new ArchiveScreen(DEFAULT_LIMITS, 'report')
    screen.push(
      craftTar([dir('./'), symlink('l', '/etc'), { ...file('f'), mode: 0o4755 }, { name: 'null', type: '3' }]),
      1,
    )
    const { manifest, findings } = screen.end()
    assert.deepEqual(
      findings.map(finding => [finding.rule, finding.path]),
      [
        ['absolute-link', 'l'],
        ['setuid', 'f'],
        ['device', 'null'],
      ],
    )
    assert.equal(manifest.totals.entries, 4)
    assert.match(findings[0]!.detail, /restore of this archive will refuse it/)
  })

  test('links inside the root are accepted, also through other links', () => {
    const screen = new ArchiveScreen(DEFAULT_LIMITS, 'refuse')
    screen.push(
      craftTar([
        dir('./'),
        dir('releases'),
        dir('releases/5'),
        file('releases/5/bin'),
        symlink('current', 'releases/5'),
        symlink('bin', 'current/bin'),
        symlink('releases/latest', '../current'),
        symlink('releases/5/up', '../../current/bin'),
        hardlink('again', './releases/5/bin'),
      ]),
      1,
    )
    const { manifest, findings } = screen.end()
    assert.deepEqual(findings, [])
    assert.equal(manifest.totals.links, 5)
    // of the names of one file the first in byte order is the file
    assert.deepEqual(
      manifest.entries
        .filter(entry => entry.sha256 !== undefined)
        .map(entry => [entry.path, entry.type, entry.linkTarget]),
      [
        ['again', 'file', undefined],
        ['releases/5/bin', 'hardlink', 'again'],
      ],
    )
  })

  test('a ratio above the limit is a bomb', () => {
    const screen = new ArchiveScreen(DEFAULT_LIMITS, 'refuse')
    const zeros = Buffer.alloc(1024 * 1024)
    screen.push(craftTar([{ name: 'zeros', size: 2 ** 30 }], { end: false }), 100_000)
    assert.throws(
      () => {
        for (let piece = 0; piece < 1024; piece++) screen.push(zeros, 100_000)
      },
      (thrown: unknown) => thrown instanceof RunproofError && thrown.code === LIMIT && /ratio/.test(thrown.message),
    )
  })

  test('names that another file system would merge are told', () => {
    const screen = new ArchiveScreen(DEFAULT_LIMITS, 'refuse')
    const utf8 = (text: string) => Buffer.from(text).toString('latin1')
    const names = ['README', 'readme', 'ﬁle', 'file', 'é', 'é'.normalize('NFD')]
    screen.push(craftTar([dir('./'), ...names.map(name => ({ ...file('x'), pax: { path: utf8(name) } }))]), 1)
    const { findings } = screen.end()
    assert.deepEqual(
      findings.map(finding => finding.rule),
      ['name-collision', 'name-collision', 'name-collision'],
    )
  })

  test('folders that only their members imply are told once', () => {
    const screen = new ArchiveScreen(DEFAULT_LIMITS, 'refuse')
    screen.push(craftTar([file('a/b/one'), file('a/b/two'), dir('a/b'), file('c/one')]), 1)
    assert.deepEqual(
      screen.end().findings.map(finding => finding.path),
      ['a', 'a/b', 'c'],
    )
  })
})

function countMembers(stream: Buffer): number {
  let count = 0
  const reader = new TarReader({ entry: () => count++, data: () => undefined, entryEnd: () => undefined })
  reader.push(stream)
  return count
}
