import assert from 'node:assert/strict'
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { RunproofError } from '../../model/error.ts'
import type { Instance, InstanceProcess, InstanceSpec, ThroughTls } from '../../model/instance.ts'
import { Secret } from '../../model/secret.ts'
import { makeCertificate } from '../http/testdata/certificates.ts'
import { awaitGone, descendants, isAlive, readStat } from '../process/identity.ts'
import { markedPids } from '../process/marked.ts'
import { sweep } from '../process/sweep.ts'
import { instances } from './instances.ts'

const execute = promisify(execFile)
const testdata = (name: string) => fileURLToPath(new URL(`./testdata/${name}`, import.meta.url))
const barrier = await instances.detectBarrier()
const behindBarrier = { skip: barrier.kind === 'none' ? barrier.reason : false }

let scratch: string
before(() => {
  scratch = mkdtempSync(join(tmpdir(), 'runproof-test-'))
})
after(() => rmSync(scratch, { recursive: true, force: true }))

function start(manner: string, spec: Partial<InstanceSpec> = {}): Promise<Instance> {
  return instances.start({
    scratch,
    daemon: ({ port }) => ({ argv: [process.execPath, testdata('daemon.ts'), String(port), manner] }),
    ...spec,
  })
}

const ready = (instance: Instance) => instance.waitReady({ path: '/', timeoutMs: 10_000 })
/** A deadline that is tried out begins when its program has been loaded. */
async function listens(instance: Instance): Promise<void> {
  while ((await instance.egressProbe({ host: '127.0.0.1', port: instance.place.port })).outcome !== 'connected');
}
const nothingLeft = { processes: [], namespaces: [], mounts: [], sockets: [] }
const others = (processes: readonly InstanceProcess[]) => processes.filter(({ role }) => role === 'other')

async function listenOutside(place: number | string = 0): Promise<Server & AsyncDisposable & { port: number }> {
  const server = createServer(socket => socket.on('error', () => {}))
  if (typeof place === 'number') server.listen(place, '127.0.0.1')
  else server.listen(place)
  await once(server, 'listening')
  const address = server.address()
  return Object.assign(server, { port: typeof address === 'object' && address ? address.port : 0 })
}

describe('an instance behind a barrier', behindBarrier, () => {
  test('answers through the barrier and leaves nothing when it is stopped', async () => {
    const instance = await start('plain')
    assert.equal(instance.state().phase, 'running')
    const readiness = await ready(instance)
    assert.equal(readiness.outcome, 'ready')
    assert.equal(readiness.answer?.text, 'ready')
    assert.equal(instance.state().phase, 'ready')

    const { processes } = await instance.facts()
    const stopped = await instance.stop()
    assert.deepEqual(
      { signal: stopped.signal, forced: stopped.forced, leftovers: stopped.leftovers },
      { signal: 'SIGTERM', forced: false, leftovers: [] },
    )
    assert.deepEqual(stopped.left, nothingLeft)
    assert.deepEqual(
      processes.filter(({ identity }) => isAlive(identity)),
      [],
    )
    assert.equal(instance.state().phase, 'stopped')
    assert.equal(await instance.stop(), stopped)
  })

  test('starts its daemon once more at the same place, with what it wrote and what accompanies it', async () => {
    const lower = mkdtempSync(join(scratch, 'lower-'))
    const at = join(scratch, 'restarted-view')
    const instance = await start('plain', {
      views: [{ lower, at }],
      tunnels: ['beside'],
      beforeStart: async inside => {
        inside.accompany({
          argv: [process.execPath, testdata('daemon.ts'), String(inside.place.tunnels['beside']), 'plain'],
        })
      },
    })
    await ready(instance)
    const first = instance.pid!
    await instance.run({ argv: ['sh', '-c', `echo kept > ${at}/file`] }, { timeoutMs: 5_000 })

    assert.deepEqual(await instance.restart(), { exitCode: null, signal: 'SIGTERM' })
    assert.equal((await ready(instance)).outcome, 'ready')
    assert.notEqual(instance.pid, first)
    assert.equal(instance.state().phase, 'ready')
    const read = await instance.run({ argv: ['cat', `${at}/file`] }, { timeoutMs: 5_000 })
    assert.equal(read.stdout, 'kept\n')
    assert.equal((await instance.through('beside').request('/')).text, 'ready')

    const stopped = await instance.stop()
    assert.deepEqual([stopped.endedBefore, stopped.forced, stopped.left], [false, false, nothingLeft])
    assert.deepEqual(await instance.exited, { exitCode: null, signal: 'SIGTERM' })
    await assert.rejects(instance.restart(), { code: 'INSTANCE_FAILED' })
  })

  test('says so when its daemon does not stop to be started again', async () => {
    await using instance = await start('ignores-sigterm')
    await ready(instance)
    await assert.rejects(instance.restart({ graceMs: 50 }), { code: 'INSTANCE_FAILED', message: /did not stop within/ })
    assert.equal(instance.state().phase, 'ready')
    assert.equal((await instance.stop({ graceMs: 50 })).forced, true)
  })

  test('has its own namespaces, no capability, and a listener on loopback only', async () => {
    await using instance = await start('plain')
    await ready(instance)
    const facts = await instance.facts()
    const daemon = facts.processes.find(({ role }) => role === 'daemon')!
    assert.equal(daemon.identity.pid, instance.pid)
    assert.equal(Number.parseInt(daemon.capEff, 16), 0)
    assert.equal(daemon.noNewPrivileges, true)
    assert.equal(daemon.home, instance.place.home)
    assert.deepEqual(facts.interfaces, ['lo'])
    const { user: _, ...namespaces } = facts.ownNamespaces
    assert.deepEqual(namespaces, { net: true, pid: true, mnt: true, ipc: true, uts: true })
    assert.deepEqual(facts.listeners, [
      { protocol: 'tcp', address: '127.0.0.1', port: instance.place.port, loopback: true, pid: instance.pid },
    ])
    const files = facts.openFiles.filter(({ via }) => via === 'descriptor').map(({ path }) => path)
    assert.deepEqual(
      files.filter(path => path !== '/dev/null'),
      [],
    )
  })

  test('cannot reach a listener outside, which the same probe reaches from outside', async () => {
    await using outside = await listenOutside()
    await using instance = await start('plain')
    const probe = { host: '127.0.0.1', port: outside.port }
    assert.equal((await instance.egressProbe(probe)).outcome, 'refused')
    assert.equal((await instances.probeFromOutside(probe)).outcome, 'connected')
    assert.deepEqual(await instance.egressProbe({ host: '192.0.2.1', port: 9 }), {
      outcome: 'unreachable',
      code: 'ENETUNREACH',
    })
  })

  test('reaches the listener outside when the network is shared on purpose', async () => {
    await using outside = await listenOutside()
    await using instance = await start('plain', { network: 'shared' })
    assert.equal((await ready(instance)).outcome, 'ready')
    assert.equal((await instance.egressProbe({ host: '127.0.0.1', port: outside.port })).outcome, 'connected')
    const { listeners } = await instance.facts()
    assert.deepEqual(
      listeners.map(({ port }) => port),
      [instance.place.port],
    )
  })

  test('cannot reach a socket in the file system that listened before it started', async () => {
    const path = join(scratch, 'outside.sock')
    await using _outside = await listenOutside(path)
    await using instance = await start('plain')
    const knock = `require('node:net').connect(${JSON.stringify(path)}).on('connect', () => process.exit(0)).on('error', () => process.exit(9))`
    const fromInside = await instance.run({ argv: [process.execPath, '-e', knock] }, { timeoutMs: 5_000 })
    assert.equal(fromInside.exitCode, 9)
    execFileSync(process.execPath, ['-e', knock])
  })

  test('sees only the environment it was given', async () => {
    const secret = new Secret('token', `value-${Math.random()}`)
    process.env.RUNPROOF_TEST_INHERITED = 'yes'
    await using instance = await start('plain', {
      daemon: ({ port }) => ({
        argv: [process.execPath, testdata('daemon.ts'), String(port), 'plain'],
        env: { GIVEN: 'plain', TOKEN: secret },
      }),
    })
    delete process.env.RUNPROOF_TEST_INHERITED
    await ready(instance)
    const environment = JSON.parse((await instance.request('/environment')).text) as Record<string, string>
    assert.deepEqual(Object.keys(environment).sort(), [
      ...['GIVEN', 'HOME', 'LANG', 'PATH', 'RUNPROOF_INSTANCE', 'TMPDIR', 'TOKEN', 'TZ', 'XDG_CACHE_HOME'],
      ...['XDG_CONFIG_HOME', 'XDG_DATA_HOME', 'XDG_RUNTIME_DIR', 'XDG_STATE_HOME'],
    ])
    assert.equal(environment.TOKEN, secret.reveal())
    for (const name of ['HOME', 'TMPDIR', 'XDG_CONFIG_HOME', 'XDG_RUNTIME_DIR']) {
      assert.ok(environment[name]!.startsWith(`${instance.place.dir}/`))
      assert.equal(statSync(environment[name]!).mode & 0o777, 0o700)
    }
    const { processes } = await instance.facts()
    assert.ok(!JSON.stringify(processes).includes(secret.reveal()))
  })

  test('is killed when it ignores SIGTERM', async () => {
    const instance = await start('ignores-sigterm')
    await ready(instance)
    const stopped = await instance.stop({ graceMs: 200 })
    assert.equal(stopped.forced, true)
    assert.equal(stopped.signal, 'SIGKILL')
    assert.ok(stopped.durationMs >= 200)
    assert.deepEqual(stopped.left, nothingLeft)
  })

  test('tells of a grandchild in a session of its own, and ends it', async () => {
    const instance = await start('leaves-grandchild')
    await ready(instance)
    const stopped = await instance.stop()
    assert.equal(stopped.forced, false)
    assert.deepEqual(
      stopped.leftovers.map(({ argv }) => argv),
      [['sleep', '300']],
    )
    assert.equal(isAlive(stopped.leftovers[0]!.identity), false)
    assert.deepEqual(stopped.left, nothingLeft)
  })

  test('that ends at its start is an observation with its exit code and last words', async () => {
    await using instance = await start('exits')
    const readiness = await ready(instance)
    assert.equal(readiness.outcome, 'exited')
    assert.deepEqual(readiness.exit, { exitCode: 3, signal: null })
    assert.deepEqual(instance.state(), { phase: 'exited', exitCode: 3, signal: null })
    assert.match((await instance.log()).stderr, /cannot read the configuration/)
    await assert.rejects(instance.request('/'), { code: 'TARGET_UNREACHABLE' })
  })

  test('that listens and never answers is an observation', async () => {
    await using instance = await start('never-answers')
    await listens(instance)
    const readiness = await instance.waitReady({ path: '/', timeoutMs: 500, requestTimeoutMs: 200 })
    assert.equal(readiness.outcome, 'unanswered')
    assert.ok(readiness.durationMs >= 500)
    await assert.rejects(instance.request('/', { timeoutMs: 100 }), { code: 'TIMEOUT' })
  })

  test('that answers wrongly is refused, with its last answer', async () => {
    await using instance = await start('plain')
    await listens(instance)
    const readiness = await instance.waitReady({ path: '/unready', timeoutMs: 500 })
    assert.equal(readiness.outcome, 'refused')
    assert.equal(readiness.answer?.status, 503)
  })

  test('never follows a redirect, never reads more than asked for, never waits longer', async () => {
    await using instance = await start('plain')
    await ready(instance)
    const redirect = await instance.request('/redirect')
    assert.deepEqual([redirect.status, redirect.headers.location], [307, '/environment'])
    await assert.rejects(instance.request('/big', { maxBytes: 1_000 }), { code: 'BODY_TOO_LARGE' })
    await assert.rejects(instance.request('/slow', { timeoutMs: 100 }), { code: 'TIMEOUT' })
    const interrupt = new AbortController()
    const interrupted = instance.request('/slow', { signal: interrupt.signal })
    interrupt.abort()
    await assert.rejects(interrupted, { code: 'INTERRUPTED' })
    const bearer = new Secret('token', `value-${Math.random()}`)
    const headers = JSON.parse((await instance.request('/headers', { bearer })).text) as Record<string, string>
    assert.equal(headers.authorization, `Bearer ${bearer.reveal()}`)
  })

  test('streams until the reader closes', async () => {
    await using instance = await start('plain')
    await ready(instance)
    const stream = await instance.openStream('/stream')
    assert.equal(stream.headers['content-type'], 'text/event-stream')
    let text = ''
    for await (const chunk of stream.chunks) {
      text += Buffer.from(chunk).toString()
      if (text.includes('id: 3')) stream.close()
    }
    assert.match(text, /id: 1\n\nid: 2\n\nid: 3/)
  })

  test('that dies breaks the stream that is being read: TARGET_UNREACHABLE', async () => {
    await using instance = await start('plain')
    await ready(instance)
    const stream = await instance.openStream('/stream')
    await assert.rejects(
      async () => {
        // More than one chunk may be on its way, and it dies once.
        let killed = false
        for await (const _ of stream.chunks) {
          if (!killed) process.kill(instance.pid!, 'SIGKILL')
          killed = true
        }
      },
      { code: 'TARGET_UNREACHABLE' },
    )
    assert.deepEqual(await instance.exited, { exitCode: null, signal: 'SIGKILL' })
    await assert.rejects(instance.openStream('/stream'), { code: 'TARGET_UNREACHABLE' })
  })

  test('shows a view of a directory whose original stays as it is', async () => {
    const lower = join(scratch, 'with,comma:and colon')
    const at = join(scratch, 'view')
    mkdirSync(lower)
    writeFileSync(join(lower, 'file'), 'original')
    writeFileSync(join(lower, 'broken-before-start'), 'original')
    await using instance = await start('', {
      views: [{ lower, at }],
      beforeStart: async ({ run }) => {
        await run({ argv: ['rm', join(at, 'broken-before-start')] }, { timeoutMs: 5_000 })
      },
      daemon: ({ port }) => ({
        argv: [process.execPath, testdata('daemon.ts'), String(port), 'writes', join(at, 'file')],
      }),
    })
    await ready(instance)
    assert.deepEqual(
      instance.views.map(({ how }) => how),
      ['overlay'],
    )
    const inside = await instance.run({ argv: ['sh', '-c', 'ls; cat file'], cwd: at }, { timeoutMs: 5_000 })
    assert.equal(inside.stdout, 'file\nwritten by the daemon')
    assert.equal(readFileSync(join(lower, 'file'), 'utf8'), 'original')
    assert.ok(existsSync(join(lower, 'broken-before-start')))
    const { left } = await instance.stop()
    assert.deepEqual(left, nothingLeft)
    assert.equal(existsSync(join(at, 'file')), false)
  })

  test('what else listens inside is asked through a tunnel of its name, also before the daemon starts', async () => {
    let early = 0
    await using instance = await start('plain', {
      tunnels: ['one', 'two'],
      beforeStart: async inside => {
        const script = `require('node:http').createServer((q, a) => a.end('two' + q.url)).listen(${inside.place.tunnels['two']}, '127.0.0.1')`
        inside.accompany({ argv: [process.execPath, '-e', script] })
        while (early === 0)
          early = await inside
            .through('two')
            .request('/early')
            .then(({ text }) => text.length)
            .catch(() => 0)
      },
    })
    await ready(instance)
    assert.equal((await instance.through('two').request('/x')).text, 'two/x')
    await assert.rejects(instance.through('one').request('/'), { code: 'TARGET_UNREACHABLE' })
    assert.throws(() => instance.through('three'), { code: 'INTERNAL', message: /no tunnel three/ })
    const report = await instance.stop()
    assert.deepEqual([report.left, report.leftovers], [nothingLeft, []])
  })

  test('what accompanies it can be ended earlier, and tells how it ended by itself', async () => {
    await using instance = await start('plain')
    const sleeps = instance.accompany({ argv: ['sleep', '1000'] })
    const fails = instance.accompany({ argv: ['sh', '-c', 'exit 3'] })
    assert.equal((await fails.ended)?.exitCode, 3)
    await sleeps[Symbol.asyncDispose]()
    assert.equal(await sleeps.ended, undefined)
    const { processes } = await instance.facts()
    assert.deepEqual(others(processes), [])
  })

  for (const barrierAsked of ['best', 'none'] as const) {
    test(`what speaks TLS inside is asked by its name, and trusted by its roots alone, with ${barrierAsked} barrier`, async () => {
      const { key, certificate } = makeCertificate(scratch, `edge-${barrierAsked}`, {
        names: 'DNS:edge.example,IP:192.0.2.7',
      })
      const roots = [readFileSync(certificate, 'utf8')]
      const script = `
        const [port, key, cert] = process.argv.slice(1)
        const read = require('node:fs').readFileSync
        const options = { allowHTTP1: true, key: read(key), cert: read(cert) }
        const server = require('node:http2').createSecureServer(options, (q, a) =>
          a.end([q.authority ?? q.headers.host, q.socket.servername, q.httpVersion].join(' ')))
        server.listen(Number(port), '127.0.0.1')`
      await using instance = await start('plain', {
        tunnels: ['edge'],
        barrier: barrierAsked,
        readable: [key, certificate],
      })
      instance.accompany({
        argv: [process.execPath, '-e', script, String(instance.place.tunnels['edge']), key, certificate],
      })
      while ((await instance.egressProbe({ host: '127.0.0.1', port: instance.place.tunnels['edge']! })).code !== '');
      const ask = async (how: ThroughTls) => {
        const { text, protocol } = await instance.through('edge', how).request('/')
        return [text, protocol]
      }
      assert.deepEqual(await ask({ host: 'edge.example', roots }), ['edge.example edge.example 1.1', 'http/1.1'])
      assert.deepEqual(await ask({ host: 'edge.example', roots, http2: true }), ['edge.example edge.example 2.0', 'h2'])
      assert.equal((await ask({ host: '192.0.2.7', roots }))[1], 'http/1.1')
      await assert.rejects(ask({ host: 'other.example', roots }), {
        code: 'TLS_FAILED',
        message: /not for other.example/,
      })
      await assert.rejects(ask({ host: '192.0.2.8', roots }), { code: 'TLS_FAILED', message: /not for 192.0.2.8/ })
      await assert.rejects(ask({ host: 'edge.example', roots: [] }), { code: 'TLS_FAILED', message: /self-signed/ })
    })
  }

  test('a command that is killed inside is noticed, also where process 1 outside notices nothing', async t => {
    if (barrier.kind !== 'root-namespaces') return t.skip('this machine refuses to make a namespace for process 1')
    const { stdout } = await execute(
      barrier.tools.unshare!,
      ['--fork', '--pid', '--mount-proc', '--kill-child', process.execPath, testdata('kill-inside.ts')],
      { timeout: 30_000 },
    )
    assert.deepEqual(JSON.parse(stdout), { pid: 1, timedOut: true, left: nothingLeft })
  })

  test('runs commands inside, unprivileged, with time and output limited', async () => {
    await using instance = await start('plain')
    const status = await instance.run({ argv: ['cat', '/proc/self/status'] }, { timeoutMs: 5_000 })
    assert.match(status.stdout, /^CapEff:\s+0+$/m)
    assert.match(status.stdout, /^NoNewPrivs:\s+1$/m)
    const processes = await instance.run({ argv: ['cat', '/proc/1/cmdline'] }, { timeoutMs: 5_000 })
    assert.match(processes.stdout, /warden/)
    const slow = await instance.run({ argv: ['sleep', '300'] }, { timeoutMs: 100 })
    assert.equal(slow.timedOut, true)
    assert.deepEqual(others((await instance.facts()).processes), [])
    const loud = await instance.run(
      { argv: ['head', '-c', '5000', '/dev/zero'] },
      { timeoutMs: 5_000, maxOutputBytes: 100 },
    )
    assert.deepEqual([loud.stdout.length, loud.stdoutCut, loud.exitCode], [100, true, 0])
    await assert.rejects(instance.run({ argv: ['no-such-program'] }, { timeoutMs: 1_000 }), { code: 'TOOL_MISSING' })
  })

  test('runs as another user when root asks for one', async t => {
    if (process.geteuid?.() !== 0) return t.skip('only root can choose a user')
    const place = mkdtempSync(join(tmpdir(), 'runproof-user-'))
    t.after(() => rmSync(place, { recursive: true, force: true }))
    chmodSync(place, 0o711)
    await using instance = await start('plain', { scratch: place, user: { uid: 65_534, gid: 65_534 } })
    assert.equal((await ready(instance)).outcome, 'ready')
    const daemon = (await instance.facts()).processes.find(({ role }) => role === 'daemon')
    assert.equal(daemon?.uid, 65_534)
    const id = await instance.run({ argv: ['sh', '-c', 'id -u; id -G; touch made'] }, { timeoutMs: 5_000 })
    assert.deepEqual([id.stdout, id.exitCode], ['65534\n65534\n', 0])
  })

  test('keeps no zombie of an orphan that ended', async () => {
    await using instance = await start('plain')
    const init = (await instance.facts()).processes.find(({ role }) => role === 'init')!
    await instance.run({ argv: ['sh', '-c', 'setsid sleep 0.05 &'] }, { timeoutMs: 5_000 })
    const ofInit = () => descendants(init.identity.pid).flatMap(pid => readStat(pid) ?? [])
    const orphans = () => ofInit().filter(({ parentPid }) => parentPid === init.identity.pid)
    const deadline = performance.now() + 5_000
    while (orphans().length > 1 && performance.now() < deadline) await new Promise(resolve => setTimeout(resolve, 5))
    assert.deepEqual(
      orphans()
        .map(({ state }) => state)
        .filter(state => state === 'Z'),
      [],
    )
    assert.equal(orphans().length, 1)
  })

  test('keeps no more of its output than asked for', async () => {
    await using instance = await start('chatters', { maxLogBytes: 1_000 })
    await ready(instance)
    await instance.stop()
    const log = await instance.log()
    assert.equal(log.stdout.length, 1_000)
    assert.equal(log.droppedBytes, 99_000)
  })

  test('is reached with the loopback interface brought up by perl, where iproute2 is missing', async t => {
    if (barrier.tools.perl === null) return t.skip('perl is missing here')
    const { startInstance } = await import('./start-instance.ts')
    await using instance = await startInstance(
      {
        scratch,
        daemon: ({ port }) => ({ argv: [process.execPath, testdata('daemon.ts'), String(port), 'plain'] }),
      },
      { ...barrier, tools: { ...barrier.tools, ip: null } },
    )
    assert.equal((await ready(instance)).outcome, 'ready')
  })

  test('is reached even where its directory has a name too long for a socket', async () => {
    const long = join(scratch, 'x'.repeat(120))
    mkdirSync(long)
    const instance = await start('plain', { scratch: long })
    assert.equal((await ready(instance)).outcome, 'ready')
    assert.deepEqual((await instance.stop()).left, nothingLeft)
  })
})

describe('an instance without a barrier', () => {
  test('says so, answers, and leaves nothing, not even a grandchild in a session of its own', async () => {
    const instance = await start('leaves-grandchild', { barrier: 'none' })
    assert.equal(instance.barrier.kind, 'none')
    assert.equal((await ready(instance)).outcome, 'ready')
    assert.equal((await instance.request('/')).text, 'ready')
    const stopped = await instance.stop()
    assert.deepEqual(
      stopped.leftovers.map(({ argv }) => argv),
      [['sleep', '300']],
    )
    assert.deepEqual(stopped.left, nothingLeft)
    assert.equal(isAlive(stopped.leftovers[0]!.identity), false)
  })

  test('takes another port when its own was taken before it could bind it', async () => {
    let outside: (Server & { port: number }) | undefined
    const instance = await start('plain', {
      barrier: 'none',
      beforeStart: async ({ place }) => {
        outside = await listenOutside(place.port)
      },
    })
    try {
      const readiness = await ready(instance)
      assert.equal(readiness.outcome, 'ready')
      assert.notEqual(instance.place.port, outside!.port)
      assert.equal((await instance.request('/')).text, 'ready')
    } finally {
      outside?.close()
      await instance.stop()
    }
  })

  test('is not ready because somebody else answers on its port', async () => {
    const stranger = createHttpServer((_, response) => response.end('ready'))
    const instance = await start('never-listens', {
      barrier: 'none',
      beforeStart: async ({ place }) => {
        await once(stranger.listen(place.port, '127.0.0.1'), 'listening')
      },
    })
    try {
      assert.equal((await instance.request('/')).text, 'ready')
      const readiness = await instance.waitReady({ path: '/', timeoutMs: 500 })
      assert.equal(readiness.outcome, 'unlistened')
    } finally {
      stranger.close()
      await instance.stop()
    }
  })

  test('copies what it cannot overlay', async () => {
    const lower = join(scratch, 'copied')
    mkdirSync(lower)
    writeFileSync(join(lower, 'file'), 'original')
    const at = join(scratch, 'copy')
    await using instance = await start('', {
      barrier: 'none',
      views: [{ lower, at }],
      daemon: ({ port }) => ({
        argv: [process.execPath, testdata('daemon.ts'), String(port), 'writes', join(at, 'file')],
      }),
    })
    await ready(instance)
    assert.deepEqual(
      instance.views.map(({ how }) => how),
      ['copy'],
    )
    assert.equal(readFileSync(join(at, 'file'), 'utf8'), 'written by the daemon')
    assert.equal(readFileSync(join(lower, 'file'), 'utf8'), 'original')
  })
})

describe('a start that cannot be', () => {
  const cases: readonly (readonly [string, Partial<InstanceSpec>, RunproofError['code']])[] = [
    ['names a program that is not there', { daemon: () => ({ argv: ['/no/such/daemon'] }) }, 'TOOL_MISSING'],
    ['names a scratch directory that is not there', { scratch: '/no/such/scratch' }, 'INSTANCE_FAILED'],
    [
      'names a directory to show that is not there',
      { views: [{ lower: '/no/such', at: '/no/at' }] },
      'INSTANCE_FAILED',
    ],
    ['would hide something behind a view', { views: [{ lower: tmpdir(), at: '/proc' }] }, 'NOT_EMPTY'],
    ['has an id that is a path', { id: '../elsewhere' }, 'INSTANCE_FAILED'],
    ['was interrupted before', { signal: AbortSignal.abort() }, 'INTERRUPTED'],
  ]
  for (const [title, spec, code] of cases) {
    test(`${title}: ${code}`, async () => {
      await assert.rejects(start('plain', { barrier: 'none', ...spec }), { code })
    })
  }

  test('finds no barrier on a machine without the programs: BARRIER_UNAVAILABLE', async () => {
    const { startInstance } = await import('./start-instance.ts')
    const { detectBarrier } = await import('./barrier.ts')
    const bare = await detectBarrier('/nonexistent')
    assert.equal(bare.kind, 'none')
    assert.match(bare.reason, /unshare/)
    await assert.rejects(startInstance({ scratch }, bare), { code: 'BARRIER_UNAVAILABLE' })
  })
})

describe('SIGKILL of the process that holds an instance', () => {
  async function hold(workDir: string, kind: string): Promise<{ child: ChildProcess; processes: InstanceProcess[] }> {
    const child = spawn(process.execPath, [testdata('hold.ts'), workDir, kind], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [line] = (await once(createInterface(child.stdout!), 'line')) as [string]
    return { child, processes: JSON.parse(line) as InstanceProcess[] }
  }

  for (const kind of barrier.kind === 'none' ? ['none'] : ['best', 'none']) {
    test(`leaves no process (barrier: ${kind}), and gc removes the rest`, async () => {
      const workDir = mkdtempSync(join(scratch, 'work-'))
      const { child, processes } = await hold(workDir, kind)
      assert.ok(processes.length >= 3)
      assert.deepEqual(await sweep(workDir), [])

      child.kill('SIGKILL')
      await once(child, 'exit')
      assert.deepEqual(
        await awaitGone(
          processes.map(({ identity }) => identity),
          5_000,
        ),
        [],
      )

      assert.ok(existsSync(join(workDir, 'killed-run')))
      const [swept] = await sweep(workDir)
      assert.deepEqual(swept?.failed, [])
      assert.deepEqual(swept?.removed, [join(workDir, 'killed-run')])
      assert.equal(existsSync(join(workDir, 'killed-run')), false)
      assert.deepEqual(await sweep(workDir), [])
    })
  }

  test('leaves no process even when its warden is frozen', behindBarrier, async () => {
    const { child, processes } = await hold(mkdtempSync(join(scratch, 'work-')), 'best')
    process.kill(processes.find(({ role }) => role === 'warden')!.identity.pid, 'SIGSTOP')
    child.kill('SIGKILL')
    await once(child, 'exit')
    const identities = processes.map(({ identity }) => identity)
    assert.deepEqual(await awaitGone(identities, 5_000), [])
  })

  test('with its warden killed as well, leaves to gc what it finds by its marker', async () => {
    const workDir = mkdtempSync(join(scratch, 'work-'))
    const { child, processes } = await hold(workDir, 'none')
    const warden = processes.find(({ role }) => role === 'warden')!
    process.kill(warden.identity.pid, 'SIGKILL')
    child.kill('SIGKILL')
    await once(child, 'exit')
    const sleeper = processes.find(({ argv }) => argv[0] === 'sleep')!
    assert.ok(isAlive(sleeper.identity))
    const [swept] = await sweep(workDir)
    assert.ok(swept?.killed.some(({ pid }) => pid === sleeper.identity.pid))
    assert.equal(isAlive(sleeper.identity), false)
    assert.deepEqual(swept?.failed, [])
  })
})

test('an unprivileged user gets the same barrier from user namespaces', async t => {
  if (process.geteuid?.() !== 0) return t.skip('not root: every test above ran unprivileged')
  const place = mkdtempSync(join(tmpdir(), 'runproof-nobody-'))
  try {
    chownSync(place, 65_534, 65_534)
    chmodSync(place, 0o700)
    const as = ['--reuid=65534', '--regid=65534', '--clear-groups', '--']
    try {
      execFileSync('setpriv', [...as, 'unshare', '--user', 'true'], { stdio: 'ignore' })
      execFileSync('setpriv', [...as, 'test', '-r', testdata('whole-life.ts')])
    } catch {
      return t.skip('this machine refuses user namespaces to unprivileged users, or hides the checkout from them')
    }
    const output = execFileSync('setpriv', [...as, process.execPath, testdata('whole-life.ts'), place], {
      encoding: 'utf8',
      env: { TMPDIR: place },
    })
    const life = JSON.parse(output)
    assert.equal(life.barrier.kind, 'user-namespaces')
    assert.equal(life.readiness, 'ready')
    assert.equal(life.seen.stdout, 'written by the daemon')
    assert.equal(life.lower, 'original')
    assert.equal(life.daemon.uid, 65_534)
    assert.equal(Number.parseInt(life.daemon.capEff, 16), 0)
    assert.equal(life.daemon.noNewPrivileges, true)
    assert.deepEqual(life.interfaces, ['lo'])
    assert.equal(life.ownNamespaces.net, true)
    assert.deepEqual(life.egress, { outcome: 'unreachable', code: 'ENETUNREACH' })
    assert.deepEqual(life.left, nothingLeft)
  } finally {
    rmSync(place, { recursive: true, force: true })
  }
})

test('the marker of an ended instance is found on no process', async () => {
  const instance = await start('leaves-grandchild', { barrier: 'none', id: 'marked' })
  await ready(instance)
  const environment = JSON.parse((await instance.request('/environment')).text) as Record<string, string>
  const marker = environment.RUNPROOF_INSTANCE!
  assert.ok(markedPids(marker).length >= 2)
  await instance.stop()
  assert.deepEqual(markedPids(marker), [])
})
