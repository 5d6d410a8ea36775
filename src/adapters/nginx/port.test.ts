import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { startUpstream } from '../../../fixtures/upstream/server.ts'
import type { RunproofError } from '../../model/error.ts'
import type { InstancePort } from '../../model/instance.ts'
import type { NginxPort, NginxSource } from '../../model/nginx.ts'
import { relocate } from '../../nginx/relocate.ts'
import { issueAuthority, issueLeaf } from '../../tls/issue.ts'
import { instances } from '../isolation/instances.ts'
import { awaitGone, descendants, identify, isAlive } from '../process/identity.ts'
import { createNginxPort } from './port.ts'
import { findNginx, type MachineNginx, readVersion } from './program.ts'
import { readConfiguration } from './read-config.ts'

const program = await findNginx()
const skip = 'missing' in program ? program.missing : false
const barrier = await instances.detectBarrier()
const ground = { instances, addDir: (path: string) => made.push(path) }
const nginx = createNginxPort(ground)
const nothingLeft = { processes: [], namespaces: [], mounts: [], sockets: [] }

let directory: string
before(() => {
  directory = mkdtempSync(join(tmpdir(), 'runproof-test-'))
})
after(() => rmSync(directory, { recursive: true, force: true }))

/** What stands in a file of its own directory; others are files beside it. */
async function source(text: string, others: Readonly<Record<string, string>> = {}): Promise<NginxSource> {
  const place = mkdtempSync(join(directory, 'conf-'))
  for (const [name, content] of Object.entries({ 'nginx.conf': text, ...others })) {
    mkdirSync(dirname(join(place, name)), { recursive: true })
    writeFileSync(join(place, name), content)
  }
  return relocate(await readConfiguration(join(place, 'nginx.conf')))
}

const http = (text: string) => `events {}\nhttp {\n${text}\n}\n`

const EDGE = http(`
  upstream daemon { server daemon.invalid:4000; keepalive 4; }
  server { listen 80 default_server; return 308 https://$host$request_uri; }
  server {
    listen 443 ssl http2;
    listen [::]:443 ssl http2;
    server_name edge.example;
    ssl_certificate /etc/ssl/nowhere.pem;
    ssl_certificate_key /etc/ssl/nowhere.key;
    ssl_dhparam /etc/ssl/nowhere.dh;
    location / {
      proxy_pass http://daemon;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header X-Forwarded-Proto $scheme;
    }
  }`)

/** Everything about a tree that writing to it would change. */
function facts(path: string): string[] {
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (found === undefined) return []
  const own = `${path} ${found.mode} ${found.uid} ${found.size} ${found.isDirectory() ? '' : found.mtimeMs} ${found.ctimeMs}`
  return found.isDirectory() ? [own, ...readdirSync(path).flatMap(name => facts(join(path, name)))] : [own]
}

const INSTALLED = ['/etc/nginx', '/var/lib/nginx', '/var/log/nginx', '/run/nginx.pid', '/usr/share/nginx']
const installed = () => INSTALLED.flatMap(facts)
const made: string[] = []
const privateDirectories = () => made.filter(path => existsSync(path))

describe('nginx -t of a copy', { skip }, () => {
  test('accepts what it would, with certificates that are not there and a name nobody can look up', async () => {
    const before = installed()
    const verdict = await nginx.test(await source(EDGE))
    assert.equal(verdict.outcome, 'accepted')
    assert.deepEqual(verdict.messages, [])
    assert.equal(verdict.barrier, barrier.kind)
    assert.ok(
      verdict.rewrites.some(({ from, to }) => from === 'server daemon.invalid:4000' && to === 'server 127.0.0.1:9'),
    )
    assert.deepEqual(installed(), before)
    assert.ok(made.length > 0)
    assert.deepEqual(privateDirectories(), [])
  })

  test('refuses at the line of the file that is wrong, also of an included one', async () => {
    const text = http('  include conf.d/*.conf;')
    const given = await source(text, {
      'conf.d/a.conf': '\n\nserver {\n  listen 80;\n  proxy_buffering\n    perhaps;\n}\n',
    })
    const verdict = await nginx.test(given)
    assert.equal(verdict.outcome, 'refused')
    const [{ level, text: said, at } = assert.fail()] = verdict.messages
    assert.equal(level, 'emerg')
    assert.match(said, /^invalid value "perhaps" in "proxy_buffering" directive/)
    assert.deepEqual(at, { file: join(dirname(given.file), 'conf.d/a.conf'), line: 5, column: 3 })
  })

  test('tells warnings of what it accepts', async () => {
    const verdict = await nginx.test(await source(http('  server { server_name a; }\n  server { server_name a; }')))
    assert.equal(verdict.outcome, 'accepted')
    assert.match(verdict.messages[0]!.text, /^conflicting server name "a" on 127\.0\.0\.1:\d+, ignored$/)
  })

  test('tells nothing that is so only of the copy', async () => {
    const text = `worker_rlimit_nofile 900000;\nevents { worker_connections 800000; }
http { ssl_stapling on; resolver 10.0.0.1; server { listen 443 ssl; ssl_certificate x; ssl_certificate_key x; } }`
    const given = await source(text)
    const verdict = await nginx.test(given)
    assert.deepEqual([verdict.outcome, 'messages' in verdict && verdict.messages], ['accepted', []])
  })

  for (const [what, text, said] of [
    ['an unknown directive', http('  proxy_pas x;'), /unknown directive "proxy_pas"/],
    ['no events', 'http {}', /no "events" section/],
    ['a port that is none', http('  server { listen 127.0.0.1:99999; }'), /invalid port/],
    [
      'an upstream’s port that is none',
      http('server { location / { proxy_pass http://127.0.0.1:99999; } }'),
      /invalid port/,
    ],
    ['a directive in the wrong place', http('  pid x;'), /"pid" directive is not allowed here/],
    ['TLS without a certificate', http('  server { listen 443 ssl; }'), /no "ssl_certificate" is defined/],
    [
      'two default servers',
      http('  server { listen 1 default_server; }\n  server { listen 1 default_server; }'),
      /duplicate default server/,
    ],
    ['an upstream twice', http('  upstream a { server b; }\n  upstream a { server b; }'), /duplicate upstream "a"/],
    ['a log format that is not there', http('  access_log /x nothing;'), /unknown log format "nothing"/],
    [
      'a zone of two caches',
      http('  proxy_cache_path /a keys_zone=z:1m;\n  proxy_cache_path /b keys_zone=z:1m;'),
      /duplicate zone "z"/,
    ],
  ] as const) {
    test(`refuses ${what}`, async () => {
      const verdict = await nginx.test(await source(text))
      assert.equal(verdict.outcome, 'refused', JSON.stringify(verdict))
      assert.match(verdict.messages[0]!.text, said)
    })
  }

  test('removes its directory where it is interrupted', async () => {
    const signal = AbortSignal.abort()
    await assert.rejects(nginx.test(await source(EDGE), { signal }), { code: 'INTERRUPTED' })
    assert.deepEqual(privateDirectories(), [])
  })

  test('puts its directory where it is told, and leaves nothing there', async () => {
    const scratch = mkdtempSync(join(directory, 'scratch-'))
    await nginx.test(await source(EDGE), { scratch })
    assert.deepEqual(readdirSync(scratch), [])
  })

  test('runs no code of a configuration without a barrier', async () => {
    const unprotected = createNginxPort({ ...ground, instances: without(instances) })
    const given = await source(http('  init_by_lua_block { os.exit(7) }\n  server { listen 80; }'))
    const verdict = await unprotected.test(given)
    const message = /nginx\.conf:3:3 runs code even while it is tested, and there is no barrier/
    assert.equal(verdict.outcome, 'missing')
    assert.match(verdict.reason, message)
    await assert.rejects(unprotected.start(given), { code: 'BARRIER_UNAVAILABLE', message })
    assert.equal((await unprotected.test(await source(EDGE))).outcome, 'accepted')
  })
})

describe('an nginx that does not behave', { skip }, () => {
  const acting = (script: string, limits: { testMs?: number; listensMs?: number } = {}): NginxPort => {
    const path = join(mkdtempSync(join(directory, 'bin-')), 'nginx')
    writeFileSync(path, `#!/bin/sh\n${script}\n`)
    chmodSync(path, 0o755)
    const found = { ...(program as MachineNginx), path }
    const readable: InstancePort = {
      ...instances,
      start: spec => instances.start({ ...spec, readable: [dirname(path)] }),
    }
    return createNginxPort({ ...ground, instances: readable, limits }, { machine: async () => found })
  }

  test('is given up when it does not end', async () => {
    await assert.rejects(acting('sleep 60', { testMs: 200 }).test(await source(EDGE)), {
      code: 'TIMEOUT',
      message: /within 200 ms/,
    })
    assert.deepEqual(privateDirectories(), [])
  })

  test('has no verdict when it crashes', async () => {
    await assert.rejects(acting('kill -SEGV $$').test(await source(EDGE)), {
      code: 'COMMAND_FAILED',
      message: /was ended by SIGSEGV/,
    })
  })

  test('is not waited for when the run is interrupted', async () => {
    const began = performance.now()
    const never = acting('exec sleep 60', { listensMs: 60_000 })
    const signal = AbortSignal.timeout(400)
    await assert.rejects(never.start(await source(EDGE), { signal }), { code: 'INTERRUPTED' })
    assert.ok(performance.now() - began < 30_000)
    assert.deepEqual(privateDirectories(), [])
  })

  test('is told to end when it never listens', async () => {
    await assert.rejects(acting('exec sleep 60', { listensMs: 300 }).start(await source(EDGE)), {
      code: 'INSTANCE_FAILED',
      message: /does not listen within 300 ms/,
    })
    assert.deepEqual(privateDirectories(), [])
  })
})

describe('a running copy', { skip }, () => {
  test('stands in front of an upstream of this machine, with and without TLS and HTTP/2', async () => {
    const before = installed()
    await using upstream = await startUpstream()
    const { port } = new URL(upstream.origin)
    const given = await source(EDGE)
    const running = await nginx.start(given, { network: 'shared', upstream: () => `127.0.0.1:${port}` })
    const moved = await running.through('*:80').request('/a?b', { headers: { host: 'edge.example' } })
    assert.deepEqual([moved.status, moved.headers['location']], [308, 'https://edge.example/a?b'])

    for (const [address, http2, version] of [
      ['*:443', false, 'http/1.1'],
      ['[::]:443', false, 'http/1.1'],
      ['*:443', true, 'h2'],
    ] as const) {
      const answer = await running.through(address, { host: 'edge.example', http2 }).request('/v1/x?y=%20')
      assert.deepEqual([answer.status, answer.protocol], [200, version])
      const arrived = JSON.parse(answer.text)
      assert.deepEqual([arrived.path, arrived.http_version], ['/v1/x?y=%20', '1.1'])
      assert.deepEqual(arrived.headers[0], ['X-Forwarded-Proto', 'https'])
    }
    const elsewhere = running.through('*:443', { host: 'other.example' }).request('/')
    await assert.rejects(elsewhere, {
      code: 'TLS_FAILED',
      message: /it is for DNS:localhost, IP Address:127\.0\.0\.1, DNS:edge\.example/,
    })
    assert.throws(() => running.through('*:81'), { code: 'INTERNAL' })

    const { left, leftovers, forced } = await running.stop()
    assert.deepEqual({ left, leftovers, forced }, { left: nothingLeft, leftovers: [], forced: false })
    assert.deepEqual(installed(), before)
    assert.deepEqual(privateDirectories(), [])
  })

  test('reaches nothing of this machine where it is not told to', {
    skip: barrier.kind === 'none' && barrier.reason,
  }, async () => {
    await using upstream = await startUpstream()
    const { port } = new URL(upstream.origin)
    await using running = await nginx.start(await source(EDGE), { upstream: () => `127.0.0.1:${port}` })
    assert.equal((await running.through('*:443', { host: 'edge.example' }).request('/')).status, 502)
    assert.deepEqual(upstream.requests, [])
    const said = (await running.log()).filter(({ level }) => level === 'error')
    assert.match(said[0]!.text, /^connect\(\) failed \(111: Connection refused\) while connecting to upstream/)
  })

  test('shows the certificate it is given', async () => {
    const authority = await issueAuthority()
    const leaf = await issueLeaf(authority, { names: ['given.example'] })
    await using running = await nginx.start(await source(EDGE), {
      identity: { certificate: leaf.chainPem, key: leaf.privateKeyPem.reveal(), authority: authority.certificatePem },
    })
    assert.equal((await running.through('*:443', { host: 'given.example' }).request('/')).status, 502)
    await assert.rejects(running.through('*:443', { host: 'edge.example' }).request('/'), { code: 'TLS_FAILED' })
  })

  test('has a key that its ciphers can do with', async () => {
    const only = 'ssl_protocols TLSv1.2; ssl_ciphers ECDHE-RSA-AES128-GCM-SHA256;'
    await using running = await nginx.start(
      await source(http(`${only} server { listen 443 ssl; ssl_certificate x; ssl_certificate_key x; return 204; }`)),
    )
    assert.equal((await running.through('*:443').request('/')).status, 204)
  })

  test('speaks TLS to an upstream that does, and trusts whom it is given', async () => {
    const authority = await issueAuthority()
    const leaf = await issueLeaf(authority, { names: ['daemon.example'] })
    const identity = {
      certificate: leaf.chainPem,
      key: leaf.privateKeyPem.reveal(),
      authority: authority.certificatePem,
    }
    await using upstream = await startUpstream({ certificate: leaf.chainPem, key: identity.key })
    const { host } = new URL(upstream.origin)
    const text = http(`server { listen 80; proxy_ssl_verify on; proxy_ssl_trusted_certificate /nowhere.pem;
      location / { proxy_pass https://daemon.example; proxy_ssl_name daemon.example; }
      location /other { proxy_pass https://daemon.example; proxy_ssl_name other.example; } }`)
    await using running = await nginx.start(await source(text), { network: 'shared', upstream: () => host, identity })
    assert.equal((await running.through('*:80').request('/')).status, 200)
    assert.equal((await running.through('*:80').request('/other')).status, 502)
  })

  test('is not started with what nginx refuses, and says why at the original line', async () => {
    const given = await source(http('\n  sendfile perhaps; server { listen 80; }'))
    await assert.rejects(nginx.start(given), (error: RunproofError) => {
      assert.equal(error.code, 'CONFIG_INVALID')
      assert.ok(error.message.includes(`${given.file}:4:3: emerg: invalid value "perhaps"`), error.message)
      return true
    })
    assert.deepEqual(privateDirectories(), [])
  })

  test('is not started where it would listen nowhere', async () => {
    await assert.rejects(nginx.start(await source(http(''))), { code: 'CONFIG_INVALID', message: /listens nowhere$/ })
  })

  test('tells that it was killed, and leaves no worker behind', async () => {
    const running = await nginx.start(await source(EDGE))
    const workers = descendants(running.pid!).flatMap(pid => identify(pid) ?? [])
    assert.equal(workers.length, 1)
    process.kill(running.pid!, 'SIGKILL')
    assert.deepEqual(await running.exited, { exitCode: null, signal: 'SIGKILL' })
    assert.deepEqual((await running.stop()).left, nothingLeft)
    assert.deepEqual(workers.filter(isAlive), [])
  })

  for (const kind of ['best', 'none']) {
    test(`ends with the process that started it, also when that is killed, with ${kind} barrier`, async () => {
      const { file } = await source(EDGE)
      const script = fileURLToPath(new URL('./testdata/hold.ts', import.meta.url))
      const child = spawn(process.execPath, [script, file, kind], {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: { TMPDIR: directory },
      })
      const exited = once(child, 'exit')
      const [line] = await once(child.stdout, 'data')
      const pid = Number(line)
      const members = [pid, ...descendants(pid)].flatMap(one => identify(one) ?? [])
      assert.equal(members.length, kind === 'none' ? 1 : 2)
      child.kill('SIGKILL')
      await exited
      assert.deepEqual(await awaitGone(members, 5_000), [])
    })
  }

  test('takes other ports where one was taken meanwhile', async () => {
    let blocker: Server | undefined
    const taken: InstancePort = {
      ...instances,
      start: spec =>
        instances.start({
          ...spec,
          beforeStart: async inside => {
            await spec.beforeStart?.(inside)
            if (blocker === undefined) blocker = await listenAt(inside.place.tunnels['*:443']!)
          },
        }),
    }
    try {
      const given = await source(EDGE)
      const once = createNginxPort({ ...ground, instances: taken, limits: { portsToTry: 1 } })
      await assert.rejects(once.start(given, { network: 'shared' }), { code: 'PORT_TAKEN', message: /bind\(\) to/ })
      assert.deepEqual(privateDirectories(), [])
      const first = blocker!
      blocker = undefined
      await closed(first)
      await using running = await createNginxPort({ ...ground, instances: taken }).start(given, { network: 'shared' })
      assert.equal((await running.through('*:80').request('/')).status, 308)
    } finally {
      if (blocker !== undefined) await closed(blocker)
    }
  })

  test('runs without a barrier, as one process, and leaves nothing', async () => {
    const running = await createNginxPort({ ...ground, instances: without(instances) }).start(await source(EDGE))
    assert.equal((await running.through('*:443', { host: 'edge.example' }).request('/')).status, 502)
    assert.ok(running.rewrites.some(({ to }) => to === 'master_process off'))
    assert.deepEqual((await running.stop()).left, nothingLeft)
    assert.deepEqual(privateDirectories(), [])
  })
})

test('an unprivileged user gets the same verdict, and the same nginx', { skip }, t => {
  if (process.geteuid?.() !== 0) return t.skip('not root: every test above ran unprivileged')
  const script = fileURLToPath(new URL('./testdata/whole-life.ts', import.meta.url))
  const place = mkdtempSync(join(tmpdir(), 'runproof-nobody-'))
  try {
    const file = join(place, 'nginx.conf')
    writeFileSync(file, `user www-data;\n${EDGE}`)
    for (const path of [place, file]) chownSync(path, 65_534, 65_534)
    const as = ['--reuid=65534', '--regid=65534', '--clear-groups', '--']
    try {
      execFileSync('setpriv', [...as, 'unshare', '--user', 'true'], { stdio: 'ignore' })
      execFileSync('setpriv', [...as, 'test', '-r', script])
    } catch {
      return t.skip('this machine refuses user namespaces to unprivileged users, or hides the checkout from them')
    }
    const output = execFileSync('setpriv', [...as, process.execPath, script, file], {
      encoding: 'utf8',
      env: { TMPDIR: place },
    })
    const life = JSON.parse(output)
    assert.equal(life.verdict.outcome, 'accepted')
    assert.equal(life.verdict.barrier, 'user-namespaces')
    assert.equal(life.status, 308)
    assert.deepEqual(life.left, nothingLeft)
    assert.deepEqual(readdirSync(place), ['nginx.conf'])
  } finally {
    rmSync(place, { recursive: true, force: true })
  }
})

describe('the nginx of a machine', () => {
  const said = (version: string, options = '') => `nginx version: nginx/${version}\nconfigure arguments: ${options}\n`

  test('is missing where there is none, and everything that needs it says so', async () => {
    assert.deepEqual(await findNginx('/nowhere'), { missing: 'this machine has no nginx' })
    const none = createNginxPort({ instances }, { machine: () => findNginx('/nowhere') })
    const given = await source(EDGE)
    assert.deepEqual(await none.test(given), { outcome: 'missing', reason: 'this machine has no nginx' })
    await assert.rejects(none.start(given), { code: 'TOOL_MISSING', message: 'this machine has no nginx' })
    await assert.rejects(none.prepare(given, { directory, ports: {} }), { code: 'TOOL_MISSING' })
  })

  test('is not used when it is too old to be kept to a directory, or names no version', () => {
    for (const [version, usable] of [
      ['1.19.4', false],
      ['1.18.0', false],
      ['0.9.9', false],
      ['1.19.5', true],
      ['1.22.1', true],
      ['2.0.0', true],
    ] as const) {
      assert.equal('missing' in readVersion('/usr/sbin/nginx', said(version)), !usable, version)
    }
    assert.deepEqual(readVersion('/x', 'Tengine'), { missing: '/x -V names no version' })
    const other = readVersion('/x', 'nginx version: openresty/1.25.3.1\n')
    assert.equal('missing' in other ? other.missing : other.version, '1.25.3')
  })

  test('has the modules it was built with', () => {
    const options =
      '--prefix=/opt/nginx --with-http_ssl_module --with-http_v2_module --without-http_uwsgi_module --with-stream=dynamic'
    const found = readVersion('/x', said('1.22.1', options)) as MachineNginx
    assert.deepEqual(found.modules, ['http_ssl', 'http_v2'])
    assert.deepEqual(
      ['http', 'http_proxy', 'http_uwsgi'].map(module => found.builtWith(module)),
      [true, true, false],
    )
    assert.equal(found.module('../../../../etc/passwd'), undefined)
  })
})

function without(port: InstancePort): InstancePort {
  return {
    ...port,
    detectBarrier: async () => ({ ...(await port.detectBarrier()), kind: 'none', reason: 'none was asked for' }),
  }
}

function listenAt(port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject).listen(port, '127.0.0.1', () => resolve(server))
  })
}

function closed(server: Server): Promise<void> {
  return new Promise(resolve => server.close(() => resolve()))
}
