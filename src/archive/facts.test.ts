import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { Manifest, ManifestEntry } from '../model/archive.ts'
import { RunproofError } from '../model/error.ts'
import { compareManifests } from './compare.ts'
import { digestLine, expectedDigest, requireDigest } from './digest-file.ts'
import { makeManifest, manifestText, parseManifest } from './manifest.ts'
import { pathOfText, textOfPath } from './path-text.ts'

const code = (expected: string) => (thrown: unknown) => thrown instanceof RunproofError && thrown.code === expected

describe('paths as text', () => {
  test('every name survives, and none holds a control character', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), bytes => {
        const path = Buffer.from(bytes).toString('latin1')
        const text = textOfPath(path)
        assert.equal(pathOfText(text), path)
        assert.doesNotMatch(text, /\p{Cc}/u)
      }),
      { numRuns: 2000 },
    )
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), text => {
        const path = Buffer.from(text).toString('latin1')
        assert.equal(pathOfText(textOfPath(path)), path)
      }),
    )
  })

  const cases = [
    ['plain/name-1.txt', 'plain/name-1.txt'],
    ['ümläut-🦀', 'ümläut-🦀'],
    ['back\\slash', 'back\\\\slash'],
    ['new\nline', 'new\\x0aline'],
    ['\u001b[31mred', '\\x1b[31mred'],
    ['right-to-left\u202e', 'right-to-left\\xe2\\x80\\xae'],
  ] as const
  for (const [name, text] of cases) {
    test(`${JSON.stringify(name)} is shown as ${JSON.stringify(text)}`, () => {
      assert.equal(textOfPath(Buffer.from(name).toString('latin1')), text)
    })
  }

  test('bytes that are no UTF-8 are shown as such', () => {
    assert.equal(textOfPath('a\xffb\xc3'), 'a\\xffb\\xc3')
    assert.equal(textOfPath('\xed\xa0\x80'), '\\xed\\xa0\\x80')
    assert.throws(() => pathOfText('a\\b'), SyntaxError)
  })
})

const sha256 = createHash('sha256').update('x').digest('hex')
const base: ManifestEntry = {
  path: 'a',
  type: 'file',
  mode: '0640',
  uid: 0,
  gid: 0,
  sizeBytes: 1,
  mtimeNs: '1',
  sha256,
}
const manifestOf = (...entries: readonly ManifestEntry[]): Manifest =>
  makeManifest(
    entries.map(entry => ({ key: pathOfText(entry.path), entry })),
    new Map(),
  )

describe('manifests', () => {
  const manifest = manifestOf(
    base,
    { ...base, path: 'b', xattrs: { 'xattr.user.z': 'eA==', 'acl.access': 'eQ==' } },
    { path: '.', type: 'directory', mode: '0700', uid: 1, gid: 2, sizeBytes: 0, mtimeNs: '-5' },
  )

  test('the text is canonical and reads back', () => {
    const text = manifestText(manifest)
    assert.deepEqual(parseManifest(`${text}\n`, 'm'), manifest)
    assert.equal(text, manifestText(JSON.parse(text)))
    assert.deepEqual(
      manifest.entries.map(entry => entry.path),
      ['.', 'a', 'b'],
    )
    assert.ok(text.indexOf('acl.access') < text.indexOf('xattr.user.z'))
  })

  const edits: readonly (readonly [string, (text: string) => string])[] = [
    ['another schema', text => text.replace('manifest-1', 'manifest-2')],
    ['no JSON', text => text.slice(0, -1)],
    ['an unknown member', text => text.replace('"gid":1', '"gid":1,"more":1').replace('"gid":2', '"gid":2,"more":1')],
    ['members in another order', text => text.replace('"gid":0,"mode":"0640"', '"mode":"0640","gid":0')],
    ['a wrong total', text => text.replace('"files":2', '"files":3')],
    ['a path given twice', text => text.replace('"path":"b"', '"path":"a"')],
    ['a mode that is none', text => text.replace('"0640"', '"0648"')],
    ['a digest that is none', text => text.replace(sha256, sha256.slice(1))],
    ['a path that is no escape', text => text.replace('"path":"b"', '"path":"b\\\\x"')],
    ['no entries', text => text.replace(/"entries":\[.*\],"schema"/, '"entries":[],"schema"')],
  ]
  for (const [title, edit] of edits) {
    test(`${title} is refused`, () => {
      const text = manifestText(manifest)
      assert.notEqual(edit(text), text, 'the edit changed nothing')
      assert.throws(() => parseManifest(edit(text), 'm'), code('MANIFEST_INVALID'))
    })
  }

  test('a comparison tells extra, missing and changed apart, member by member', () => {
    const actual = manifestOf({ ...base, mode: '0644', uid: 7 }, { ...base, path: 'c' })
    const expected = manifestOf(base, { ...base, path: 'b' })
    const comparison = compareManifests(expected, actual)
    assert.deepEqual(
      comparison.extra.map(entry => entry.path),
      ['c'],
    )
    assert.deepEqual(
      comparison.missing.map(entry => entry.path),
      ['b'],
    )
    assert.deepEqual(comparison.changed, [
      {
        path: 'a',
        members: [
          { member: 'mode', expected: '0640', actual: '0644' },
          { member: 'uid', expected: '0', actual: '7' },
        ],
      },
    ])
    assert.deepEqual(compareManifests(expected, expected), { extra: [], missing: [], changed: [] })
    assert.deepEqual(
      compareManifests(expected, actual, ['uid']).changed[0]!.members.map(({ member }) => member),
      ['mode'],
    )
  })

  test('a lost attribute and a lost digest are changes', () => {
    const { sha256: _, ...without } = base
    const expected = manifestOf({ ...base, xattrs: { 'xattr.user.a': 'eA==' } })
    assert.deepEqual(compareManifests(expected, manifestOf(without)).changed[0]!.members, [
      { member: 'sha256', expected: sha256, actual: 'none' },
      { member: 'xattrs', expected: 'xattr.user.a=eA==', actual: 'none' },
    ])
  })
})

describe('digest files', () => {
  const other = sha256.replace(/^./, first => (first === '0' ? '1' : '0'))

  const good: readonly (readonly [string, string, string])[] = [
    ['text mode', `${sha256}  a.tar\n`, 'a.tar'],
    ['binary mode', `${sha256} *a.tar\n`, 'a.tar'],
    ['upper case', `${sha256.toUpperCase()}  a.tar\n`, 'a.tar'],
    ['a line end of another system', `${sha256}  a.tar\r\n`, 'a.tar'],
    ['a folder in front', `${sha256}  ./backups/a.tar\n`, '/elsewhere/a.tar'],
    ['several files', `${other}  b.tar\n${sha256}  a.tar\n`, 'a.tar'],
    ['an escaped name', `\\${sha256}  a\\nb\\\\c\n`, 'a\nb\\c'],
  ]
  for (const [title, text, name] of good) {
    test(`${title} is read`, () => assert.equal(expectedDigest(text, name, 'sums'), sha256))
  }

  const bad: readonly (readonly [string, string, RegExp])[] = [
    ['an empty file', '\n', /is empty/],
    ['another file name', `${sha256}  b.tar\n`, /does not name a\.tar; it names b\.tar/],
    ['a short digest', `${sha256.slice(1)}  a.tar\n`, /line 1/],
    ['a bare digest', `${sha256}\n`, /line 1/],
    ['one bad line among good ones', `${sha256}  a.tar\ngarbage\n`, /line 2/],
    ['two digests for the name', `${sha256}  a.tar\n${other}  a.tar\n`, /2 digests/],
  ]
  for (const [title, text, message] of bad) {
    test(`${title} is refused`, () => {
      assert.throws(
        () => expectedDigest(text, 'a.tar', 'sums'),
        (thrown: unknown) => code('DIGEST_FILE_INVALID')(thrown) && message.test(String(thrown)),
      )
    })
  }

  test('what is written is read', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1 }).filter(name => !name.includes('/') && name.trim() !== ''),
        name => {
          assert.equal(expectedDigest(digestLine(sha256, name), name, 'sums'), sha256)
        },
      ),
    )
  })

  test('a digest that differs is told with both values', () => {
    requireDigest(sha256.toUpperCase(), sha256, 'a.tar')
    assert.throws(
      () => requireDigest(other, sha256, 'a.tar'),
      (thrown: unknown) => code('DIGEST_MISMATCH')(thrown) && String(thrown).includes(other),
    )
  })
})
