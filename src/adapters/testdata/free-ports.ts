import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'

/**
 * Ports that were free a moment ago, for what is told its port and cannot choose one. They lie below those that the system hands
 * out by itself: of those, another test may be given the very one that is to be used.
 *
 * @returns different ones, all free at the same moment
 */
export async function freePorts(count: number, host = '127.0.0.1'): Promise<readonly number[]> {
  const [first] = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').trim().split(/\s+/)
  const held = new Map<number, Server>()
  try {
    for (let tries = 0; held.size < count; tries += 1) {
      if (tries === 50 * count) throw new Error(`no ${count} free ports of ${host} below ${first}`)
      const port = randomInt(Math.floor(Number(first) / 2), Number(first))
      const server = createServer()
      // Taken, or held already: another one is tried.
      const listens = await once(server.listen(port, host), 'listening').catch(() => undefined)
      if (listens !== undefined) held.set(port, server)
    }
    return [...held.keys()]
  } finally {
    await Promise.all([...held.values()].map(server => new Promise(closed => server.close(closed))))
  }
}

export async function freePort(host?: string): Promise<number> {
  const [port] = await freePorts(1, host)
  return port!
}
