import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { createServer as createTlsServer } from 'node:tls'
import { issueAuthority, issueLeaf } from '../../tls/issue.ts'
import { http } from './port.ts'

describe('a look at what a server shows', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'runproof-test-'))
  const servers: Server[] = []
  const open = new Set<Socket>()
  after(() => {
    for (const socket of open) socket.destroy()
    for (const server of servers) server.close()
    rmSync(directory, { recursive: true, force: true })
  })
  const caFile = join(directory, 'ca.pem')
  const root = await issueAuthority()
  writeFileSync(caFile, root.certificatePem)

  async function listen(server: Server): Promise<number> {
    servers.push(server.on('connection', socket => open.add(socket.on('error', () => {}))).listen(0, '127.0.0.1'))
    await once(server, 'listening')
    return (server.address() as AddressInfo).port
  }
  const at = async (server: Server) => http.connect({ baseUrl: `https://127.0.0.1:${await listen(server)}`, caFile })

  test('adds nothing to what was sent: not even the root that is trusted', async () => {
    const { chainPem: cert, privateKeyPem } = await issueLeaf(root, { names: ['127.0.0.1'] })
    await using target = await at(createTlsServer({ cert, key: privateKeyPem.reveal() }))
    assert.equal((await target.peer())?.chain.length, 1)
  })

  test('has no verdict on a server that says nothing, leaves in the middle, or is gone', async () => {
    await using silent = await at(createServer())
    await assert.rejects(silent.peer({ timeoutMs: 100 }), { code: 'TIMEOUT' })
    await using leaves = await at(createServer(socket => socket.once('data', () => socket.end())))
    await assert.rejects(leaves.peer(), { code: 'TARGET_UNREACHABLE', message: /broke the connection off/ })
    const gone = createServer()
    const port = await listen(gone)
    gone.close()
    await using nobody = await http.connect({ baseUrl: `https://127.0.0.1:${port}`, caFile })
    await assert.rejects(nobody.peer(), { code: 'TARGET_UNREACHABLE', message: /nothing listens/ })
  })

  test('ends with its caller', async () => {
    await using silent = await at(createServer())
    await assert.rejects(silent.peer({ signal: AbortSignal.abort() }), { code: 'INTERRUPTED' })
    // Watched before it can end.
    const closed = assert.rejects(silent.peer())
    await silent.close()
    await closed
  })

  test('is not for a server without TLS', async () => {
    await using plain = await http.connect({ baseUrl: 'http://127.0.0.1:1' })
    assert.equal(await plain.peer(), undefined)
    await using spoken = await at(
      createServer(socket => socket.once('data', () => socket.end('HTTP/1.1 400 Bad\r\n\r\n'))),
    )
    await assert.rejects(spoken.peer(), { code: 'TLS_FAILED', message: /does not speak TLS/ })
  })
})
