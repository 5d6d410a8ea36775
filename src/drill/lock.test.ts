import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { files } from '../adapters/files.ts'
import { commands } from '../adapters/run-command.ts'
import type { StepContext } from '../model/runbook.ts'
import standIn from '../targets/stand-in.ts'
import { askLock, lockHeld } from './lock.ts'

const NAME = standIn.layout.lockFile

describe('the lock of a state root', () => {
  test('is held while a process holds it, and free afterwards', async t => {
    const { root, context, assumed } = place(t)
    writeFileSync(join(root, NAME), '')
    const holder = spawn('flock', [join(root, NAME), 'sh', '-c', 'echo held; exec cat'], {
      stdio: ['pipe', 'pipe', 'ignore'],
    })
    const ended = once(holder, 'exit')
    await once(holder.stdout, 'data')
    assert.equal(await askLock(context, root), 'held')
    assert.equal(await lockHeld(context, root), true)
    holder.stdin.end()
    await ended
    assert.equal(await askLock(context, root), 'free')
    assert.deepEqual(assumed, [])
  })

  test('is unknown where there is no lock file: that is told, and none is made', async t => {
    const { root, context, assumed } = place(t)
    assert.equal(await askLock(context, root), 'unknown')
    assert.equal(assumed.length, 1)
    assert.match(assumed[0]!, /nothing wrote to .* meanwhile: it has no lock file/)
    assert.deepEqual(readdirSync(root), [])
  })

  test('is not asked through a link, which flock would follow and create a file behind', async t => {
    const { root, context } = place(t)
    symlinkSync(join(root, 'elsewhere'), join(root, NAME))
    await assert.rejects(askLock(context, root), { code: 'PATH_UNSAFE' })
    assert.deepEqual(readdirSync(root), [NAME])
  })
})

function place(t: TestContext) {
  const root = mkdtempSync(join(tmpdir(), 'runproof-lock-'))
  t.after(() => rmSync(root, { recursive: true, force: true }))
  const assumed: string[] = []
  const context = {
    tools: { files, commands },
    target: standIn,
    run: { assume: (text: string) => assumed.push(text) },
    runIn: (runner, command, options) => runner.run(command, { timeoutMs: 10_000, ...options }),
  } as Pick<StepContext, 'runIn'> as StepContext
  return { root, context, assumed }
}
