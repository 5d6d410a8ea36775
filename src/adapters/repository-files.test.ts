import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { repositoryFiles } from './repository-files.ts'

describe('the files of a repository', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'repository-files-'))
  after(() => rmSync(scratch, { recursive: true, force: true }))
  const root = join(scratch, 'root')
  mkdirSync(join(root, 'scripts', 'e2e'), { recursive: true })
  mkdirSync(join(root, 'node_modules', 'dep'), { recursive: true })
  writeFileSync(join(root, 'scripts', 'e2e', 'run.sh'), 'echo ok\n')
  writeFileSync(join(root, 'node_modules', 'dep', 'run.sh'), 'echo no\n')
  writeFileSync(join(root, 'bytes.sh'), Buffer.from([0xff, 0xfe, 0x00]))
  writeFileSync(join(root, 'long.sh'), Buffer.alloc(1024 ** 2 + 1, 'a'))
  writeFileSync(join(scratch, 'outside.sh'), 'echo outside\n')
  symlinkSync(join(scratch, 'outside.sh'), join(root, 'out.sh'))
  symlinkSync('scripts', join(root, 'tools'))
  symlinkSync('loop', join(root, 'loop'))
  symlinkSync('.', join(root, 'scripts', 'again'))
  execFileSync('mkfifo', [join(root, 'pipe.sh')])
  const files = repositoryFiles(root)

  const kinds = [
    ['', 'directory'],
    ['scripts/e2e', 'directory'],
    ['scripts/e2e/run.sh', 'file'],
    ['tools/e2e/run.sh', 'file'],
    ['scripts/none.sh', undefined],
    ['scripts/e2e/run.sh/below', undefined],
    ['out.sh', undefined],
    ['../outside.sh', undefined],
    ['loop', undefined],
    ['pipe.sh', undefined],
  ] as const
  for (const [path, kind] of kinds)
    test(`"${path}" is ${kind ?? 'nothing'}`, () => assert.equal(files.kindOf(path), kind))

  test('are read as text, and only regular ones of a sensible size', () => {
    assert.equal(files.read('tools/e2e/run.sh'), 'echo ok\n')
    for (const path of ['bytes.sh', 'long.sh', 'out.sh', 'pipe.sh', 'scripts', 'none', 'loop'])
      assert.equal(files.read(path), undefined, path)
  })

  test('are listed by directory and found by name, never in dependencies or through links', () => {
    assert.deepEqual([...files.namesIn('scripts/e2e')], ['run.sh'])
    assert.deepEqual(files.namesIn('none'), [])
    assert.deepEqual(files.named('run.sh'), ['scripts/e2e/run.sh'])
    assert.deepEqual(files.named('out.sh'), [])
  })
})
