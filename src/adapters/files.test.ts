import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
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
})
