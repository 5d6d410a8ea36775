import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { Instance, InstanceSpec } from '../../model/instance.ts'
import { instances } from './instances.ts'

const barrier = await instances.detectBarrier()
const isRoot = process.geteuid?.() === 0

describe('the files an instance sees', { skip: barrier.kind === 'none' ? barrier.reason : false }, () => {
  let root: string
  let scratch: string
  before(() => {
    root = mkdtempSync(join(tmpdir(), 'runproof-test-'))
    scratch = join(root, 'scratch')
    mkdirSync(scratch)
  })
  after(() => rmSync(root, { recursive: true, force: true }))

  const start = (spec: Partial<InstanceSpec> = {}) => instances.start({ scratch, ...spec })
  const sh = async (instance: Instance, script: string) =>
    (await instance.run({ argv: ['sh', '-c', script] }, { timeoutMs: 5_000 })).exitCode
  const shown = (name: string) => {
    const path = join(root, name)
    mkdirSync(path)
    writeFileSync(join(path, 'file'), 'original')
    return path
  }

  test('can be written to only in its own place', async () => {
    const readable = shown('readable')
    await using instance = await start({ readable: [readable] })
    assert.equal(await sh(instance, `cat ${readable}/file`), 0)
    assert.notEqual(await sh(instance, `echo changed > ${readable}/file`), 0)
    assert.notEqual(await sh(instance, `echo new > ${readable}/new`), 0)
    assert.equal(readFileSync(join(readable, 'file'), 'utf8'), 'original')
    assert.equal(await sh(instance, 'echo mine > "$TMPDIR/mine"'), 0)
    assert.equal(readFileSync(join(instance.place.tmp, 'mine'), 'utf8'), 'mine\n')
    const { writesThrough } = await instance.facts()
    assert.deepEqual(writesThrough, [instance.place.dir])
  })

  test('are read-only even where root may write without a capability', { skip: !isRoot && 'not root' }, async () => {
    await using instance = await start()
    for (const place of ['/', '/etc', '/proc/sys/kernel/core_pattern', dirname(process.execPath)])
      assert.notEqual(await sh(instance, `test -w ${place}`), 0, place)
  })

  test('tell of names that lead to itself, and of all that this machine knows', async () => {
    await using instance = await start({ names: ['edge.example', 'other.example'] })
    for (const name of ['edge.example', 'other.example'])
      assert.equal(await sh(instance, `getent hosts ${name} | grep -q '^127\\.0\\.0\\.1 '`), 0, name)
    assert.equal(await sh(instance, 'getent hosts localhost'), 0)
    assert.notEqual(await sh(instance, 'echo 127.0.0.1 mine >> /etc/hosts'), 0)
    assert.doesNotMatch(readFileSync('/etc/hosts', 'utf8'), /edge\.example/)
  })

  test('hold no device but harmless ones', async () => {
    await using instance = await start()
    assert.equal(await sh(instance, 'test -z "$(find /dev -type b)"'), 0)
    assert.equal(await sh(instance, 'echo x > /dev/null && head -c 1 /dev/urandom > /dev/shm/mine'), 0)
  })

  test('can be written to where it was allowed, and what was written stays', async () => {
    const place = shown('allowed')
    await using instance = await start({ writable: [place] })
    assert.equal(await sh(instance, `echo changed > ${place}/file`), 0)
    assert.equal(readFileSync(join(place, 'file'), 'utf8'), 'changed\n')
  })

  test('show a view, which lies in what is hidden', async () => {
    const at = join(scratch, 'view')
    await using instance = await start({ views: [{ lower: shown('lower'), at }] })
    assert.equal(await sh(instance, `grep -q original ${at}/file && echo changed > ${at}/file`), 0)
    assert.equal(readFileSync(join(root, 'lower/file'), 'utf8'), 'original')
  })

  test('follow what changes outside: a file that is replaced in a directory that is shown', async () => {
    const place = shown('followed')
    await using instance = await start({ readable: [place] })
    rmSync(join(place, 'file'))
    writeFileSync(join(place, 'file'), 'replaced')
    assert.equal(await sh(instance, `grep -q replaced ${place}/file`), 0)
  })

  test('are found through symbolic links, odd names and what is not there', async () => {
    const place = shown('odd #name\\040 here')
    symlinkSync(place, join(root, 'link'))
    await using instance = await start({ readable: [join(root, 'link/file'), join(root, 'nowhere')] })
    const seen = await instance.run({ argv: ['cat', join(root, 'link/file')] }, { timeoutMs: 5_000 })
    assert.equal(seen.stdout, 'original')
    const target = await instance.run({ argv: ['readlink', join(root, 'link')] }, { timeoutMs: 5_000 })
    assert.equal(target.stdout, `${place}\n`)
  })

  test('stay hidden in a scratch directory that lies in a directory that is shown', async () => {
    const site = shown('site')
    const work = join(site, 'work')
    mkdirSync(work)
    writeFileSync(join(work, 'secret'), 'of another')
    await using instance = await start({ scratch: work, readable: [site] })
    assert.equal(await sh(instance, `test -e ${site}/file`), 0)
    assert.notEqual(await sh(instance, `test -e ${work}/secret`), 0)
    assert.equal(await sh(instance, 'echo mine > "$TMPDIR/mine"'), 0)
    assert.ok(existsSync(join(instance.place.tmp, 'mine')))
  })

  test('stay hidden where a whole home was asked for', async () => {
    await using instance = await start({ readable: ['/tmp', '/run', root] })
    assert.equal(await sh(instance, `test -e ${root}/scratch`), 0)
    const { stdout } = await instance.run({ argv: ['ls', '/tmp'] }, { timeoutMs: 5_000 })
    // The program itself is shown wherever it lies, and a checkout may lie below /tmp.
    const expected = [root, import.meta.dirname].filter(one => one.startsWith('/tmp/')).map(one => one.split('/')[2])
    assert.deepEqual(stdout.trim().split('\n').sort(), [...new Set(expected)].sort())
  })

  async function listenAt(path: string): Promise<AsyncDisposable> {
    const server = createServer(socket => socket.on('error', () => {}).end())
    await once(server.listen(path), 'listening')
    return server
  }

  test('hold no socket of a program outside, whenever it was made', async () => {
    await using _before = await listenAt(join(root, 'before.sock'))
    await using instance = await start()
    await using _after = await listenAt(join(root, 'after.sock'))
    for (const path of [join(root, 'before.sock'), join(root, 'after.sock')]) {
      assert.equal((await instances.probeFromOutside({ path })).outcome, 'connected')
      assert.equal((await instance.egressProbe({ path })).outcome, 'unreachable', path)
    }
    assert.match(instance.uncovered.join(), /no program outside opens a socket for it after its start/)
  })

  test('hold no socket that listened before, not even in a directory that is shown', async () => {
    const place = shown('with-socket')
    const path = join(place, 'sock')
    await using _before = await listenAt(path)
    await using instance = await start({ readable: [place] })
    assert.equal((await instance.egressProbe({ path })).outcome, 'refused')
    assert.equal((await instances.probeFromOutside({ path })).outcome, 'connected')
  })

  test('hold no socket whose listener is in another network namespace', async () => {
    const place = shown('elsewhere')
    const path = join(place, 'sock')
    await using other = await start({ writable: [place] })
    const listen = `require('node:net').createServer().listen(${JSON.stringify(path)})`
    const interrupt = new AbortController()
    const running = other.run(
      { argv: [process.execPath, '-e', listen] },
      { timeoutMs: 60_000, signal: interrupt.signal },
    )
    while (!existsSync(path)) await new Promise(resolve => setTimeout(resolve, 5))
    await using instance = await start({ readable: [place] })
    const inside = await instance.egressProbe({ path })
    const outside = await instances.probeFromOutside({ path })
    interrupt.abort()
    await running.catch(() => {})
    assert.deepEqual([inside.outcome, outside.outcome], ['refused', 'connected'])
  })

  test('are those of the machine when they are shared on purpose', async () => {
    const place = shown('shared')
    await using _listener = await listenAt(join(place, 'sock'))
    await using instance = await start({ files: 'shared' })
    assert.equal((await instance.egressProbe({ path: join(place, 'sock') })).outcome, 'connected')
    assert.equal(await sh(instance, `echo changed > ${place}/file`), 0)
    assert.equal(readFileSync(join(place, 'file'), 'utf8'), 'changed\n')
    assert.notDeepEqual((await instance.facts()).writesThrough, [instance.place.dir])
  })
})
