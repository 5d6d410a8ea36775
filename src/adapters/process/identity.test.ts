import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import {
  awaitGone,
  bootId,
  descendants,
  identify,
  isAlive,
  isUnseen,
  mayLive,
  parseStat,
  signalProcess,
} from './identity.ts'

async function sleeper(): Promise<ChildProcess & { pid: number }> {
  const child = spawn('sleep', ['300'], { stdio: 'ignore' })
  await once(child, 'spawn')
  return child as ChildProcess & { pid: number }
}

describe('the identity of a process', () => {
  test('is read from a stat line whose program name holds spaces and parentheses', () => {
    const line = '42 (a) b (c)) S 7 41 40 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 1 0 98765 1000 200'
    assert.deepEqual(parseStat(line), { pid: 42, state: 'S', parentPid: 7, groupId: 41, startTicks: 98_765 })
  })

  test('is alive until the process ends, zombie or not', async () => {
    const child = await sleeper()
    const identity = identify(child.pid)!
    assert.equal(isAlive(identity), true)
    assert.equal(signalProcess(identity, 'SIGKILL'), true)
    assert.deepEqual(await awaitGone([identity], 5_000), [])
    assert.equal(signalProcess(identity, 'SIGKILL'), false)
  })

  test('of another start time or another boot is not this process, and is not signalled', async () => {
    const child = await sleeper()
    const identity = identify(child.pid)!
    const impostors = [
      { ...identity, startTicks: identity.startTicks - 1 },
      { ...identity, bootId: bootId().replace(/.$/, 'x') },
    ]
    for (const impostor of impostors) {
      assert.equal(isAlive(impostor), false)
      assert.equal(signalProcess(impostor, 'SIGKILL'), false)
    }
    assert.equal(isAlive(identity), true)
    child.kill('SIGKILL')
    await once(child, 'exit')
  })

  test('of another container of the same boot is neither alive nor gone: nobody can see it from here, and it is not signalled', () => {
    const own = identify(process.pid)!
    assert.match(String(own.pidNamespace), /^\d+$/)
    assert.deepEqual([isAlive(own), isUnseen(own), mayLive(own)], [true, false, true])
    const elsewhere = { ...own, pidNamespace: '1' }
    assert.deepEqual([isAlive(elsewhere), isUnseen(elsewhere), mayLive(elsewhere)], [false, true, true])
    assert.equal(signalProcess(elsewhere, 'SIGCONT'), false)
    const before = { ...elsewhere, bootId: 'another' }
    assert.deepEqual([isUnseen(before), mayLive(before)], [false, false])
  })

  test('that an older version wrote down has no container, and is told by its pid', () => {
    const { pidNamespace: _, ...own } = identify(process.pid)!
    assert.deepEqual([isAlive(own), mayLive({ ...own, startTicks: 1 })], [true, false])
  })

  test('still alive after the time allowed is told', async () => {
    const child = await sleeper()
    const identity = identify(child.pid)!
    assert.deepEqual(await awaitGone([identity], 20), [identity])
    child.kill('SIGKILL')
    await once(child, 'exit')
  })
})

test('descendants are children and their children', async () => {
  const child = spawn('sh', ['-c', 'sleep 300 & echo; wait'], { stdio: ['ignore', 'pipe', 'ignore'] })
  await once(child.stdout, 'data')
  const [shell, ...below] = descendants(process.pid)
  assert.equal(shell, child.pid)
  assert.equal(below.length, 1)
  process.kill(below[0]!, 'SIGKILL')
  await once(child, 'exit')
})
