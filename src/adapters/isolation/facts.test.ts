import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { describe, test } from 'node:test'
import { PortLook } from './facts.ts'

const portOf = (server: Server): number => (server.address() as AddressInfo).port

async function listening(host: string, port = 0): Promise<Server> {
  const server = createServer().listen(port, host)
  await once(server, 'listening')
  // A failure must end the test, and not be waited for.
  return server.unref()
}

async function close(server: Server): Promise<void> {
  const closed = once(server, 'close')
  server.close()
  await closed
}

describe('a look at a port', { timeout: 20_000 }, () => {
  for (const host of ['127.0.0.1', '::1']) {
    test(`sees a listener on ${host} come and go`, async () => {
      const free = await listening(host)
      const port = portOf(free)
      await close(free)
      const look = new PortLook()
      assert.equal(look.isOpen(process.pid, port), false)
      const server = await listening(host, port)
      assert.equal(look.isOpen(process.pid, port), true)
      assert.equal(look.isOpen(process.pid, port), true)
      await close(server)
      assert.equal(look.isOpen(process.pid, port), false)
    })
  }

  test('finds a listener that came as another one went, by which the counts are what they were', async () => {
    const free = await listening('127.0.0.1')
    const port = portOf(free)
    await close(free)
    const other = await listening('127.0.0.1')
    const look = new PortLook()
    assert.equal(look.isOpen(process.pid, port), false)
    await close(other)
    const server = await listening('127.0.0.1', port)
    const looks = Array.from({ length: 20 }, () => look.isOpen(process.pid, port))
    assert.ok(looks.includes(true), 'it is never found')
    await close(server)
  })
})
