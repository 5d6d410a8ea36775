import assert from 'node:assert/strict'
import { type SpawnSyncOptionsWithStringEncoding, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { after, describe, test } from 'node:test'

const root = path.resolve(import.meta.dirname, '..')

/** A Node that is not the pinned one, as a user of the machine would have it. */
const machineNode = (process.env.PATH ?? '')
  .split(path.delimiter)
  .filter(folder => !folder.includes('node_modules'))
  .map(folder => path.join(folder, 'node'))
  .find(
    file =>
      spawnSync(file, ['-e', 'process.exit(process.version === process.argv[1] ? 1 : 0)', process.version]).status ===
      0,
  )

describe('bin/runproof', () => {
  // A checkout with the real launcher and the pinned Node, and an entry that says what it was given.
  const checkout = realpathSync(mkdtempSync(path.join(tmpdir(), 'runproof launcher ')))
  after(() => rmSync(checkout, { recursive: true }))
  cpSync(path.join(root, 'bin'), path.join(checkout, 'bin'), { recursive: true })
  const launcher = path.join(checkout, 'bin/runproof')
  write('package.json', '{ "type": "module" }')
  write(
    'src/cli/main.ts',
    `const args: readonly string[] = process.argv.slice(2)
     const { pid, version } = process
     process.stdout.write(JSON.stringify({ pid, version, args, cache: process.env.NODE_COMPILE_CACHE ?? null }) + '\\n')
     if (args[0] === 'exit') process.exitCode = Number(args[1])
     if (args[0] === 'wait') setInterval(() => {}, 1000)
     if (args[0] === 'catch') process.on('SIGTERM', () => process.exit(42))
    `,
  )
  mkdirSync(path.join(checkout, 'node_modules/node-pinned-here/bin'), { recursive: true })
  symlinkSync(process.execPath, path.join(checkout, 'node_modules/node-pinned-here/bin/node'))

  function write(file: string, text: string): void {
    mkdirSync(path.dirname(path.join(checkout, file)), { recursive: true })
    writeFileSync(path.join(checkout, file), text)
  }

  const home = path.join(checkout, 'home')
  const env = { PATH: '/usr/bin:/bin', HOME: home }
  function launch(file: string, args: readonly string[], options: Partial<SpawnSyncOptionsWithStringEncoding> = {}) {
    const { status, stdout, stderr, error } = spawnSync(file, args, { cwd: '/', env, encoding: 'utf8', ...options })
    assert.equal(error, undefined)
    return { status, stderr, said: stdout === '' ? undefined : JSON.parse(stdout) }
  }

  test('runs the pinned Node from any directory and hands arguments on as they are', () => {
    const args = ['two words', '', '*', '$HOME', "it's", '--flag=x']
    const { said, status, stderr } = launch(launcher, args)
    assert.deepEqual([said.version, said.args, status, stderr], [process.version, args, 0, ''])
  })

  test('runs through relative and absolute links', () => {
    mkdirSync(path.join(checkout, 'links'))
    symlinkSync('../bin/runproof', path.join(checkout, 'links/near'))
    symlinkSync(path.join(checkout, 'links/near'), path.join(checkout, 'links/far'))
    assert.deepEqual(launch(path.join(checkout, 'links/far'), ['x']).said.args, ['x'])
    assert.deepEqual(launch('far', ['x'], { env: { ...env, PATH: `${env.PATH}:${checkout}/links` } }).said.args, ['x'])
  })

  test('hands the exit status on', () => assert.equal(launch(launcher, ['exit', '6']).status, 6))

  test('is one process, so that even SIGKILL leaves nothing behind', async () => {
    const child = spawn(launcher, ['wait'], { cwd: '/', env, stdio: ['ignore', 'pipe', 'inherit'] })
    const [line] = await once(createInterface(child.stdout), 'line')
    assert.equal(JSON.parse(line).pid, child.pid)
    child.kill('SIGKILL')
    assert.deepEqual(await once(child, 'exit'), [null, 'SIGKILL'])
  })

  test('works when it is started by the pinned Node instead', () => {
    const { said, status, stderr } = launch(process.execPath, [launcher, 'exit', '3'])
    assert.deepEqual([said.version, status, stderr], [process.version, 3, ''])
  })

  const skip = machineNode === undefined && 'this machine has no Node of its own'
  test('works when it is started by an older Node', { skip }, () => {
    const { said, status, stderr } = launch(String(machineNode), [launcher, 'exit', '5'])
    assert.deepEqual([said.version, status, stderr], [process.version, 5, ''])
  })

  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    test(`leaves nothing behind when that older Node gets ${signal}`, { skip }, async () => {
      const child = spawn(String(machineNode), [launcher, 'wait'], {
        cwd: '/',
        env,
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      await once(createInterface(child.stdout), 'line')
      const closed = once(child.stdout, 'close')
      child.kill(signal)
      assert.deepEqual(await once(child, 'exit'), [null, signal])
      // Its standard output closes only when the last process that holds it is gone.
      await closed
    })
  }

  test('keeps compiled code in a directory that only its owner can enter', () => {
    const cache = path.join(home, '.cache/runproof')
    rmSync(home, { recursive: true, force: true })
    assert.equal(launch(launcher, []).said.cache, cache)
    assert.equal(statSync(cache).mode & 0o777, 0o700)
    chmodSync(cache, 0o777)
    launch(launcher, [])
    assert.equal(statSync(cache).mode & 0o777, 0o700)
  })

  const noCache = [
    ['there is no home', { PATH: env.PATH }],
    ['it cannot be made', { ...env, XDG_CACHE_HOME: '/dev/null/x' }],
    ['the place is not absolute', { ...env, XDG_CACHE_HOME: 'relative' }],
  ] as const
  for (const [title, other] of noCache) {
    test(`does without compiled code when ${title}`, () => {
      const { said, status, stderr } = launch(launcher, [], { env: other })
      assert.deepEqual([said.cache, status, stderr], [null, 0, ''])
    })
  }

  test('does without compiled code when its place is a link', () => {
    mkdirSync(path.join(checkout, 'linked'))
    symlinkSync('/tmp', path.join(checkout, 'linked/runproof'))
    assert.equal(
      launch(launcher, [], { env: { ...env, XDG_CACHE_HOME: path.join(checkout, 'linked') } }).said.cache,
      null,
    )
  })

  test('says what to do when no Node fits', () => {
    const bare = path.join(checkout, 'bare')
    cpSync(path.join(root, 'bin'), path.join(bare, 'bin'), { recursive: true })
    const tools = path.join(checkout, 'tools')
    mkdirSync(tools)
    for (const name of ['dirname', 'readlink']) symlinkSync(`/usr/bin/${name}`, path.join(tools, name))
    const { status, stderr } = launch(path.join(bare, 'bin/runproof'), ['list'], { env: { ...env, PATH: tools } })
    assert.equal(status, 3)
    assert.match(stderr, /no Node 24/)
    assert.ok(stderr.includes(`hint: (cd "${bare}" && npm ci)`), stderr)
  })

  test('takes a Node 24 from PATH when none is installed beside it', () => {
    const bare = path.join(checkout, 'bare-with-path')
    cpSync(path.join(root, 'bin'), path.join(bare, 'bin'), { recursive: true })
    cpSync(path.join(checkout, 'src'), path.join(bare, 'src'), { recursive: true })
    write('bare-with-path/package.json', '{ "type": "module" }')
    const { said } = launch(path.join(bare, 'bin/runproof'), [], {
      env: { ...env, PATH: `${path.dirname(process.execPath)}:${env.PATH}` },
    })
    assert.equal(said.version, process.version)
  })

  test('is handed a runbook that is executed as a script, also through a link', () => {
    const firstLine = `#!/usr/bin/env -S sh -c 'exec "$(dirname "$(readlink -f "$0")")/../bin/runproof" run "$0" "$@"'\n`
    write('runbooks/planted.ts', `${firstLine}export default {}\n`)
    const runbook = path.join(checkout, 'runbooks/planted.ts')
    chmodSync(runbook, 0o755)
    assert.deepEqual(launch(runbook, ['--plan', 'a b']).said.args, ['run', runbook, '--plan', 'a b'])
    assert.deepEqual(launch('./planted.ts', [], { cwd: path.dirname(runbook) }).said.args, ['run', './planted.ts'])
    const link = path.join(checkout, 'planted-link')
    symlinkSync(runbook, link)
    assert.deepEqual(launch(link, []).said.args, ['run', link])
  })
})
