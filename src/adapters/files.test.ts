import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { files } from './files.ts'

describe('reading a file', () => {
  const root = mkdtempSync(join(tmpdir(), 'runproof-test-'))
  after(() => rmSync(root, { recursive: true, force: true }))
  const file = (text: string) => {
    writeFileSync(join(root, 'file'), text)
    return join(root, 'file')
  }

  test('gives all of it, up to the limit', async () => {
    assert.equal(await files.readText(file('12345678'), 8), '12345678')
    assert.equal(await files.readText(file('')), '')
  })

  test('is refused above the limit', async () => {
    await assert.rejects(files.readText(file('123456789'), 8), {
      code: 'FILE_UNREADABLE',
      message: /file has 9 bytes, at most 8 are read/,
    })
  })

  test('is refused above the limit where nobody says how long it is', { timeout: 10_000 }, async () => {
    await assert.rejects(files.readText('/dev/zero', 100_000), {
      code: 'FILE_UNREADABLE',
      message: /\/dev\/zero has more than the 100000 bytes that are read/,
    })
  })

  test('gives what a file holds that is said to be empty, as those of the kernel are', async () => {
    assert.match(await files.readText('/proc/self/status', 100_000), /^Name:/)
  })

  test('that should hold a secret and cannot be read says what to look at', async () => {
    for (const [path, message, hint] of [
      ['nowhere', /nowhere: ENOENT$/, `there is no such file: ls -l ${root}`],
      ['', /: EISDIR$/, `it is a directory, give the file in it: ls -l ${root}/`],
    ] as const)
      await assert.rejects(files.readSecret(`${root}/${path}`, 'token'), { code: 'FILE_UNREADABLE', message, hint })
  })
})

describe('writing a file', () => {
  const root = mkdtempSync(join(tmpdir(), 'runproof-test-'))
  after(() => rmSync(root, { recursive: true, force: true }))
  const at = (name: string) => join(root, name)
  execFileSync('mkfifo', [at('pipe')])
  symlinkSync('pipe', at('to-pipe'))
  symlinkSync(root, at('to-directory'))

  symlinkSync('/proc/self/status', at('to-process'))

  for (const name of ['pipe', 'to-pipe', 'to-directory', 'to-process'])
    test(`leaves what is no ordinary file where it is: ${name}`, async () => {
      const { ino } = lstatSync(at(name))
      await assert.rejects(files.write(at(name), 'text'), {
        code: 'FILE_UNREADABLE',
        message: `can't write ${at(name)}: it is no ordinary file`,
      })
      assert.equal(lstatSync(at(name)).ino, ino)
      assert.deepEqual(
        readdirSync(root).filter(one => one.endsWith('.tmp')),
        [],
      )
    })

  test('replaces a link, and leaves the file alone that it leads to', async () => {
    writeFileSync(at('other'), 'of another')
    symlinkSync('other', at('link'))
    await files.write(at('link'), 'text')
    assert.equal(readFileSync(at('other'), 'utf8'), 'of another')
    assert.ok(lstatSync(at('link')).isFile())
  })
})
