import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, describe, test } from 'node:test'
import { lookUpProgram } from '../find-program.ts'
import { freePorts } from '../testdata/free-ports.ts'
import { look, notable } from './testdata/look.ts'
import { makePki, NAME } from './testdata/pki.ts'

const program = lookUpProgram('nginx')
const openssl = lookUpProgram('openssl')
const skip = program === undefined ? 'this machine has no nginx' : false

/** What stands in a server of its own, and what is found there beside what is fine. */
const SERVERS = {
  modern: ['ssl_protocols TLSv1.2 TLSv1.3; ssl_ciphers ECDHE+AESGCM;', {}],
  http2: ['listen_http2', {}],
  defaults: ['', { ciphers: 'warn' }],
  old: ['ssl_protocols TLSv1 TLSv1.1 TLSv1.2; ssl_ciphers ECDHE+AES:@SECLEVEL=0;', { 'protocol-floor': 'fail' }],
  'old-alone': ['ssl_protocols TLSv1.1; ssl_ciphers ECDHE+AES:@SECLEVEL=0;', { 'protocol-floor': 'fail' }],
  anonymous: ['ssl_protocols TLSv1.2; ssl_ciphers ECDHE+AESGCM:aNULL:@SECLEVEL=0;', { ciphers: 'fail' }],
  demanding: ['ssl_verify_client on; ssl_client_certificate ca.pem; ssl_ciphers ECDHE+AESGCM;', {}],
  asking: ['ssl_verify_client optional; ssl_client_certificate ca.pem; ssl_ciphers ECDHE+AESGCM;', {}],
  leaf: ['ssl_certificate leaf.pem; ssl_ciphers ECDHE+AESGCM;', { chain: 'fail' }],
} as const
type ServerName = keyof typeof SERVERS

describe('nginx', { skip }, async () => {
  const directory = mkdtempSync(join(tmpdir(), 'runproof-test-'))
  const pki = await makePki()
  const leaf = await pki.leaf(pki.intermediate, { key: 'rsa-2048' })
  const client = await pki.leaf(pki.root, { purposes: ['clientAuth'] })
  const identity = { certificatePem: client.chainPem, privateKeyPem: client.privateKeyPem }
  const names = Object.keys(SERVERS) as ServerName[]
  const [plainPort = 0, ...free] = await freePorts(names.length + 1)
  const ports = Object.fromEntries(names.map((name, at) => [name, free[at]!])) as Record<ServerName, number>
  let nginx: ReturnType<typeof spawn> | undefined

  before(async () => {
    mkdirSync(join(directory, 'temp'))
    const put = (name: string, text: string) => writeFileSync(join(directory, name), text, { mode: 0o600 })
    put('chain.pem', leaf.chainPem)
    put('leaf.pem', leaf.certificatePem)
    put('key.pem', leaf.privateKeyPem.reveal())
    put('ca.pem', pki.root.certificatePem)
    put('nginx.conf', configuration(ports, plainPort))
    nginx = spawn(program!, ['-p', directory, '-c', 'nginx.conf', '-e', 'stderr', '-g', 'daemon off;'], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { OPENSSL_CONF: '/dev/null' },
    })
    const said: string[] = []
    for await (const line of createInterface(nginx.stderr!)) {
      said.push(line)
      if (line.includes('start worker process ')) return
    }
    throw new Error(`nginx ended: ${said.join('\n')}`)
  })
  after(async () => {
    if (nginx?.exitCode === null && nginx.kill('SIGTERM')) await once(nginx, 'exit')
    rmSync(directory, { recursive: true, force: true })
  })

  for (const name of names) {
    const [, expected] = SERVERS[name]
    test(`${name}: ${Object.entries(expected).map(String).join(' ') || 'fine'}`, async () => {
      assert.deepEqual(notable(await look({ port: ports[name], roots: [pki.root] })), expected)
    })
  }

  test('HTTP/2 is chosen where it is offered', async () => {
    const wanting = (port: number) => look({ port, roots: [pki.root], asked: { alpn: 'h2' } })
    assert.deepEqual(notable(await wanting(ports.http2)), {})
    assert.deepEqual(notable(await wanting(ports.modern)), { alpn: 'fail' })
  })

  test('a request without TLS is answered 400, which is a refusal', async () => {
    const findings = await look({ port: ports.modern, roots: [pki.root] })
    assert.equal(findings.find(({ id }) => id === 'plaintext')?.actual, 'HTTP 400, a refusal')
  })

  test('the plain port redirects', async () => {
    const redirect = { place: { host: '127.0.0.1', port: plainPort, name: NAME }, path: '/' }
    const findings = await look({ port: ports.modern, roots: [pki.root], inspecting: { redirect } })
    assert.equal(findings.find(({ id }) => id === 'redirect')?.actual, `HTTP 308 to https://${NAME}/`)
  })

  test('whoever has no certificate is answered 400, which is a refusal', async () => {
    const inspecting = { requireClientCertificate: true, identity }
    const findings = await look({ port: ports.demanding, roots: [pki.root], inspecting })
    const { level, actual } = findings.find(({ id }) => id === 'client-certificate')!
    assert.deepEqual([level, actual], ['ok', 'without one: HTTP 400; with the given one: HTTP 200'])
  })

  test('a certificate that is only asked for lets everyone in', async () => {
    const findings = await look({
      port: ports.asking,
      roots: [pki.root],
      inspecting: { requireClientCertificate: true },
    })
    assert.deepEqual(notable(findings), { 'client-certificate': 'fail' })
  })

  test('openssl s_client reaches the versions that were said to be accepted, and no others', {
    skip: openssl === undefined ? 'this machine has no openssl' : false,
  }, async () => {
    for (const name of ['modern', 'old', 'old-alone'] as const) {
      const accepted = await Promise.all(['-tls1', '-tls1_1'].map(version => reaches(ports[name], version)))
      const findings = await look({ port: ports[name], roots: [pki.root] })
      const said = findings.find(({ id }) => id === 'protocol-floor')!.actual
      assert.deepEqual(accepted, [/TLS 1.0 accepted/.test(said), /TLS 1.1 accepted/.test(said)], said)
    }
  })
})

function reaches(port: number, version: string): Promise<boolean> {
  const words = ['s_client', '-connect', `127.0.0.1:${port}`, version, '-cipher', 'ALL:@SECLEVEL=0']
  return new Promise(resolve => {
    const child = execFile(openssl!, words, { env: { OPENSSL_CONF: '/dev/null' } }, (_, out) =>
      resolve(/^\s*Protocol\s*: TLSv1(?:\.1)?$/m.test(out) && !/Cipher is \(NONE\)/.test(out)),
    )
    child.stdin?.end()
  })
}

function configuration(ports: Readonly<Record<ServerName, number>>, plainPort: number): string {
  const servers = Object.entries(SERVERS).map(([name, [directives]]) => {
    const http2 = directives === 'listen_http2'
    const own = http2 ? 'ssl_ciphers ECDHE+AESGCM;' : directives
    const certificate = own.includes('ssl_certificate ') ? '' : 'ssl_certificate chain.pem;'
    const listen = `listen 127.0.0.1:${ports[name as ServerName]} ssl${http2 ? ' http2' : ''};`
    return `server { ${listen} ${certificate} ssl_certificate_key key.pem; ${own} return 200 ok; }`
  })
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(kind => `${kind}_temp_path temp/${kind};`)
  return `
    pid nginx.pid; error_log stderr notice; worker_processes 1; events {}
    http { access_log off; ${temporary.join(' ')}
      server { listen 127.0.0.1:${plainPort}; return 308 https://$host$request_uri; }
      ${servers.join('\n')}
    }`
}
