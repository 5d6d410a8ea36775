import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createInterposer } from './interposer.ts'
import { connectProbe } from './isolation/connect-probe.ts'
import { sweep } from './process/sweep.ts'

test('every kind of lure is reached from outside, and gone when it is released', async () => {
  for (const where of ['ipv6', 'network', 'socket'] as const) {
    const lure = await createInterposer().lure(where)
    if (lure === undefined) continue
    assert.equal((await connectProbe(lure.at)).outcome, 'connected', where)
    await lure[Symbol.asyncDispose]()
    assert.notEqual((await connectProbe(lure.at)).outcome, 'connected', where)
  }
})

test('SIGKILL leaves no directory of a proxy or a lure that gc does not find', async t => {
  const place = mkdtempSync(join(tmpdir(), 'runproof-test-'))
  t.after(() => rmSync(place, { recursive: true, force: true }))
  const program = fileURLToPath(new URL('./testdata/hold-sockets.ts', import.meta.url))
  const child = spawn(process.execPath, [program, join(place, 'work')], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, TMPDIR: place },
  })
  t.after(() => void child.kill('SIGKILL'))
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
  const told = JSON.parse(line) as string[]
  const made = readdirSync(place).filter(name => name !== 'work')
  assert.equal(made.length, 2)
  assert.deepEqual(told.toSorted(), made.map(name => join(place, name)).toSorted())
  child.kill('SIGKILL')
  await once(child, 'exit')
  process.env.TMPDIR = place
  t.after(() => void delete process.env.TMPDIR)
  const [swept] = await sweep(join(place, 'work'))
  assert.deepEqual(swept?.failed, [])
  assert.deepEqual(
    told.filter(path => existsSync(path)),
    [],
  )
})
