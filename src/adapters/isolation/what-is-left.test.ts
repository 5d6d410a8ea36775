import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { awaitGone, identify } from '../process/identity.ts'
import { instances } from './instances.ts'
import { holdNamespaces, namespacesLeft, whatIsLeft } from './what-is-left.ts'

test('everything that is still there is named', async () => {
  const child = spawn('sleep', ['300'], { stdio: 'ignore' })
  await once(child, 'spawn')
  const processes = [identify(child.pid!)!]
  const left = await whatIsLeft({ processes, dir: '/proc', sockets: [tmpdir(), '/no/such/socket'] })
  assert.deepEqual(left.processes, processes)
  assert.ok(left.mounts.includes('/proc'))
  assert.deepEqual(left.sockets, [tmpdir()])
  child.kill('SIGKILL')
  await once(child, 'exit')
  assert.deepEqual((await whatIsLeft({ processes, dir: undefined, sockets: [] })).processes, [])
})

test('a namespace is left as long as a process is in it', async t => {
  const barrier = await instances.detectBarrier()
  if (barrier.kind === 'none') return t.skip(barrier.reason)
  const scratch = mkdtempSync(join(tmpdir(), 'runproof-test-'))
  t.after(() => rmSync(scratch, { recursive: true, force: true }))
  const instance = await instances.start({ scratch })
  const { processes } = await instance.facts()
  const held = holdNamespaces(processes[0]!.identity.pid)
  t.after(() => held.release())
  const look = () => namespacesLeft(held.names)
  assert.ok(held.names.some(name => name.startsWith('net:')))
  assert.deepEqual(await look(), held.names)
  // One that is about to end is waited for.
  const [ending] = await Promise.all([look(), instance.stop()])
  assert.deepEqual(ending, [])

  // The kernel gives a number that is free to the next namespace.
  const others = await Promise.all([1, 2, 3].map(() => instances.start({ scratch })))
  assert.deepEqual(await look(), [])
  for (const other of others) assert.deepEqual((await other.stop()).left.namespaces, [])
  assert.deepEqual(
    await awaitGone(
      processes.map(({ identity }) => identity),
      0,
    ),
    [],
  )
})
