import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, statSync, watch } from 'node:fs'
import path from 'node:path'
import { beforeEach, describe, test } from 'node:test'
import { verifyJournal } from '../../src/evidence/journal.ts'
import { leftovers } from '../leftovers.ts'
import { Site, type Started, WAYS } from './launch.ts'

const site = new Site()
beforeEach(() => site.clear())

const start = (way: string) => site.start(['run', WAYS, '--param', `way=${way}`, `log=${site.log}`])

/** The process id that the command of the runbook wrote down, once it did. */
async function commandPid(started: Started): Promise<number> {
  const file = path.join(site.log, 'pid')
  const written = () => existsSync(file) && readFileSync(file, 'utf8').endsWith('\n')
  const watcher = watch(site.log)
  const ended = started.ended.then(({ stderr }) => assert.fail(`it ended: ${stderr}`))
  ended.catch(() => {})
  while (!written()) await Promise.race([new Promise(resolve => watcher.once('change', resolve)), ended])
  watcher.close()
  return Number(readFileSync(file, 'utf8'))
}

async function gone(pid: number): Promise<boolean> {
  for (let tries = 0; tries < 300; tries++) {
    try {
      // A zombie that nobody reaps in this container has ended as well.
      if (/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))) return true
    } catch {
      return true
    }
    await new Promise(resolve => setTimeout(resolve, 10))
  }
  return false
}

describe('SIGINT', () => {
  const places = [
    ['waiting', 'waiting in the step'],
    ['probing', 'waiting in the probe'],
    ['falsifying', 'waiting in the counterproof'],
  ] as const
  for (const [way, said] of places) {
    test(`while ${said} tears down, seals the run as interrupted and exits with 130`, async () => {
      const started = start(way)
      await started.says(said)
      started.child.kill('SIGINT')
      const { status, stderr } = await started.ended
      assert.equal(status, 130, stderr)
      const evidence = site.evidence()
      assert.equal(evidence.outcome, 'interrupted')
      assert.equal(existsSync(path.join(site.log, 'off')), way === 'waiting')
      assert.deepEqual(await leftovers(site.work), [])
      const verified = await site.run(['evidence', 'verify', path.join(site.reports, site.sealed()[0]!)])
      assert.equal(verified.status, 0, verified.stderr)
    })
  }

  test('ends the command that is running; nothing of the memory is written down or shown to a debugger before', async () => {
    const started = start('command')
    const pid = await commandPid(started)
    const limits = readFileSync(`/proc/${started.child.pid}/limits`, 'utf8')
    assert.match(limits, /^Max core file size +0 +0 /m)
    // Without a listener Node opens a port that every user of the machine may connect to.
    started.child.kill('SIGUSR1')
    started.child.kill('SIGINT')
    const { status, stderr } = await started.ended
    assert.equal(status, 130)
    assert.doesNotMatch(stderr, /Debugger/)
    assert.ok(await gone(pid))
    assert.equal(site.evidence().steps[0].commands[0].exitCode, null)
  })

  test('given twice ends the run at once, and its children with it', async () => {
    const started = start('releasing')
    await started.says('waiting in the release')
    started.child.kill('SIGINT')
    await started.says('interrupted: stopping')
    const asked = performance.now()
    started.child.kill('SIGINT')
    assert.equal((await started.ended).status, 130)
    // What is released has half a minute.
    assert.ok(performance.now() - asked < 20_000)
    assert.match(site.sealed()[0]!, /^\.run-ways-/)
    assert.match((await site.run(['gc'])).stdout, /1 directories removed/)
    assert.deepEqual(await leftovers(site.work), [])
  })

  for (const signal of ['SIGTERM', 'SIGHUP'] as const) {
    test(`is what ${signal} does too`, async () => {
      const started = start('waiting')
      await started.says('waiting in the step')
      started.child.kill(signal)
      assert.equal((await started.ended).status, 130)
      assert.equal(site.evidence().outcome, 'interrupted')
    })
  }
})

describe('SIGKILL', () => {
  test('leaves a journal that verifies, no child, and what gc clears and tells of', async () => {
    const started = start('command')
    const pid = await commandPid(started)
    started.child.kill('SIGKILL')
    assert.equal((await started.ended).signal, 'SIGKILL')
    assert.ok(await gone(pid), `the command ${pid} outlives the run`)

    const [name, ...more] = site.sealed()
    assert.deepEqual([/^\.run-ways-/.test(name!), more], [true, []])
    const directory = path.join(site.reports, name!)
    assert.equal(statSync(directory).mode & 0o777, 0o700)
    const { records, tornBytes } = verifyJournal(readFileSync(path.join(directory, 'journal.jsonl'), 'utf8'))
    assert.deepEqual([records.at(-1)!.type, tornBytes], ['command', 0])

    const verified = await site.run(['evidence', 'verify', directory])
    assert.equal(verified.status, 1)
    assert.match(verified.stderr, /never sealed; its journal is intact up to record 2 \(command/)

    assert.equal(readdirSync(site.work).length, 1)
    const first = await site.run(['gc'])
    assert.equal(first.status, 0)
    assert.match(first.stdout, /^swept {5}ways-.*1 directories removed/m)
    assert.match(first.stdout, /^unsealed {2}.*: its run is dead; journal intact, 3 records/m)
    assert.deepEqual(readdirSync(site.work), [])
    const second = await site.run(['gc'])
    assert.match(second.stdout, /its run is dead; journal intact/)
    assert.ok(existsSync(directory))
  })
})
