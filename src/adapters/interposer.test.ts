import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { TargetHttp } from '../model/http.ts'
import type { Instance } from '../model/instance.ts'
import type { Interposition } from '../model/interposer.ts'
import { Secret } from '../model/secret.ts'
import { continuity } from '../sse/continuity.ts'
import type { SseEvent } from '../sse/event.ts'
import { readEvents } from '../sse/read-events.ts'
import { http } from './http/port.ts'
import { createInterposer } from './interposer.ts'
import { connectProbe } from './isolation/connect-probe.ts'
import { instances } from './isolation/instances.ts'
import { sweep } from './process/sweep.ts'

test('every kind of lure is reached from outside, and gone when it is released', async () => {
  for (const where of ['ipv6', 'network', 'socket'] as const) {
    const lure = await createInterposer().lure(where)
    if (lure === undefined) continue
    assert.equal((await connectProbe(lure.at)).outcome, 'connected', where)
    await lure[Symbol.asyncDispose]()
    assert.notEqual((await connectProbe(lure.at)).outcome, 'connected', where)
  }
})

test('SIGKILL leaves no directory of a proxy or a lure that gc does not find', async t => {
  const place = mkdtempSync(join(tmpdir(), 'runproof-test-'))
  t.after(() => rmSync(place, { recursive: true, force: true }))
  const program = fileURLToPath(new URL('./testdata/hold-sockets.ts', import.meta.url))
  const child = spawn(process.execPath, [program, join(place, 'work')], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, TMPDIR: place },
  })
  t.after(() => void child.kill('SIGKILL'))
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
  const told = JSON.parse(line) as string[]
  const made = readdirSync(place).filter(name => name !== 'work')
  assert.equal(made.length, 2)
  assert.deepEqual(told.toSorted(), made.map(name => join(place, name)).toSorted())
  child.kill('SIGKILL')
  await once(child, 'exit')
  process.env.TMPDIR = place
  t.after(() => void delete process.env.TMPDIR)
  const [swept] = await sweep(join(place, 'work'))
  assert.deepEqual(swept?.failed, [])
  assert.deepEqual(
    told.filter(path => existsSync(path)),
    [],
  )
})

const EPOCH = 1_760_000_000n << 32n
const idOf = (index: number) => String(EPOCH + BigInt(index))

/** Answers with what it was asked, or with a replay behind the larger of both cursors, where there is one. */
function daemon(request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url!, 'http://daemon.test')
  if (url.pathname !== '/events') {
    response.setHeader('x-kept', 'yes')
    request
      .setEncoding('utf8')
      .reduce((text, chunk: string) => text + chunk, '')
      .then(body => {
        const { method, headers } = request
        response
          .setHeader('content-type', 'application/json')
          .end(JSON.stringify({ method, url: request.url, headers, body }))
      })
    return
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
  const cursors = [url.searchParams.get('cursor'), request.headers['last-event-id']].filter(
    one => typeof one === 'string',
  )
  if (cursors.length === 0) return
  response.write('event: stream_gap\ndata: {"reason":"replay_window"}\n\n')
  for (let index = 0; index < 6; index++) {
    if (cursors.every(cursor => BigInt(idOf(index)) > BigInt(cursor)))
      response.write(`id: ${idOf(index)}\nevent: output\ndata: ${index}\n\n`)
  }
  if (url.searchParams.has('end')) response.end()
}

async function serve(): Promise<TargetHttp> {
  const server = createServer(daemon).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const target = await http.connect({ baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
  return {
    ...target,
    [Symbol.asyncDispose]: async () => {
      await target.close()
      server.closeAllConnections()
      server.close()
    },
  }
}

async function read(
  target: TargetHttp,
  path = '/events?cursor=0&end',
  headers: Record<string, string> = {},
): Promise<SseEvent[]> {
  const stream = await target.openStream(path, { headers })
  try {
    return await Array.fromAsync(readEvents(stream.chunks, { signal: AbortSignal.timeout(5_000) }))
  } finally {
    stream.close()
  }
}

describe('a proxy in front of a daemon', async () => {
  const interposer = createInterposer()

  test('passes on method, path, query, headers and body, and comes to an end with what it answered', async () => {
    await using target = await serve()
    await using proxied = await interposer.interpose(target, {})
    const answer = await proxied.request('/a?b=c&d', {
      method: 'POST',
      body: 'text',
      headers: { 'idempotency-key': '7' },
      bearer: new Secret('token', 'the-token'),
    })
    const seen = JSON.parse(answer.text)
    assert.deepEqual([seen.method, seen.url, seen.body], ['POST', '/a?b=c&d', 'text'])
    assert.deepEqual([seen.headers['idempotency-key'], seen.headers.authorization], ['7', 'Bearer the-token'])
    assert.equal(answer.headers['x-kept'], 'yes')
    assert.deepEqual((await read(proxied)).map(({ data }) => data).slice(1), ['0', '1', '2', '3', '4', '5'])
  })

  test('can be pointed at by any program, and closing it leaves the daemon', async () => {
    await using target = await serve()
    const proxied = await interposer.interpose(target, { rewriteBody: (_, text) => text.replace('"GET"', '"PUT"') })
    assert.notEqual(proxied.place.baseUrl, target.place.baseUrl)
    assert.match(await (await fetch(`${proxied.place.baseUrl}/x`)).text(), /"method":"PUT","url":"\/x"/)
    const endless = await fetch(`${proxied.place.baseUrl}/events`)
    await proxied.close()
    await assert.rejects(endless.text())
    await assert.rejects(fetch(proxied.place.baseUrl))
    assert.equal((await target.request('/')).status, 200)
  })

  const requests: readonly (readonly [
    string,
    Interposition,
    (seen: { url: string; headers: Record<string, string> }) => unknown,
    unknown,
  ])[] = [
    ['asks for another path', { redirect: { from: '/a', to: '/b' } }, ({ url }) => url, '/b?cursor=1&x=2'],
    [
      'asks for no other path in place of another',
      { redirect: { from: '/b', to: '/c' } },
      ({ url }) => url,
      '/a?cursor=1&x=2',
    ],
    ['leaves a parameter out', { dropQuery: 'cursor' }, ({ url }) => url, '/a?x=2'],
    ['leaves a header out', { dropHeader: 'last-event-id' }, ({ headers }) => headers['last-event-id'], undefined],
  ]
  for (const [title, how, look, expected] of requests) {
    test(title, async () => {
      await using target = await serve()
      await using proxied = await interposer.interpose(target, how)
      const { text } = await proxied.request('/a?cursor=1&x=2', { headers: { 'last-event-id': '1' } })
      assert.deepEqual(look(JSON.parse(text)), expected)
    })
  }

  test('answers on some paths itself, and changes headers of answers', async () => {
    await using target = await serve()
    await using proxied = await interposer.interpose(target, {
      answer: { status: 503, headers: { 'content-type': 'text/html' }, body: '<html>', paths: ['/a'] },
      rewriteHeaders: (path, { 'x-kept': _, ...headers }) => ({ ...headers, 'x-path': path }),
    })
    assert.deepEqual([(await proxied.request('/a?b')).status, (await proxied.request('/a?b')).text], [503, '<html>'])
    const { status, headers } = await proxied.request('/b?a')
    assert.deepEqual([status, headers['x-kept'], headers['x-path']], [200, undefined, '/b?a'])
  })

  const streams: readonly (readonly [string, Interposition, readonly string[], number])[] = [
    ['loses an event', { stream: { dropEvent: 3 } }, [`lost ${idOf(2)}`], 1],
    ['repeats an event', { stream: { repeatEvent: 2 } }, [`repeated ${idOf(1)}`], 1],
    ['swaps two events', { stream: { swapEvents: 2 } }, [`reordered ${idOf(1)}`], 1],
    ['leaves ids out', { stream: { stripIds: true } }, ['id-missing', 'lost'], 1],
    ['rounds ids', { stream: { roundIds: true } }, ['id-rounded', 'lost'], 1],
    ['keeps gaps to itself', { stream: { swallow: 'stream_gap' } }, [], 0],
    ['is honest', { stream: {} }, [], 1],
  ]
  for (const [title, how, expected, gaps] of streams) {
    test(`${title}, which the judgement of the stream finds`, async () => {
      await using target = await serve()
      const reference = await read(target)
      await using proxied = await interposer.interpose(target, how)
      const judged = continuity(await read(proxied), { reference })
      const found = judged.findings.map(({ kind, id }) => `${kind} ${id}`)
      for (const one of expected)
        assert.ok(
          found.some(finding => finding.startsWith(one)),
          `${one} in ${found}`,
        )
      if (expected.length === 0) assert.deepEqual(found, [])
      assert.equal(judged.gaps.length, gaps)
    })
  }

  test('passes each event at once, or holds all back to the end', async () => {
    await using target = await serve()
    await using prompt = await interposer.interpose(target, { stream: {} })
    assert.equal((await read(prompt, '/events?cursor=0&end')).length, 7)
    const stream = await prompt.openStream('/events?cursor=0')
    for await (const { data } of readEvents(stream.chunks, { signal: AbortSignal.timeout(5_000) }))
      if (data === '5') break
    await using holding = await interposer.interpose(target, { stream: { buffer: 65_536 } })
    assert.equal((await read(holding, '/events?cursor=0&end')).length, 7)
    const held = await holding.openStream('/events?cursor=0')
    const first = readEvents(held.chunks, { signal: AbortSignal.timeout(300) }).next()
    await assert.rejects(first, { code: 'TIMEOUT' })
    held.close()
  })

  test('is left by whoever asked it, and then leaves the daemon, too', async t => {
    const left = Promise.withResolvers<void>()
    const server = createServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: a\n\n')
      response.once('close', () => left.resolve())
    }).listen(0, '127.0.0.1')
    t.after(() => void server.close())
    await once(server, 'listening')
    await using target = await http.connect({ baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
    await using proxied = await interposer.interpose(target, {})
    const stream = await proxied.openStream('/')
    for await (const _ of stream.chunks) stream.close()
    await left.promise
  })

  test('is cut off where the daemon is, and where the daemon is not', async t => {
    const server = createServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: a\n\n', () => response.destroy())
    }).listen(0, '127.0.0.1')
    t.after(() => void server.close())
    await once(server, 'listening')
    await using target = await http.connect({ baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
    await using proxied = await interposer.interpose(target, { stream: {} })
    await assert.rejects(read(proxied, '/'), { code: 'TARGET_UNREACHABLE' })
    server.close()
    await assert.rejects(proxied.request('/'), { code: 'TARGET_UNREACHABLE' })
  })
})

const barrier = await instances.detectBarrier()

for (const kind of ['best', 'none'] as const) {
  const skip = kind === 'best' && barrier.kind === 'none' ? barrier.reason : false
  test(`commands inside an instance pass the proxy, too (barrier: ${kind})`, { skip }, async t => {
    const scratch = mkdtempSync(join(tmpdir(), 'runproof-test-'))
    t.after(() => rmSync(scratch, { recursive: true, force: true }))
    const program = fileURLToPath(new URL('./isolation/testdata/daemon.ts', import.meta.url))
    await using instance = await instances.start({
      scratch,
      barrier: kind,
      daemon: ({ port }) => ({ argv: [process.execPath, program, String(port), 'plain'] }),
    })
    await instance.waitReady({ path: '/', timeoutMs: 10_000 })
    const rewriteBody = (_: string, text: string) => text.replace('ready', 'rewritten')
    const proxied = await createInterposer().interpose(instance, { rewriteBody })
    const ask = async ({ place, run }: Instance) => {
      const script = `fetch('${place.baseUrl}').then(async a => process.stdout.write(await a.text()), () => process.exit(9))`
      const { stdout, exitCode } = await run({ argv: [process.execPath, '-e', script] }, { timeoutMs: 20_000 })
      return stdout || exitCode
    }
    assert.deepEqual([await ask(instance), await ask(proxied)], ['ready', 'rewritten'])
    assert.equal((await proxied.request('/')).text, 'rewritten')
    assert.equal(proxied.place.dir, instance.place.dir)
    await proxied[Symbol.asyncDispose]()
    assert.deepEqual([await ask(instance), await ask(proxied)], ['ready', 9])

    const forgotten = await instance.listen(connection => connection.end())
    assert.ok(forgotten.port > 0)
    const { left } = await instance.stop()
    assert.deepEqual(left, { processes: [], namespaces: [], mounts: [], sockets: [] })
    if (kind === 'none') {
      assert.equal((await connectProbe({ host: '127.0.0.1', port: forgotten.port })).outcome, 'refused')
    }
    await assert.rejects(createInterposer().interpose(instance, {}), { code: 'INSTANCE_FAILED' })
  })
}
