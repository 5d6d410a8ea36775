import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server } from 'node:net'
import { networkInterfaces } from 'node:os'
import { describe, test } from 'node:test'
import { freePort } from '../testdata/free-ports.ts'
import { PortLook } from './facts.ts'

const withoutIpv6 = Object.values(networkInterfaces())
  .flat()
  .every(one => one?.address !== '::1')

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
    const skip = host === '::1' && withoutIpv6 && 'this machine has no IPv6'
    test(`sees a listener on ${host} come and go`, { skip }, async () => {
      const port = await freePort(host)
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
    const port = await freePort('127.0.0.1')
    const other = await listening('127.0.0.1')
    let nowMs = 0
    const look = new PortLook(() => nowMs)
    assert.equal(look.isOpen(process.pid, port), false)
    await close(other)
    const server = await listening('127.0.0.1', port)
    nowMs = 300
    assert.equal(look.isOpen(process.pid, port), true)
    await close(server)
  })
})
