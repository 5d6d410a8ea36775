import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import { growTree } from '../../docs/tree/grow.ts'
import { readTree } from '../../docs/tree/saved.ts'
import { detectBarrier } from '../isolation/barrier.ts'
import { askProgram } from './ask-program.ts'
import { withoutBwrap } from './testdata/without-bwrap.ts'

const CHECKOUT = resolve(import.meta.dirname, '../../..')
const held = !withoutBwrap || (await detectBarrier()).kind !== 'none'

// The saved trees are made from definitions inside this repository, and never by asking a process.
for (const [name, path] of [
  ['kheish-daemon', 'fixtures/kheish-daemon/kheish-daemon'],
  ['runproof', 'bin/runproof'],
] as const) {
  test(`${name} says of itself what is saved of it`, { skip: !held && 'this machine has no sandbox' }, async () => {
    const file = join(CHECKOUT, 'fixtures/docs', name, '0.1.0.json')
    const saved = readTree(file, readFileSync(file, 'utf8'))
    await using asked = await askProgram({ path: join(CHECKOUT, path), lanes: 2 })
    const grown = await growTree(name, asked)
    assert.deepEqual(
      asked.late.filter(({ answered }) => !answered),
      [],
    )
    assert.deepEqual(grown.unread, [])
    assert.deepEqual({ ...grown, sha256: null }, { ...saved, sha256: null })
    assert.deepEqual(await asked.sideEffects(), [])
  })
}
