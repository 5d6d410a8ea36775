import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { instances } from '../adapters/isolation/instances.ts'
import type { Instance } from '../model/instance.ts'
import { endedBadly, remains, stopClean } from './stop-clean.ts'

const barrier = (await instances.detectBarrier()).kind === 'none' ? 'none' : 'best'

describe('the end of an instance', () => {
  let scratch: string
  before(() => {
    scratch = mkdtempSync(join(tmpdir(), 'runproof-test-'))
  })
  after(() => rmSync(scratch, { recursive: true, force: true }))

  const start = (script: string) =>
    instances.start({
      scratch,
      barrier,
      daemon: () => ({ argv: ['sh', '-c', `${script}; touch up; sleep 60 & wait`] }),
    })
  const up = async (instance: Instance) => {
    const wait = 'until [ -e up ]; do sleep 0.01; done'
    await instance.run({ argv: ['sh', '-c', wait] }, { timeoutMs: 5_000 })
  }

  test('is fine when the daemon stops as it was asked', async () => {
    const instance = await start(`trap 'kill $!; exit 0' TERM`)
    await up(instance)
    await stopClean(instance)
  })

  test('is not fine when the daemon broke down before it was asked to stop', async () => {
    const instance = await start(':')
    await up(instance)
    process.kill(instance.pid!, 'SIGSEGV')
    await instance.exited
    await assert.rejects(stopClean(instance), {
      code: 'INSTANCE_FAILED',
      message: /had ended before .*: signal SIGSEGV/,
    })
  })

  test('is not fine when it breaks down over being stopped', async () => {
    const instance = await start(`trap 'kill $!; exit 3' TERM`)
    await up(instance)
    await assert.rejects(stopClean(instance), { message: /broke down while it stopped: exit 3/ })
  })

  test('is not fine when something is left running, but where that was judged before', async () => {
    const instance = await start(`trap 'exit 0' TERM; setsid sleep 300 & :`)
    await up(instance)
    await assert.rejects(stopClean(instance), { message: /left running: .*sleep/ })
    await stopClean(instance, 'judged before')
  })

  test('names everything that is left', async () => {
    const instance = await start(':')
    const report = await instance.stop({ graceMs: 0 })
    assert.deepEqual(remains(report), [])
    const left = {
      processes: [{ bootId: '', pid: 7, startTicks: 1 }],
      namespaces: ['net:[1]'],
      mounts: ['/m'],
      sockets: ['/s'],
    }
    assert.deepEqual(remains({ ...report, left }), ['process 7', 'namespace net:[1]', 'mount /m', 'socket /s'])
    const stub = { id: 'one', stop: async () => ({ ...report, left }) } as unknown as Instance
    await assert.rejects(stopClean(stub, 'judged before'), { message: /one: left behind: process 7, namespace/ })
  })

  test('by exit 143 or by SIGTERM itself is an end by SIGTERM', async () => {
    const instance = await start(':')
    const report = { ...(await instance.stop({ graceMs: 0 })), endedBefore: false, forced: false, leftovers: [] }
    assert.equal(endedBadly({ ...report, exitCode: 143, signal: null }), undefined)
    assert.equal(endedBadly({ ...report, exitCode: null, signal: 'SIGTERM' }), undefined)
    assert.match(endedBadly({ ...report, exitCode: null, signal: 'SIGKILL' }) ?? '', /signal SIGKILL/)
  })
})
