import assert from 'node:assert/strict'
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, beforeEach, describe, test } from 'node:test'
import { RunproofError } from '../model/error.ts'
import { findConfig, readConfigFile } from './own-config.ts'

const root = mkdtempSync(path.join(tmpdir(), 'runproof-own-config-'))
const deep = path.join(root, 'project/docs/deep')
const file = path.join(root, 'project/runproof.config.json')
after(() => rmSync(root, { recursive: true }))
mkdirSync(deep, { recursive: true, mode: 0o755 })

const refused = (problem: RegExp) =>
  assert.throws(
    () => findConfig(deep),
    thrown => thrown instanceof RunproofError && thrown.code === 'CONFIG_INVALID' && problem.test(thrown.message),
  )
const asRoot = { skip: process.getuid?.() !== 0 && 'giving a file away needs root' }

describe('a configuration', () => {
  beforeEach(() => {
    rmSync(path.join(root, 'project/docs/deep/runproof.config.json'), { force: true })
    rmSync(file, { force: true })
    chmodSync(path.dirname(file), 0o755)
    writeFileSync(file, '{}')
    chmodSync(file, 0o644)
  })

  test('is found above the working directory, the nearest one first', () => {
    assert.deepEqual(findConfig(deep), { file, text: '{}' })
    const nearer = path.join(deep, 'runproof.config.json')
    writeFileSync(nearer, '{"docs": {}}', { mode: 0o600 })
    assert.deepEqual(findConfig(deep)?.file, nearer)
  })

  test('need not be there', () => {
    unlinkSync(file)
    assert.equal(findConfig(deep), undefined)
  })

  for (const mode of [0o664, 0o646, 0o666])
    test(`that others can write (${mode.toString(8)}) is refused, unless it is named`, () => {
      chmodSync(file, mode)
      refused(/project\/runproof\.config\.json can be written by others/)
      assert.equal(readConfigFile(file).text, '{}')
    })

  test('in a directory that others can write is refused, unless they can replace nothing there', () => {
    chmodSync(path.dirname(file), 0o777)
    refused(/the directory of .*runproof\.config\.json can be written by others/)
    chmodSync(path.dirname(file), 0o1777)
    assert.equal(findConfig(deep)?.text, '{}')
  })

  test('of another user is refused', asRoot, () => {
    chownSync(file, 54321, 54321)
    refused(/runproof\.config\.json belongs to another user/)
  })

  test('behind a link is held to the same', () => {
    const other = path.join(root, 'other.json')
    writeFileSync(other, '{"docs": {}}')
    chmodSync(other, 0o666)
    unlinkSync(file)
    symlinkSync(other, file)
    refused(/can be written by others/)
    chmodSync(other, 0o644)
    assert.equal(findConfig(deep)?.text, '{"docs": {}}')
  })

  test('that is no file, or leads nowhere, is an error and not overlooked', () => {
    unlinkSync(file)
    symlinkSync('nowhere', file)
    assert.throws(() => findConfig(deep), /can't read .*: ENOENT/)
    unlinkSync(file)
    mkdirSync(file)
    assert.throws(() => findConfig(deep), /it is a directory/)
    rmSync(file, { recursive: true })
  })
})
