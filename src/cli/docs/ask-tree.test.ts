import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { detectBarrier } from '../../adapters/isolation/barrier.ts'
import { withoutBwrap } from '../../adapters/programs/testdata/without-bwrap.ts'
import { askTree } from './ask-tree.ts'

const held = !withoutBwrap || (await detectBarrier()).kind !== 'none'
const root = mkdtempSync(join(tmpdir(), 'runproof-test-'))
after(() => rmSync(root, { recursive: true, force: true }))

/** A native program for x86-64 that waits for ever: trees of scripts are never kept. */
function waiting(): Buffer {
  const code = Buffer.from('b8220000000f05ebf7', 'hex')
  const file = Buffer.alloc(120 + code.length)
  file.write('7f454c46020101', 'hex')
  file.writeUInt16LE(2, 16)
  file.writeUInt16LE(62, 18)
  file.writeUInt32LE(1, 20)
  file.writeBigUInt64LE(0x40_0078n, 24)
  file.writeBigUInt64LE(64n, 32)
  for (const [at, value] of [
    [52, 64],
    [54, 56],
    [56, 1],
  ] as const)
    file.writeUInt16LE(value, at)
  file.writeUInt32LE(1, 64)
  file.writeUInt32LE(5, 68)
  file.writeBigUInt64LE(0x40_0000n, 80)
  file.writeBigUInt64LE(0x40_0000n, 88)
  file.writeBigUInt64LE(BigInt(file.length), 96)
  file.writeBigUInt64LE(BigInt(file.length), 104)
  file.writeBigUInt64LE(0x1000n, 112)
  code.copy(file, 120)
  return file
}

test('a tree is kept unless the program did not answer in time, which is told', {
  skip: (process.arch !== 'x64' && 'this machine runs no x86-64') || (!held && 'this machine has no sandbox'),
}, async t => {
  const told: string[] = []
  t.mock.method(process.stderr, 'write', (text: string) => told.push(text))
  const written: string[] = []
  const kept = { read: () => undefined, write: (key: string) => void written.push(key) }
  const ask = (name: string) =>
    askTree(
      { name, path: join(root, name) },
      {
        ...{ allowUnsandboxed: false, signal: new AbortController().signal, kept },
        limits: { timeoutMs: 400, patience: 2 },
      },
    )
  writeFileSync(join(root, 'waits'), waiting(), { mode: 0o755 })
  copyFileSync('/bin/true', join(root, 'answers'))

  const { tree } = await ask('waits')
  t.mock.restoreAll()
  assert.deepEqual(written, [])
  assert.match(tree.unread[0]!.why, /`help` did not end in time and was killed/)
  assert.match(told[0]!, /waits help did not end within 0\.8 s: .* nothing of the program is kept\n$/)
  assert.equal(told.length, 3)

  await askTree(
    { name: 'answers', path: join(root, 'answers') },
    { allowUnsandboxed: false, signal: new AbortController().signal, kept },
  )
  assert.equal(written.length, 1)
})

test('a tree is not kept for a program that another one took the place of meanwhile', {
  skip: !held && 'this machine has no sandbox',
}, async () => {
  const path = join(root, 'replaced')
  copyFileSync('/bin/true', path)
  const written: string[] = []
  const read = () => {
    // After its digest was taken, before it is asked.
    rmSync(path)
    copyFileSync('/bin/false', path)
    return undefined
  }
  const { tree } = await askTree(
    { name: 'replaced', path },
    {
      allowUnsandboxed: false,
      signal: new AbortController().signal,
      kept: { read, write: key => void written.push(key) },
    },
  )
  assert.equal(tree.sha256, createHash('sha256').update(readFileSync('/bin/false')).digest('hex'))
  assert.deepEqual(written, [])
})
