import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { awaitGone, identify } from '../process/identity.ts'
import { instances } from './instances.ts'
import { ownNamespaces, whatIsLeft } from './what-is-left.ts'

test('everything that is still there is named', async () => {
  const child = spawn('sleep', ['300'], { stdio: 'ignore' })
  await once(child, 'spawn')
  const processes = [identify(child.pid!)!]
  const left = await whatIsLeft({ processes, namespaces: [], dir: '/proc', sockets: [tmpdir(), '/no/such/socket'] })
  assert.deepEqual(left.processes, processes)
  assert.ok(left.mounts.includes('/proc'))
  assert.deepEqual(left.sockets, [tmpdir()])
  child.kill('SIGKILL')
  await once(child, 'exit')
  assert.deepEqual((await whatIsLeft({ processes, namespaces: [], dir: undefined, sockets: [] })).processes, [])
})

test('a namespace is left as long as a process is in it', async t => {
  const barrier = await instances.detectBarrier()
  if (barrier.kind === 'none') return t.skip(barrier.reason)
  const scratch = mkdtempSync(join(tmpdir(), 'runproof-test-'))
  t.after(() => rmSync(scratch, { recursive: true, force: true }))
  const instance = await instances.start({ scratch })
  const { processes } = await instance.facts()
  const namespaces = ownNamespaces(processes[0]!.identity.pid)
  const look = () => whatIsLeft({ processes: [], namespaces, dir: undefined, sockets: [] })
  assert.ok(namespaces.some(name => name.startsWith('net:')))
  assert.deepEqual((await look()).namespaces, namespaces)
  // One that is about to end is waited for.
  const [ending] = await Promise.all([look(), instance.stop()])
  assert.deepEqual(ending.namespaces, [])
  assert.deepEqual((await look()).namespaces, [])
  assert.deepEqual(
    await awaitGone(
      processes.map(({ identity }) => identity),
      0,
    ),
    [],
  )
})
