import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, describe, test } from 'node:test'
import { deployctl } from '../../src/docs/testdata/deployctl.ts'
import { writeTree } from '../../src/docs/tree/saved.ts'
import { verifyJournal } from '../../src/evidence/journal.ts'
import { Site, WAYS } from './launch.ts'

const site = new Site()
const mounts: string[] = []
after(() => {
  for (const place of mounts) {
    spawnSync('umount', [place])
    rmSync(place, { recursive: true })
  }
})

/** A file system of that size, or undefined where none can be mounted. */
function small(size: string): string | undefined {
  const place = mkdtempSync(path.join(tmpdir(), 'runproof-small-'))
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=0700`, 'none', place])
  if (status === 0) mounts.push(place)
  else rmSync(place, { recursive: true })
  return status === 0 ? place : undefined
}

const journalPlace = small('64k')
const skip = journalPlace === undefined && 'mounting a small tmpfs needs root'

describe('a full disk', { skip }, () => {
  test('while the journal is written stops the run: no act without its record', async () => {
    const { status, stderr } = await site.run(['run', WAYS, '--param', 'way=big', '--reports', String(journalPlace)])
    assert.equal(status, 3, stderr)
    assert.match(stderr, /ENOSPC/)
    const [name, ...more] = readdirSync(String(journalPlace))
    assert.deepEqual([/^\.run-ways-/.test(name!), more], [true, []])
    const { records, tornBytes } = verifyJournal(
      readFileSync(path.join(String(journalPlace), name!, 'journal.jsonl'), 'utf8'),
    )
    assert.equal(tornBytes, 0)
    const shown = stderr.split('\n').filter(line => line.includes('$ true')).length
    assert.equal(records.filter(record => record.type === 'command').length, shown)
    assert.ok(shown < 100)
    assert.deepEqual(readdirSync(site.work), [])
  })

  test('while the run is sealed publishes nothing', async () => {
    const place = String(small('16k'))
    const { status, stderr, stdout } = await site.run(['run', WAYS, '--reports', place, '--json'])
    assert.deepEqual([status, stdout], [3, ''], stderr)
    const { error } = JSON.parse(stderr.trimEnd().split('\n').at(-1)!)
    assert.deepEqual([error.code, error.exitCode], ['DISK_FULL', 3])
    assert.ok(readdirSync(place).every(name => name.startsWith('.run-')))
  })

  test('under the scratch data is the step’s error, in sealed evidence', async () => {
    const place = String(small('256k'))
    const { status, stderr } = await site.run(['run', WAYS, '--param', 'way=filling', '--work', place])
    assert.equal(status, 3, stderr)
    assert.equal(site.evidence().steps[0].error.code, 'DISK_FULL')
    assert.deepEqual(readdirSync(place), [])
  })

  test('under the key leaves no half of one', async () => {
    const place = String(small('4k'))
    mkdirSync(path.join(place, 'runproof'), { mode: 0o700 })
    writeFileSync(path.join(place, 'filler'), 'x'.repeat(4096))
    const { status, stderr } = await site.run(['run', WAYS], { env: { XDG_STATE_HOME: place } })
    assert.equal(status, 3, stderr)
    assert.match(stderr, /ENOSPC/)
    assert.deepEqual(readdirSync(path.join(place, 'runproof')), [])
  })

  test('while the result of docs check is written leaves no half of one', async () => {
    const place = String(small('4k'))
    const tree = path.join(site.root, 'tree.json')
    writeFileSync(tree, writeTree(deployctl()))
    const page = path.join(site.root, 'page.md')
    writeFileSync(page, `\`\`\`sh\n${'deployctl push web\n'.repeat(200)}\`\`\`\n`)
    const output = path.join(place, 'result.json')
    const { status, stdout, stderr } = await site.run([
      'docs',
      'check',
      page,
      '--tree',
      tree,
      '--json',
      '--output',
      output,
    ])
    assert.deepEqual([status, stdout], [3, ''])
    assert.equal(JSON.parse(stderr).error.code, 'DISK_FULL')
    assert.deepEqual(readdirSync(place), [])
  })
})
