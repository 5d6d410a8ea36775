import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  accessSync,
  chmodSync,
  chownSync,
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { homedir, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { ProgramAnswer } from '../../model/asked-program.ts'
import { lookUpProgram } from '../find-program.ts'
import { detectBarrier } from '../isolation/barrier.ts'
import { allPids } from '../process/identity.ts'
import { readText } from '../process/links.ts'
import { type AskOptions, askProgram, type HeldProgram } from './ask-program.ts'
import { callFilter } from './call-filter.ts'
import type { SandboxKind } from './sandbox.ts'
import { withoutBwrap } from './testdata/without-bwrap.ts'

const CHECKOUT = resolve(import.meta.dirname, '../../..')
const barrier = await detectBarrier()
const isRoot = process.geteuid?.() === 0
/** The first that this user may write to; only the last is a private place. */
const PUBLIC = ['/var/lib', join(CHECKOUT, 'node_modules'), tmpdir()]
/** Nobody naps for so long by chance, so that what is left can be found by it. */
const NAP = String(100_000 + process.pid)

const without: Readonly<Record<SandboxKind, string | false>> = {
  bubblewrap: withoutBwrap,
  namespaces: barrier.kind === 'none' && barrier.reason,
  none: false,
}

const withoutFilter =
  (lookUpProgram('perl') === undefined && 'this machine has no perl') ||
  (callFilter('own') === null && `system calls of ${process.arch} are not known`)

const sandboxed = !without.bubblewrap || !without.namespaces

const root = mkdtempSync(join(tmpdir(), 'runproof-test-'))
const program = join(root, 'hostile')
const seen: string[] = []
const servers: Server[] = []
let outside: string
let victim: ChildProcess | undefined

before(async () => {
  // A socket where nothing is hidden; one in a temporary directory is, unless it is the program's own.
  outside = mkdtempSync(join(PUBLIC.find(isWritable)!, 'runproof-test-'))
  const listen = async (...to: [number, string] | [string]) => {
    const server = createServer(socket => {
      seen.push(String(to[0]))
      socket.destroy()
    })
    servers.push(server)
    // biome-ignore lint/suspicious/noExplicitAny: both forms of listen() end the same
    server.listen(...(to as [any]))
    await once(server, 'listening')
    return server
  }
  const port = ((await listen(0, '127.0.0.1')).address() as AddressInfo).port
  await listen(join(root, 'socket'))
  await listen(join(outside, 'socket'))
  // In no list of sockets by the name that it has: it was given another.
  await listen(join(outside, 'first'))
  renameSync(join(outside, 'first'), join(outside, 'renamed'))
  victim = spawn('sleep', [NAP], { stdio: 'ignore' })
  copyFileSync(join(import.meta.dirname, 'testdata/hostile.sh'), program)
  chmodSync(program, 0o755)
  const facts = {
    ...{
      NODE: process.execPath,
      CHECKOUT,
      CALLERS_HOME: homedir(),
      NAP,
      PORT: port,
      INNER_PORT: 4123,
      VICTIM: victim.pid,
    },
    ...{ SOCKET: join(root, 'socket'), OTHER_SOCKET: join(outside, 'socket') },
    ...{ RENAMED: join(outside, 'renamed'), KEYCTL: process.arch === 'arm64' ? 219 : 250 },
  }
  const lines = Object.entries(facts).map(([name, value]) => `${name}='${value}'\n`)
  writeFileSync(`${program}.facts`, lines.join(''))
})
after(() => {
  for (const server of servers) server.close()
  victim?.kill('SIGKILL')
  for (const dir of [root, outside]) rmSync(dir, { recursive: true, force: true })
})

const isBelow = (name: string) => (path: string) => path.startsWith(`${join(homedir(), name)}/`)
const napping = () => allPids().filter(pid => pid !== victim?.pid && readText(`/proc/${pid}/cmdline`).includes(NAP))

function isWritable(dir: string): boolean {
  try {
    accessSync(dir, constants.W_OK)
    return true
  } catch {
    return false
  }
}

async function askOne(asked: HeldProgram, ...words: [string, ...string[]]): Promise<ProgramAnswer> {
  return (await asked.ask([words]))[0]!
}

for (const sandbox of ['bubblewrap', 'namespaces', 'none'] as const) {
  const held = sandbox !== 'none'
  describe(`a program asked with ${held ? sandbox : 'nothing to hold it'}`, { skip: without[sandbox] }, () => {
    const hold = (options: Partial<AskOptions> = {}) =>
      askProgram({ path: program, sandbox, allowUnsandboxed: true, patience: 1, ...options })
    let asked: HeldProgram
    before(async () => {
      asked = await hold()
    })
    after(async () => {
      await asked[Symbol.asyncDispose]()
      assert.deepEqual(napping(), [])
    })

    test('is the one that was named', () => {
      assert.equal(asked.sandbox, sandbox)
      assert.equal(asked.path, program)
      assert.equal(asked.sha256, execFileSync('sha256sum', [program], { encoding: 'utf8' }).split(' ')[0])
    })

    const answers = [
      ['on standard error, with a failure', 'stderr', { status: 1, stdout: '', stderr: 'Usage: hostile\n' }],
      ['in colours', 'colours', { stdout: 'Usage: hostile\n' }],
      ['struck over', 'overstrikes', { stdout: 'Usage X\n' }],
      ['without an end of line', 'no-newline', { stdout: 'Usage: hostile' }],
      ['in bytes that are no text', 'rubbish', { stdout: 'Usage\ufffd\ufffd' }],
      ['through a pager', 'pages', { stdout: 'Usage: hostile\n' }],
      ['to an empty input', 'input', { stdout: '0' }],
      ['without a terminal', 'terminal', { stdout: 'none\nnor output\n' }],
    ] as const
    for (const [how, word, expected] of answers) {
      test(`answers ${how}`, async () => {
        const usual = { status: 0, stdout: '', stderr: '', timedOut: false, truncated: false }
        assert.deepEqual(await askOne(asked, word), { ...usual, ...expected })
      })
    }

    test('answers as many questions as there are, in their order', async () => {
      const words = Array.from({ length: 20 }, (_, index): [string, string] => ['command', String(index)])
      const texts = (await asked.ask(words)).map(({ stdout }) => stdout)
      assert.deepEqual(
        texts,
        words.map(([, index]) => `Usage: hostile command ${index}\n`),
      )
      assert.deepEqual(await asked.ask([]), [])
    })

    test('is cut off after a mebibyte', async () => {
      const { stdout, truncated, timedOut, status } = await askOne(asked, 'flood')
      assert.deepEqual([stdout.length, truncated, timedOut, status], [1_048_576, true, false, null])
    })

    test('sees an environment and directories that nobody uses', async () => {
      process.env['RUNPROOF_TEST_CANARY'] = 'canary'
      await using fresh = await hold()
      const environment = (await askOne(fresh, 'environment')).stdout
      delete process.env['RUNPROOF_TEST_CANARY']
      assert.doesNotMatch(environment, /canary/i)
      assert.match(environment, /^HOME=.*\/home$/m)
      const own = 'CLICOLOR COLUMNS GIT_PAGER HOME LC_ALL LINES MANPAGER NODE_COMPILE_CACHE NO_COLOR PAGER PATH PWD'
      const names = environment.match(/^\w+(?==)/gm)!.filter(name => name !== 'RUNPROOF_INSTANCE')
      assert.deepEqual(
        names.filter(name => !/^(XDG_|_$|OLDPWD|SHLVL)/.test(name)),
        [...own.split(' '), 'PYTHONDONTWRITEBYTECODE', 'SYSTEMD_PAGER', 'TERM', 'TMPDIR'],
      )
      if (!held) return
      const [cwd, ...rest] = (await askOne(fresh, 'places')).stdout.split('\n').filter(line => line !== '')
      assert.equal(cwd, '/tmp/runproof-asked/work')
      // Names of the directories that were listed, and nothing in any of them.
      assert.deepEqual(rest.toSorted(), ['.:', '/tmp/runproof-asked/home:'])
      const shown = (await askOne(fresh, 'callers-home')).stdout.split('\n')
      const hidden = readdirSync(homedir()).filter(name => ![CHECKOUT, process.execPath].some(isBelow(name)))
      assert.deepEqual(
        hidden.filter(name => shown.includes(name)),
        [],
      )
    })

    test('is killed when it hangs, and does not change that by ignoring signals', async () => {
      await using patient = await hold({ timeoutMs: 300 })
      const [hung, deaf] = await patient.ask([['hangs'], ['ignores']])
      assert.deepEqual([hung!.timedOut, hung!.status, hung!.stdout], [true, null, 'Usage: hostile\n'])
      assert.deepEqual([deaf!.timedOut, deaf!.status], [true, null])
      assert.deepEqual(napping(), [])
      assert.equal((await askOne(patient, 'no-newline')).stdout, 'Usage: hostile')
    })

    test('leaves no process, however far it went away, and is told of', async () => {
      await using fresh = await hold()
      const [away, holding] = await fresh.ask([['daemon'], ['holds-output']])
      assert.deepEqual([away!.stdout, away!.timedOut], ['started\n', false])
      assert.deepEqual([holding!.stdout, holding!.timedOut], ['started\n', false])
      assert.deepEqual(napping(), [])
      assert.deepEqual(await fresh.sideEffects(), ['it left a process behind: sleep, when asked for "daemon"'])
    })

    test('is let go at once, with what it is doing', async () => {
      const fresh = await hold()
      const asking = fresh.ask([['hangs'], ['hangs'], ['hangs']]).catch(({ message }: Error) => message)
      const beforeMs = performance.now()
      await fresh[Symbol.asyncDispose]()
      assert.ok(performance.now() - beforeMs < 3_000)
      assert.equal(await asking, 'the program was let go')
      assert.deepEqual(napping(), [])
    })

    test('has no way out that namespaces leave open', { skip: withoutFilter }, async () => {
      assert.equal((await askOne(asked, 'ways-out')).stdout, 'tried\n')
      assert.deepEqual(seen, [])
    })

    test('reaches nobody outside', { skip: !held && withoutFilter }, async () => {
      const { stdout } = await askOne(asked, 'connects')
      assert.doesNotMatch(stdout, /^connected/m)
      assert.equal(stdout.match(/^refused/gm)?.length, 3)
      assert.deepEqual(seen, [])
    })

    test('gains nothing by being setuid', { skip: (!isRoot && 'not root') || (!held && withoutFilter) }, async t => {
      const copy = join(root, 'setuid-id')
      copyFileSync('/usr/bin/id', copy)
      chownSync(copy, 65_534, 65_534)
      chmodSync(copy, 0o6755)
      if (execFileSync(copy, ['-u'], { encoding: 'utf8' }) !== '65534\n') return t.skip('nothing is setuid here')
      await using fresh = await hold({ path: copy })
      assert.equal((await askOne(fresh, '-u')).stdout, '0\n')
    })

    if (!held) return

    test('writes only where it is forgotten, and is told of', async () => {
      await using fresh = await hold()
      const { stdout } = await askOne(fresh, 'writes')
      const room = '/tmp/runproof-asked'
      // Of a checkout that lies in a private place only parts are shown, and what is around them is forgotten, too.
      const elsewhere = (lines: readonly string[]) => lines.filter(line => !line.includes(join(CHECKOUT, 'hostile')))
      const wrote = [`${room}/home/.rc`, './core', '/tmp/loose', `${room}/tmp/deep/er/one`, '/dev/shm/shared']
      assert.deepEqual(
        elsewhere(stdout.trim().split('\n')),
        wrote.map(path => `wrote ${path}`),
      )
      for (const path of [
        '/etc/hostile',
        '/usr/hostile',
        '/tmp/loose',
        join(root, 'beside'),
        join(CHECKOUT, 'hostile'),
      ])
        assert.equal(existsSync(path), false, path)
      const told = ['~/.rc', './core', '/tmp/loose', `${room}/tmp/deep/er/one`, '/dev/shm/shared']
      assert.deepEqual(
        elsewhere(await fresh.sideEffects()).toSorted(),
        told.map(path => `it wrote ${path} when asked for "writes"`).toSorted(),
      )
      assert.equal((await askOne(fresh, 'kernel')).stdout, 'read-only\n')
    })

    test('does not become the one that asks by debugging it', async () => {
      assert.equal((await askOne(asked, 'debugs')).stdout, 'refused\n')
    })

    test('sees no keys and logs of the machine, also where it is root', async () => {
      const lines = (await askOne(asked, 'machine')).stdout.trim().split('\n')
      assert.deepEqual(lines, ['/etc/ssl/private 0', '/var/log 0', '/var/spool 0'])
    })

    test('is told of where it listens', async () => {
      await using patient = await hold({ timeoutMs: 2_000 })
      assert.equal((await askOne(patient, 'listens')).timedOut, true)
      assert.deepEqual(await patient.sideEffects(), ['it listened on tcp 0.0.0.0:4123 when asked for "listens"'])
    })

    test('kills nobody but the one beside it that asks, who is replaced', async () => {
      await using fresh = await hold()
      assert.equal((await askOne(fresh, 'kills')).status, null)
      assert.equal(victim!.exitCode ?? victim!.signalCode, null)
      assert.equal((await askOne(fresh, 'no-newline')).stdout, 'Usage: hostile')
      const [told] = await fresh.sideEffects()
      assert.equal(told, 'it ended or stopped the process beside it that asks when asked for "kills"')
    })

    test('is not believed what it says for the one that asks', async () => {
      await using fresh = await hold({ lanes: 1 })
      const answers = await fresh.ask([['forges'], ['no-newline'], ['no-newline']])
      assert.deepEqual(
        answers.slice(1).map(({ stdout }) => stdout),
        ['Usage: hostile', 'Usage: hostile'],
      )
    })

    test('does not make anybody wait by stopping the one that asks', async () => {
      await using fresh = await hold({ lanes: 1, timeoutMs: 300 })
      const stopped = await askOne(fresh, 'stops')
      assert.deepEqual([stopped.status, stopped.timedOut], [null, true])
      assert.deepEqual(napping(), [])
      assert.equal((await fresh.sideEffects()).length, 1)
    })

    test('is killed when it has too many processes', async () => {
      await using fresh = await hold({ maxProcesses: 20 })
      const answer = await askOne(fresh, 'multiplies')
      assert.deepEqual([answer.status, answer.timedOut], [null, false])
      assert.ok((await fresh.sideEffects()).some(told => told.includes('so many processes that it was killed')))
      assert.deepEqual(napping(), [])
    })

    test('is found by a link, and through one of its own', async () => {
      const home = mkdtempSync(join(tmpdir(), 'runproof-test-'))
      try {
        mkdirSync(join(home, 'bin'))
        symlinkSync(program, join(home, 'bin/linked'))
        await using fresh = await hold({ path: join(home, 'bin/linked') })
        assert.equal(fresh.path, program)
        // It looks for what is beside itself, which is not there by this name.
        assert.match((await askOne(fresh, 'x')).stderr, /bin\/linked\.facts/)
      } finally {
        rmSync(home, { recursive: true })
      }
    })
  })
}

for (const [name, ...questions] of [
  ['git', 'help', 'commit --help', 'remote add -h', 'help -a', 'nothing --help'],
  ['tar', '--help', 'help', '--usage'],
  ['openssl', 'help', 'x509 -help', 'req --help', 'nothing --help'],
] as const) {
  const path = lookUpProgram(name)
  test(`${name} answers, and does nothing else`, {
    skip: (path === undefined && `this machine has no ${name}`) || (!sandboxed && 'this machine has no sandbox'),
  }, async () => {
    await using fresh = await askProgram({ path: path! })
    const all = await fresh.ask(questions.map(line => line.split(' ') as [string, ...string[]]))
    assert.ok(all.every(({ timedOut, status }) => !timedOut && status !== null))
    assert.match(all[0]!.stdout + all[0]!.stderr, /usage:|commands/i)
    assert.deepEqual(await fresh.sideEffects(), [])
  })
}

test('a program that nothing holds is asked for no more than its top-level help, unless that is allowed', async () => {
  await using asked = await askProgram({ path: program, sandbox: 'none' })
  assert.equal(asked.depth, 'top')
  assert.equal((await askOne(asked, 'help')).stdout, 'Usage: hostile help\n')
  await assert.rejects(asked.ask([['help'], ['daemon', '--help']]), {
    code: 'BARRIER_UNAVAILABLE',
    hint: /--allow-unsandboxed/,
  })
})

test('what does not end in time is asked again alone, and for longer, until one hangs again', async () => {
  await using asked = await askProgram({
    ...{ path: program, sandbox: 'none', allowUnsandboxed: true },
    ...{ timeoutMs: 250, patience: 12 },
  })
  const answers = await asked.ask([['slow'], ['slow'], ['hangs'], ['slow']])
  assert.deepEqual(
    answers.map(({ stdout, timedOut }) => [stdout.trim(), timedOut]),
    [
      ['Usage: slow', false],
      ['Usage: slow', false],
      ['Usage: hostile', true],
      ['', true],
    ],
  )
  assert.deepEqual(
    asked.late.map(({ words, withinMs, answered }) => [words[0], withinMs, answered]),
    [
      ['slow', 3_000, true],
      ['slow', 3_000, true],
      ['hangs', 3_000, false],
      ['slow', 250, false],
    ],
  )
  assert.deepEqual(napping(), [])
})

test('a program is never called without a word', async () => {
  await using asked = await askProgram({ path: program, sandbox: 'none', allowUnsandboxed: true })
  await assert.rejects(asked.ask([[] as unknown as [string]]), /never called without a word/)
})

test('a program that is killed with who asks it leaves nothing', {
  skip: without.bubblewrap || without.namespaces,
}, async () => {
  for (const sandbox of ['bubblewrap', 'namespaces']) {
    const script = `
      import { askProgram } from ${JSON.stringify(join(import.meta.dirname, 'ask-program.ts'))}
      const asked = await askProgram({ path: process.argv[1], sandbox: process.argv[2], timeoutMs: 60_000 })
      process.stdout.write('asking')
      await asked.ask([['hangs']])`
    const child = spawn(process.execPath, ['--input-type=module', '-e', script, program, sandbox])
    await once(child.stdout, 'data')
    while (napping().length === 0) await new Promise(resolve => setTimeout(resolve, 20))
    child.kill('SIGKILL')
    await once(child, 'close')
    const deadline = performance.now() + 5_000
    while (napping().length > 0 && performance.now() < deadline) await new Promise(resolve => setTimeout(resolve, 20))
    assert.deepEqual(napping(), [], sandbox)
  }
})

test('a program inherits nothing that was open when runproof was started', async () => {
  const secret = join(outside, 'open')
  const descriptor = openSync(secret, 'w+')
  const kinds = (['bubblewrap', 'namespaces', 'none'] as const).filter(kind => without[kind] === false)
  const script = `
    import { askProgram } from ${JSON.stringify(join(import.meta.dirname, 'ask-program.ts'))}
    for (const sandbox of process.argv.slice(2)) {
      await using asked = await askProgram({ path: process.argv[1], sandbox, allowUnsandboxed: true })
      const answers = await asked.ask([['descriptors'], ...(sandbox === 'none' ? [] : [['all-descriptors']])])
      for (const { stdout } of answers) process.stdout.write(stdout)
    }`
  // Beyond the first gap, where Node closes none.
  const stdio = [
    'ignore',
    'pipe',
    'inherit',
    ...Array.from({ length: 40 }, () => 'ignore' as const),
    descriptor,
  ] as const
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, program, ...kinds], { stdio: [...stdio] })
  closeSync(descriptor)
  let listed = ''
  child.stdout!.on('data', (chunk: Buffer) => {
    listed += chunk.toString('utf8')
  })
  assert.deepEqual(await once(child, 'close'), [0, null])
  const files = listed.split('\n')
  assert.ok(files.filter(file => file === '/dev/null').length >= kinds.length)
  assert.ok(!files.includes(secret))
})

describe('what is no program of this machine', () => {
  let dir: string
  before(() => {
    dir = mkdtempSync(join(tmpdir(), 'runproof-test-'))
  })
  after(() => rmSync(dir, { recursive: true, force: true }))
  const file = (name: string, bytes: string | Uint8Array, mode = 0o755) => {
    writeFileSync(join(dir, name), bytes, { mode })
    return join(dir, name)
  }
  const foreign = () => {
    const own = readFileSync('/bin/true').subarray(0, 4_096)
    own[18] = 0x16
    return own
  }
  const cases = [
    ['missing', () => join(dir, 'missing'), 'TOOL_MISSING', /does not exist/],
    ['a directory', () => dir, 'TOOL_MISSING', /is a directory/],
    ['not executable', () => file('plain', '#!/bin/sh\n', 0o644), 'TOOL_MISSING', /may not be executed/],
    [
      'a link to nothing',
      () => {
        symlinkSync('nowhere', join(dir, 'dangling'))
        return join(dir, 'dangling')
      },
      'TOOL_MISSING',
      /is a link to nothing/,
    ],
    ['unknown by its name', () => 'runproof-no-such-program', 'TOOL_MISSING', /is not in \/usr/],
    ['for another machine', () => file('foreign', foreign()), 'COMMAND_FAILED', /built for another machine/],
    ['rubbish', () => file('rubbish', Buffer.from([0, 1, 2, 255])), 'COMMAND_FAILED', /neither a program nor a script/],
    ['a script of nobody', () => file('orphan', '#!/opt/none/such\n'), 'COMMAND_FAILED', /\/opt\/none\/such/],
  ] as const
  for (const [what, make, code, message] of cases) {
    test(`is refused: ${what}`, () => assert.rejects(askProgram({ path: make(), sandbox: 'none' }), { code, message }))
  }

  test('leaves nothing in the temporary directory', () => {
    assert.deepEqual(readdirSync(dir).toSorted(), ['dangling', 'foreign', 'orphan', 'plain', 'rubbish'])
    assert.ok(statSync(dir).isDirectory())
  })
})
