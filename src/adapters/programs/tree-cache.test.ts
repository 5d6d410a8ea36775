import assert from 'node:assert/strict'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { treeCache } from './tree-cache.ts'

const KEY = 'a'.repeat(64)

describe('a cache of trees', () => {
  const root = mkdtempSync(join(tmpdir(), 'runproof-test-'))
  after(() => rmSync(root, { recursive: true, force: true }))
  const fresh = () => mkdtempSync(join(root, 'cache-'))
  const fileIn = (dir: string) => join(dir, 'trees', `${KEY}-1.json`)
  const filled = () => {
    const dir = fresh()
    assert.equal(treeCache(dir, '1').write(KEY, 'text'), null)
    return dir
  }

  test('gives back what was written under the same key and version, to nobody else', () => {
    const dir = filled()
    assert.deepEqual(treeCache(dir, '1').read(KEY), { text: 'text', notice: null })
    assert.deepEqual(treeCache(dir, '2').read(KEY), { text: null, notice: null })
    assert.deepEqual(treeCache(dir, '1').read('b'.repeat(64)), { text: null, notice: null })
    assert.equal(statSync(join(dir, 'trees')).mode & 0o777, 0o700)
    assert.equal(statSync(fileIn(dir)).mode & 0o777, 0o600)
    assert.deepEqual(readdirSync(join(dir, 'trees')), [`${KEY}-1.json`])
  })

  test('is empty and silent where there is none yet', () => {
    const cache = treeCache(join(root, 'none'), '1')
    assert.deepEqual(cache.read(KEY), { text: null, notice: null })
  })

  const spoiled = [
    ['is cut off', (file: string) => writeFileSync(file, '{"schema":"runproof-tree-cache-1","sha')],
    ['is empty', (file: string) => writeFileSync(file, '')],
    ['is null', (file: string) => writeFileSync(file, 'null')],
    [
      'has another text',
      (file: string, whole: string) => writeFileSync(file, whole.replace('"text":"text"', '"text":"next"')),
    ],
    ['is of another program', (file: string, whole: string) => writeFileSync(file, whole.replace(KEY, 'b'.repeat(64)))],
    ['can be written by others', (file: string) => chmodSync(file, 0o666)],
    ['is too large', (file: string) => writeFileSync(file, Buffer.alloc(17 * 1_048_576))],
    [
      'is a link',
      (file: string) => {
        rmSync(file)
        symlinkSync('/etc/passwd', file)
      },
    ],
    [
      'is a directory',
      (file: string) => {
        rmSync(file)
        mkdirSync(file)
      },
    ],
  ] as const
  for (const [how, spoil] of spoiled) {
    test(`tells of a file that ${how}, and does not use it`, () => {
      const dir = filled()
      spoil(fileIn(dir), readFileSync(fileIn(dir), 'utf8'))
      const { text, notice } = treeCache(dir, '1').read(KEY)
      assert.equal(text, null)
      assert.ok(notice?.startsWith(`${fileIn(dir)} is not used: `), String(notice))
    })
  }

  test('is not used where others can write, or another directory is linked to', () => {
    const open = filled()
    chmodSync(join(open, 'trees'), 0o777)
    const linked = fresh()
    symlinkSync(join(filled(), 'trees'), join(linked, 'trees'))
    for (const dir of [open, linked]) {
      assert.match(treeCache(dir, '1').read(KEY).notice!, /others can write/)
      assert.match(treeCache(dir, '1').write(KEY, 'other')!, /is not written: others can write/)
    }
  })

  test('says why nothing was kept, and leaves nothing half-written', () => {
    const dir = fresh()
    writeFileSync(join(dir, 'trees'), 'a file')
    assert.match(treeCache(dir, '1').write(KEY, 'text')!, /is not written/)
    const large = fresh()
    assert.match(treeCache(large, '1').write(KEY, 'x'.repeat(17 * 1_048_576))!, /over 16777216 bytes/)
    const taken = filled()
    rmSync(fileIn(taken))
    mkdirSync(join(fileIn(taken), 'something'), { recursive: true })
    assert.match(treeCache(taken, '1').write(KEY, 'text')!, /is not written/)
    assert.deepEqual(readdirSync(join(taken, 'trees')), [`${KEY}-1.json`])
  })

  test('keeps the last two hundred', () => {
    const dir = fresh()
    const cache = treeCache(dir, '1')
    for (let one = 0; one < 205; one += 1) cache.write(one.toString(16).padStart(64, '0'), 'text')
    assert.equal(readdirSync(join(dir, 'trees')).length, 200)
    assert.equal(cache.read((204).toString(16).padStart(64, '0')).text, 'text')
  })

  test('takes no path for a key', () => {
    assert.throws(() => treeCache(root, '1').read('../../etc/passwd'), /SHA-256/)
    assert.throws(() => treeCache(root, '../1').write(KEY, ''), /SHA-256/)
  })
})
