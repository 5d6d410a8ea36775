import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { files } from '../adapters/files.ts'
import { instances } from '../adapters/isolation/instances.ts'
import { createNginxPort } from '../adapters/nginx/port.ts'
import { readConfiguration } from '../adapters/nginx/read-config.ts'
import type { CheckContext } from '../model/check.ts'
import type { Instance } from '../model/instance.ts'
import type { NginxSource } from '../model/nginx.ts'
import { relocate } from '../nginx/relocate.ts'
import target from '../targets/stand-in.ts'
import { memoryTools } from '../testing/memory-tools.ts'
import { edgeTunnels, startEdge } from './edge.ts'

const nginx = createNginxPort({ instances })
const program = await nginx.find()
const skip = 'missing' in program ? program.missing : false
const context = {
  tools: memoryTools({ nginx, files, instances }),
  signal: new AbortController().signal,
} as unknown as CheckContext

let directory: string
before(() => {
  directory = mkdtempSync(join(tmpdir(), 'runproof-test-'))
})
after(() => rmSync(directory, { recursive: true, force: true }))

async function source(http: string): Promise<NginxSource> {
  const file = join(mkdtempSync(join(directory, 'conf-')), 'nginx.conf')
  writeFileSync(file, `events {}\nhttp {\n${http}\n}\n`)
  return relocate(await readConfiguration(file))
}

const EDGE = `
  server { listen 80; return 444; }
  server {
    listen 443 ssl http2; server_name edge.example; ssl_certificate x; ssl_certificate_key x;
    location / { proxy_pass http://127.0.0.1:4242; proxy_set_header X-Edge $http2$scheme; }
  }`

/** An upstream as the daemon, with tunnels for a configuration. */
async function behind(given: NginxSource, barrier: 'best' | 'none' = 'best'): Promise<Instance> {
  const instance = await instances.start({
    scratch: directory,
    barrier,
    tunnels: edgeTunnels(given),
    daemon: ({ port }) => ({ argv: [target.companions.upstream, '--port', String(port)] }),
  })
  assert.equal((await instance.waitReady({ path: '/', timeoutMs: 10_000 })).outcome, 'ready')
  return instance
}

describe('an nginx beside a daemon', { skip }, () => {
  test('passes requests, streams and commands on to it, behind its barrier', async () => {
    const given = await source(EDGE)
    const instance = await behind(given)
    const edge = await startEdge(context, instance, given)

    const arrived = JSON.parse((await edge.request('/v1/x', { headers: { 'x-a': 'b' } })).text)
    assert.deepEqual(arrived.headers.slice(0, 2), [
      ['X-Edge', 'https'],
      ['Host', '127.0.0.1:4000'],
    ])
    assert.equal((await edge.through('*:443', { http2: true }).request('/')).protocol, 'h2')
    const stream = await edge.openStream('/v1/events/stream?events=1')
    assert.equal(stream.headers['content-type'], 'text/event-stream')
    for await (const _ of stream.chunks);

    assert.equal(edge.place.baseUrl, `https://127.0.0.1:${instance.place.tunnels['*:443']}`)
    const ask = `fetch(process.argv[1] + '/from-inside').then(r => r.text()).then(console.log)`
    const command = { argv: [process.execPath, '--use-openssl-ca', '-e', ask, edge.place.baseUrl] } as const
    const inside = await edge.run(command, { timeoutMs: 10_000 })
    assert.equal(JSON.parse(inside.stdout).path, '/from-inside', inside.stderr)

    assert.deepEqual(
      edge.rewrites.filter(({ from }) => from.startsWith('proxy_pass')).map(({ to }) => to),
      ['proxy_pass http://127.0.0.1:4000'],
    )
    const { leftovers, left } = await instance.stop()
    assert.deepEqual([leftovers, left.processes], [[], []])
  })

  test('is asked at every address, and tells what it logged', async () => {
    const given = await source(EDGE)
    await using instance = await behind(given)
    await using edge = await startEdge(context, instance, given, { port: 9 })
    assert.equal((await edge.request('/')).status, 502)
    await assert.rejects(edge.through('*:80').request('/'), { code: 'TARGET_UNREACHABLE' })
    assert.ok((await edge.log()).some(({ text }) => text.includes('Connection refused')))
  })

  test('ends without the daemon, and another one takes its place', async () => {
    const given = await source(EDGE)
    await using instance = await behind(given)
    const first = await startEdge(context, instance, given)
    await first[Symbol.asyncDispose]()
    await assert.rejects(first.request('/'), { code: 'TARGET_UNREACHABLE' })
    assert.equal((await instance.request('/')).status, 200)
    const broken = await source(EDGE.replace('proxy_set_header X-Edge', 'proxy_set_header X-Other'))
    await using second = await startEdge(context, instance, broken)
    assert.match((await second.request('/')).text, /"X-Other"/)
  })

  test('leaves no process behind where no barrier ends them all', async () => {
    const given = await source(EDGE)
    const instance = await behind(given, 'none')
    const edge = await startEdge(context, instance, given)
    assert.equal((await edge.request('/')).status, 200)
    assert.ok(edge.rewrites.some(({ to }) => to === 'master_process off'))
    const { leftovers, left } = await instance.stop()
    assert.deepEqual([leftovers, left.processes], [[], []])
    await assert.rejects(edge.request('/'), { code: 'TARGET_UNREACHABLE' })
    const listens = await instances.probeFromOutside({ host: '127.0.0.1', port: instance.place.tunnels['*:443']! })
    assert.equal(listens.outcome, 'refused')
  })

  test('runs no code of a configuration where there is no barrier', async () => {
    const given = await source(`init_by_lua_block { os.exit(7) } ${EDGE}`)
    await using instance = await behind(given, 'none')
    await assert.rejects(startEdge(context, instance, given), {
      code: 'BARRIER_UNAVAILABLE',
      message: /nginx\.conf:3:1 runs code, and there is no barrier to run it behind/,
    })
  })

  test('is not started with what nginx refuses, nor where no tunnel leads to', async () => {
    const given = await source(EDGE)
    await using instance = await behind(given)
    const refused = await source('server { listen 80; }\n  server { listen 443; sendfile perhaps; }')
    await assert.rejects(startEdge(context, instance, refused), {
      code: 'CONFIG_INVALID',
      message: new RegExp(`${refused.file}:4:24: emerg: invalid value "perhaps"`),
    })
    const elsewhere = await source('server { listen 81; }')
    await assert.rejects(startEdge(context, instance, elsewhere), {
      code: 'INTERNAL',
      message: /no tunnel leads to \*:81/,
    })
    await assert.rejects(startEdge(context, instance, await source('')), { code: 'CONFIG_INVALID', message: /nowhere/ })
  })

  test('is not waited for when it ends at once, or the run is interrupted', async () => {
    const given = await source(EDGE)
    await using instance = await behind(given)
    const ending = {
      ...nginx,
      prepare: async (...[one, options]: Parameters<typeof nginx.prepare>) => ({
        ...(await nginx.prepare(one, options)),
        run: { argv: ['true'] as const },
      }),
    }
    const badly = { ...context, tools: { ...context.tools, nginx: ending } }
    await assert.rejects(startEdge(badly, instance, given), { code: 'INSTANCE_FAILED', message: /ended by itself/ })
    const late = { ...context, signal: AbortSignal.abort() }
    await assert.rejects(startEdge(late, instance, given), { code: 'INTERRUPTED' })
    assert.equal(existsSync(instance.place.dir), true)
  })
})
