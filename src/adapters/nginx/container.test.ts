import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { startUpstream } from '../../../fixtures/upstream/server.ts'
import type { RunproofError } from '../../model/error.ts'
import type { NginxPort, NginxSource } from '../../model/nginx.ts'
import { relocate } from '../../nginx/relocate.ts'
import { lookUpProgram } from '../find-program.ts'
import { instances } from '../isolation/instances.ts'
import { createContainer, findEngine } from './engine.ts'
import { createNginxPort } from './port.ts'
import { findNginx } from './program.ts'
import { readConfiguration } from './read-config.ts'

const IMAGE = 'runproof.invalid/nginx:test'
const [dockerd, nginxFile, tar] = ['dockerd', 'nginx', 'tar'].map(name => lookUpProgram(name))
const skip =
  dockerd === undefined
    ? 'this machine has no dockerd'
    : process.geteuid?.() !== 0
      ? 'this machine lets nobody but root run dockerd'
      : nginxFile === undefined || tar === undefined
        ? 'this machine has no nginx to make an image of'
        : false

const missing = async () => ({ missing: 'this machine has no nginx' })
const made: string[] = []
const ground = { instances, addDir: (path: string) => made.push(path) }

/** An engine that only this test knows, in a directory of its own. */
class OwnEngine {
  readonly directory = mkdtempSync(join(tmpdir(), 'runproof-engine-'))
  readonly socketPath = join(this.directory, 'engine.sock')
  readonly #child: ChildProcess
  #complaint = ''

  constructor() {
    const at = (name: string) => join(this.directory, name)
    this.#child = spawn(
      dockerd!,
      [
        ...['-H', `unix://${this.socketPath}`, '--data-root', at('data'), '--exec-root', at('exec')],
        ...['--pidfile', at('pid'), '--bridge=none', '--iptables=false', '--ip-forward=false', '--ip-masq=false'],
        '--storage-driver=overlay2',
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    )
    this.#child.stderr!.on('data', (chunk: Buffer) => {
      this.#complaint = (this.#complaint + chunk.toString()).slice(-2_000)
    })
  }

  async ready(): Promise<void> {
    const deadline = performance.now() + 20_000
    while (!(await this.#answers())) {
      if (this.#child.exitCode !== null) throw new Error(`dockerd ended: ${this.#complaint}`)
      if (performance.now() > deadline) throw new Error(`dockerd does not answer: ${this.#complaint}`)
      await new Promise(resolve => setTimeout(resolve, 20))
    }
  }

  #answers(): Promise<boolean> {
    return new Promise(resolve => {
      request({ socketPath: this.socketPath, path: '/_ping' }, response =>
        resolve(response.resume().statusCode === 200),
      )
        .on('error', () => resolve(false))
        .end()
    })
  }

  /** The nginx of this machine with the libraries it needs, and nothing else. */
  importImage(): Promise<void> {
    const libraries = execFileSync('ldd', [nginxFile!], { encoding: 'utf8' }).matchAll(/(\/\S+) \(0x/g)
    const files = [nginxFile!, ...[...libraries].map(([, file]) => file!)].map(file => file.slice(1))
    const rootfs = execFileSync(tar!, ['-C', '/', '-ch', ...files], { maxBuffer: 256 * 1024 * 1024, stdio: 'pipe' })
    const [repo, tag] = [IMAGE.replace(/:test$/, ''), 'test']
    return new Promise((resolve, reject) => {
      const path = `/images/create?fromSrc=-&repo=${encodeURIComponent(repo)}&tag=${tag}`
      const importing = request({ socketPath: this.socketPath, path, method: 'POST' }, response => {
        response.resume().once('end', () => (response.statusCode === 200 ? resolve() : reject(new Error('no import'))))
      })
      importing.on('error', reject).end(rootfs)
    })
  }

  async end(): Promise<void> {
    const exited = once(this.#child, 'exit')
    this.#child.kill('SIGTERM')
    await exited
    const namespace = join(this.directory, 'exec', 'netns', 'default')
    if (existsSync(namespace)) execFileSync('umount', [namespace], { stdio: 'ignore' })
    rmSync(this.directory, { recursive: true, force: true })
  }
}

const EDGE = `events {}
http {
  upstream daemon { server daemon.invalid:4000; }
  server { listen 80; return 308 https://$host$request_uri; }
  server {
    listen 443 ssl http2;
    server_name edge.example;
    ssl_certificate x; ssl_certificate_key x;
    location / { proxy_pass http://daemon; }
    location /direct/ { proxy_pass http://127.0.0.1:4000/; }
  }
}
`

describe('nginx in a container without a network', { skip }, () => {
  let engine: OwnEngine
  let nginx: NginxPort
  let directory: string
  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'runproof-test-'))
    engine = new OwnEngine()
    await engine.ready()
    await engine.importImage()
    process.env['DOCKER_HOST'] = `unix://${engine.socketPath}`
    nginx = createNginxPort(ground, { machine: missing, image: IMAGE })
  })
  after(async () => {
    await engine?.end()
    rmSync(directory, { recursive: true, force: true })
  })

  async function source(text: string): Promise<NginxSource> {
    const place = join(directory, String(readdirSync(directory).length))
    mkdirSync(place)
    writeFileSync(join(place, 'nginx.conf'), text)
    return relocate(await readConfiguration(join(place, 'nginx.conf')))
  }

  async function containers(): Promise<number> {
    const found = await findEngine(IMAGE)
    assert.ok(typeof found !== 'string')
    return (await found.client.container.list()).length
  }

  const nothingLeft = async () => {
    assert.equal(await containers(), 0)
    assert.deepEqual(
      made.filter(path => existsSync(path)),
      [],
    )
  }

  test('is found where the machine has none, and says which it is', async () => {
    const found = await nginx.find()
    assert.ok('path' in found)
    const own = await findNginx()
    assert.deepEqual([found.from, found.version], ['container', 'version' in own ? own.version : ''])
    await nothingLeft()
  })

  test('judges a configuration at its own lines', async () => {
    const accepted = await nginx.test(await source(EDGE))
    assert.equal(accepted.outcome, 'accepted', JSON.stringify(accepted))
    assert.equal(accepted.barrier, 'container')
    const wrong = await source(EDGE.replace('location / {', 'location / { sendfile perhaps;'))
    const refused = await nginx.test(wrong)
    assert.equal(refused.outcome, 'refused')
    assert.match(refused.messages[0]!.text, /^invalid value "perhaps"/)
    assert.deepEqual(refused.messages[0]!.at, { file: wrong.file, line: 9, column: 18 })
    await nothingLeft()
  })

  test('stands in front of an upstream of this machine, with and without TLS and HTTP/2', async () => {
    await using upstream = await startUpstream()
    const { host } = new URL(upstream.origin)
    const running = await nginx.start(await source(EDGE), { network: 'shared', upstream: () => host })
    assert.equal((await running.through('*:80').request('/')).status, 308)
    for (const [path, http2, arrives] of [
      ['/a?b', false, '/a?b'],
      ['/a?b', true, '/a?b'],
      ['/direct/x', false, '/x'],
    ] as const) {
      const answer = await running.through('*:443', { host: 'edge.example', http2 }).request(path)
      assert.deepEqual([answer.status, answer.protocol], [200, http2 ? 'h2' : 'http/1.1'])
      assert.equal(JSON.parse(answer.text).path, arrives)
    }
    const stream = await running.through('*:443', { host: 'edge.example' }).openStream('/stream?events=1&every-ms=0')
    for await (const _ of stream.chunks);
    const { exitCode, forced, left } = await running.stop()
    assert.deepEqual({ exitCode, forced, processes: left.processes }, { exitCode: 0, forced: false, processes: [] })
    await nothingLeft()
  })

  test('reaches nothing where it is not told to', async () => {
    await using upstream = await startUpstream()
    const { host } = new URL(upstream.origin)
    await using running = await nginx.start(await source(EDGE), { upstream: () => host })
    assert.equal((await running.through('*:443', { host: 'edge.example' }).request('/')).status, 502)
    assert.deepEqual(upstream.requests, [])
  })

  test('is not started with what nginx refuses', async () => {
    const given = await source(EDGE.replace('location / {', 'location / { sendfile perhaps;'))
    await assert.rejects(nginx.start(given), (error: RunproofError) => {
      assert.equal(error.code, 'CONFIG_INVALID')
      assert.ok(error.message.includes(`${given.file}:9:18: emerg: invalid value "perhaps"`), error.message)
      return true
    })
    await nothingLeft()
  })

  test('is given up when it takes too long, or is interrupted', async () => {
    const hasty = createNginxPort({ ...ground, limits: { testMs: 1 } }, { machine: missing, image: IMAGE })
    await assert.rejects(hasty.test(await source(EDGE)), { code: 'TIMEOUT' })
    const signal = AbortSignal.abort()
    await assert.rejects(nginx.test(await source(EDGE), { signal }), { code: 'INTERRUPTED' })
    await assert.rejects(nginx.start(await source(EDGE), { signal }), { code: 'INTERRUPTED' })
    await nothingLeft()
  })

  test('cannot be put beside a daemon', async () => {
    await assert.rejects(nginx.prepare(await source(EDGE), { directory, ports: {} }), { code: 'TOOL_MISSING' })
  })

  test('is removed by the next one where its starter did not', async () => {
    const found = await findEngine(IMAGE)
    assert.ok(typeof found !== 'string')
    const left = await createContainer(found, { args: ['-V'], user: { uid: 65_534, gid: 65_534 } })
    assert.equal(await findEngine(IMAGE).then(() => left.inspect().then(({ Id }) => Id === left.id)), true)
    await left.remove()
    const elder = spawn('true')
    await once(elder, 'exit')
    const label = { 'runproof.nginx': `00000000-0000-0000-0000-000000000000:${elder.pid}:1` }
    const stray = await found.client.container.create({ Image: IMAGE, Cmd: ['nginx', '-V'], Labels: label })
    await findEngine(IMAGE)
    await assert.rejects(stray.inspect(), { statusCode: 404 })
    await nothingLeft()
  })

  test('is missing, by name, where the image is not there', async () => {
    const other = createNginxPort(ground, { machine: missing, image: 'runproof.invalid/nothing:1' })
    const why = 'this machine has no nginx, and the engine has no image runproof.invalid/nothing:1, and none is pulled'
    assert.deepEqual(await other.find(), { missing: why })
    assert.deepEqual(await other.test(await source(EDGE)), { outcome: 'missing', reason: why })
  })

  test('its processes are of nobody', async () => {
    await using running = await nginx.start(await source(EDGE))
    assert.equal(execFileSync('stat', ['-c', '%u', `/proc/${running.pid}`], { encoding: 'utf8' }), '65534\n')
  })
})

test('no container engine is a reason by itself', async t => {
  if (existsSync('/var/run/docker.sock')) return t.skip('this machine has an engine that everybody knows')
  const script = `import { findEngine } from ${JSON.stringify(new URL('./engine.ts', import.meta.url).href)}
    console.log(await findEngine('x'))`
  const env = { PATH: process.env['PATH'], HOME: '/nowhere', DOCKER_HOST: 'unix:///nowhere/engine.sock' }
  const said = execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8', env })
  assert.equal(said, 'no container engine answers\n')
})
