import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { cmd } from '../model/command.ts'
import type { RunproofError } from '../model/error.ts'
import type { TargetHttp } from '../model/http.ts'
import type { Interposition, TlsFront } from '../model/interposer.ts'
import { Secret } from '../model/secret.ts'
import { type Issued, issueAuthority, issueLeaf, type LeafOptions } from '../tls/issue.ts'
import { http } from './http/port.ts'
import { createInterposer } from './interposer.ts'
import { commands } from './run-command.ts'

const NAMES = ['localhost', '127.0.0.1']
const DAY_MS = 86_400_000
const interposer = createInterposer()

describe('TLS in front of a daemon', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'runproof-test-'))
  const caFile = join(directory, 'ca.pem')
  const server = createServer((request, response) => {
    if (request.url === '/stream') {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write('id: 1\ndata: a\n\n')
      return
    }
    response.end(JSON.stringify(request.headers))
  }).listen(0, '127.0.0.1')
  let target: TargetHttp
  before(async () => {
    if (!server.listening) await once(server, 'listening')
    target = await http.connect({ baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
  })
  after(async () => {
    await target.close()
    server.closeAllConnections()
    server.close()
    rmSync(directory, { recursive: true, force: true })
  })

  const root = await issueAuthority()
  const intermediate = await issueAuthority({ issuer: root })
  const good = await issueLeaf(intermediate, { names: NAMES })
  writeFileSync(caFile, root.certificatePem)

  const leaf = (options: Partial<LeafOptions>, issuer: Issued = intermediate) =>
    issueLeaf(issuer, { names: NAMES, ...options })
  const front = (issued: Issued, more: Partial<TlsFront> = {}): TlsFront => ({
    chain: issued.chainPem,
    key: issued.privateKeyPem,
    roots: [root.certificatePem],
    caFile,
    ...more,
  })
  const behind = (tls: TlsFront, how: Omit<Interposition, 'tls'> = {}) => interposer.interpose(target, { ...how, tls })

  test('is asked as https by an address and by a name, and shows its whole chain without the root', async () => {
    for (const name of [undefined, 'localhost']) {
      await using proxied = await behind(front(good, name === undefined ? {} : { name }))
      assert.match(
        proxied.place.baseUrl,
        name === undefined ? /^https:\/\/127.0.0.1:\d+$/ : /^https:\/\/localhost:\d+$/,
      )
      assert.equal((await proxied.request('/x')).status, 200)
      const peer = await proxied.peer()
      assert.equal(peer?.protocol, 'TLSv1.3')
      const chain = peer.chain.map(one => new X509Certificate(one).fingerprint256)
      assert.deepEqual(chain, [good.certificate.fingerprint256, intermediate.certificate.fingerprint256])
    }
  })

  test('passes a stream at once, and misbehaves as told', async () => {
    await using proxied = await behind(front(good), { dropHeader: 'x-mine' })
    const stream = await proxied.openStream('/stream')
    for await (const chunk of stream.chunks) {
      assert.match(Buffer.from(chunk).toString(), /data: a/)
      break
    }
    stream.close()
    const seen = JSON.parse((await proxied.request('/', { headers: { 'x-mine': '1', 'x-other': '2' } })).text)
    assert.deepEqual([seen['x-mine'], seen['x-other']], [undefined, '2'])
  })

  test('tells commands whom to trust', async () => {
    const program = 'process.stdout.write(process.env.SSL_CERT_FILE ?? "none")'
    const subject = Object.assign(target, { run: commands.run })
    await using proxied = await interposer.interpose(subject, { tls: front(good) })
    const { stdout } = await proxied.run(cmd`${process.execPath} -e ${program}`, { timeoutMs: 5_000 })
    assert.equal(stdout, caFile)
  })

  const past = { validFrom: new Date(Date.now() - 2 * DAY_MS), validTo: new Date(Date.now() - DAY_MS) }
  const future = { validFrom: new Date(Date.now() + DAY_MS), validTo: new Date(Date.now() + 2 * DAY_MS) }
  const other = await issueAuthority()
  const refused: readonly (readonly [string, TlsFront, RegExp])[] = [
    ['another name', front(await leaf({ names: ['elsewhere.test'] })), /not for 127.0.0.1, it is for DNS:elsewhere/],
    ['no name', front(await leaf({ names: [], commonName: '127.0.0.1' })), /it names nobody/],
    ['one that has expired', front(await leaf(past)), /has expired/],
    ['one that is not valid yet', front(await leaf(future)), /not valid yet/],
    ['one of another authority', front(await leaf({}, other)), /issuer of its certificate is not known/],
    ['one signed by itself', front(await issueLeaf('itself', { names: NAMES })), /self-signed/],
    [
      'one without its intermediate',
      front(good, { chain: good.certificatePem }),
      /intermediate certificate is missing/,
    ],
    ['one for clients', front(await leaf({ purposes: ['clientAuth'] })), /not for servers/],
    ['a weak key', front(await leaf({ key: 'rsa-1024' })), /refused: EE certificate key too weak/],
    ['a weak signature', front(await leaf({ hash: 'sha1' })), /refused: CA signature digest algorithm too weak/],
    ['an issuer that is no authority', front(await leaf({}, good)), /refused: key usage does not include/],
    ['no TLS at all', front(good, { plain: true }), /does not speak TLS/],
  ]
  for (const [title, tls, why] of refused) {
    test(`${title} is refused for what it is`, async () => {
      await using proxied = await behind(tls)
      await assert.rejects(proxied.request('/'), (error: RunproofError) => {
        assert.equal(error.code, 'TLS_FAILED', error.message)
        assert.match(error.message, why)
        return true
      })
    })
  }

  test('what is refused can be looked at all the same', async () => {
    await using proxied = await behind(front(await leaf({ ...past, key: 'rsa-1024' })))
    const [own] = (await proxied.peer())!.chain
    assert.equal(new X509Certificate(own!).publicKey.asymmetricKeyDetails?.modulusLength, 1024)
    await using plain = await behind(front(good, { plain: true }))
    await assert.rejects(plain.peer(), { code: 'TLS_FAILED', message: /does not speak TLS/ })
  })

  test('no server starts with a key of another certificate, or with what is none', async () => {
    const another = await leaf({})
    const rsa = await leaf({ key: 'rsa-2048' })
    const cases: readonly (readonly [TlsFront, RegExp])[] = [
      [front({ ...good, privateKeyPem: another.privateKeyPem }), /belongs to another certificate/],
      [front({ ...good, privateKeyPem: rsa.privateKeyPem }), /belongs to another certificate/],
      [front(good, { chain: 'nothing' }), /holds no certificate/],
      [front(good, { key: new Secret('key', 'nothing of a key') }), /key cannot be read/],
    ]
    for (const [tls, message] of cases) await assert.rejects(behind(tls), { code: 'CERTIFICATE_INVALID', message })
  })

  test('ends although somebody never finished a handshake', async () => {
    const proxied = await behind(front(good))
    const socket = connect(Number(new URL(proxied.place.baseUrl).port), '127.0.0.1')
    await once(socket, 'connect')
    await proxied.request('/')
    const ended = once(socket, 'close')
    await proxied.close()
    await ended
  })
})
