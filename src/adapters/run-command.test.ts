import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { Secret } from '../model/secret.ts'
import { awaitGone, identify, isAlive } from './process/identity.ts'
import { commands, createCommandRunner, runCommand } from './run-command.ts'

let dir: string
before(() => {
  dir = mkdtempSync(join(tmpdir(), 'runproof-test-'))
})
after(() => rmSync(dir, { recursive: true, force: true }))

const timeoutMs = 10_000

describe('a command', () => {
  test('gets every word as it is', async () => {
    const words = ['plain', '', ' two  spaces ', "it's", '$HOME `id` $(id) ; | & > <', 'line\nbreak', '*', '\\', 'é✓']
    const { stdout } = await commands.run({ argv: ['printf', '%s\\0', ...words] }, { timeoutMs })
    assert.deepEqual(stdout.split('\0').slice(0, -1), words)
  })

  test('that fails is an answer, with its own exit code', async () => {
    const { exitCode, signal, stderr } = await commands.run(
      { argv: ['sh', '-c', 'echo no >&2; exit 7'] },
      { timeoutMs },
    )
    assert.deepEqual({ exitCode, signal, stderr }, { exitCode: 7, signal: null, stderr: 'no\n' })
  })

  test('ended by a signal says which', async () => {
    const { exitCode, signal, timedOut } = await commands.run({ argv: ['sh', '-c', 'kill -TERM $$'] }, { timeoutMs })
    assert.deepEqual({ exitCode, signal, timedOut }, { exitCode: null, signal: 'SIGTERM', timedOut: false })
  })

  test('sees its own environment and nothing inherited', async () => {
    process.env.RUNPROOF_TEST_INHERITED = 'yes'
    const secret = new Secret('token', `value-${Math.random()}`)
    const runner = createCommandRunner({ env: { BASE: 'base', BOTH: 'base' } })
    const { stdout } = await runner.run({ argv: ['env'], env: { BOTH: 'own', TOKEN: secret } }, { timeoutMs })
    delete process.env.RUNPROOF_TEST_INHERITED
    const names = stdout.split('\n').filter(line => !/^(PWD|SHLVL|_|OLDPWD|)(=|$)/.test(line))
    assert.deepEqual(names.sort(), [
      'BASE=base',
      'BOTH=own',
      'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      `TOKEN=${secret.reveal()}`,
    ])
  })

  test('reads a secret from its input, and an empty input otherwise', async () => {
    const secret = new Secret('key', `value-${Math.random()}`)
    assert.equal((await commands.run({ argv: ['cat'], stdin: secret }, { timeoutMs })).stdout, secret.reveal())
    assert.equal((await commands.run({ argv: ['cat'] }, { timeoutMs })).stdout, '')
  })

  test('may leave a long input unread', async () => {
    const { exitCode } = await commands.run({ argv: ['true'], stdin: 'x'.repeat(1_000_000) }, { timeoutMs })
    assert.equal(exitCode, 0)
  })

  test('writes files only its owner can read', async () => {
    await commands.run({ argv: ['touch', 'made'], cwd: dir }, { timeoutMs })
    assert.equal(statSync(join(dir, 'made')).mode & 0o777, 0o600)
  })

  test('is killed with its children when its time is over', async () => {
    const result = await commands.run({ argv: ['sh', '-c', 'sleep 300 & echo $!; wait'] }, { timeoutMs: 200 })
    assert.equal(result.timedOut, true)
    assert.equal(result.signal, 'SIGKILL')
    assert.ok(result.durationMs < 5_000)
    const child = identify(Number(result.stdout))
    assert.deepEqual(await awaitGone(child ? [child] : [], 5_000), [])
  })

  test('does not wait for a child that keeps its output open, and ends it', async () => {
    const result = await commands.run({ argv: ['sh', '-c', 'sleep 300 & echo $!'] }, { timeoutMs })
    assert.equal(result.exitCode, 0)
    assert.equal(result.timedOut, false)
    assert.ok(result.durationMs < 5_000)
    const child = identify(Number(result.stdout))
    assert.deepEqual(await awaitGone(child ? [child] : [], 5_000), [])
  })

  test('keeps the beginning of a long output and says that it was cut', async () => {
    const argv = ['sh', '-c', 'printf start; head -c 3000000 /dev/zero; printf err >&2'] as const
    const result = await commands.run({ argv }, { timeoutMs, maxOutputBytes: 1_000 })
    assert.equal(result.stdout.length, 1_000)
    assert.ok(result.stdout.startsWith('start'))
    assert.deepEqual([result.stdoutCut, result.stderrCut, result.stderr, result.exitCode], [true, false, 'err', 0])
  })

  test('is interrupted by its signal: INTERRUPTED, and its process is gone', async () => {
    const controller = new AbortController()
    const file = join(dir, 'pid')
    const running = commands.run(
      { argv: ['sh', '-c', `echo $$ > ${file}.new; mv ${file}.new ${file}; sleep 300`] },
      { timeoutMs, signal: controller.signal },
    )
    const { pid } = await identityIn(file)
    controller.abort()
    await assert.rejects(running, { code: 'INTERRUPTED' })
    const left = identify(pid)
    assert.equal(left !== undefined && isAlive(left), false)
    await assert.rejects(commands.run({ argv: ['true'] }, { timeoutMs, signal: controller.signal }), {
      code: 'INTERRUPTED',
    })
  })

  test('is not started where it is interrupted while what starts it is loaded', async () => {
    const controller = new AbortController()
    const file = join(dir, 'started')
    const running = commands.run({ argv: ['touch', file] }, { timeoutMs, signal: controller.signal })
    controller.abort()
    await assert.rejects(running, { code: 'INTERRUPTED' })
    assert.equal(existsSync(file), false)
  })

  test('dies with the process that ran it, even from SIGKILL', async () => {
    const file = join(dir, 'bound')
    const words = JSON.stringify(['sh', '-c', `echo $$ > ${file}.new; mv ${file}.new ${file}; exec sleep 300`])
    const module = JSON.stringify(new URL('./run-command.ts', import.meta.url).href)
    const script = `import { commands } from ${module}; await commands.run({ argv: ${words} }, { timeoutMs: 60_000 })`
    const holder = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'ignore' })
    const identity = await identityIn(file)
    holder.kill('SIGKILL')
    await once(holder, 'exit')
    assert.deepEqual(await awaitGone([identity], 5_000), [])
  })

  test('whose program is missing or not executable: TOOL_MISSING with its name', async () => {
    await assert.rejects(commands.run({ argv: ['no-such-program'] }, { timeoutMs }), {
      code: 'TOOL_MISSING',
      message: /no-such-program/,
    })
    const file = join(dir, 'not-executable')
    writeFileSync(file, '')
    chmodSync(file, 0o644)
    await assert.rejects(commands.run({ argv: [file] }, { timeoutMs }), { code: 'TOOL_MISSING' })
    await assert.rejects(runCommand({ argv: ['true'] }, { timeoutMs }, { path: dir }), { code: 'TOOL_MISSING' })
  })

  test('whose directory is missing could not be started: COMMAND_FAILED', async () => {
    await assert.rejects(commands.run({ argv: ['true'], cwd: join(dir, 'none') }, { timeoutMs }), {
      code: 'COMMAND_FAILED',
    })
  })
})

async function identityIn(file: string) {
  while (!existsSync(file)) await new Promise(resolve => setTimeout(resolve, 5))
  return identify(Number(readFileSync(file, 'utf8')))!
}
