import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:tls'
import { OFFERS, type OfferId } from '../../tls/inspection.ts'
import { type Issued, issueLeaf } from '../../tls/issue.ts'
import { type Limits, type Offer, type Place, shakeHands } from './connection.ts'

/** Which offers this client can make at all, because a server of our own took them in this run. */
export type Calibrated = Readonly<Record<OfferId, boolean>>

/**
 * Makes every offer that a good server refuses to a server of our own on loopback, which accepts it and nothing else: a
 * client whose library no longer makes an offer is refused by nobody, and proves nothing.
 *
 * @throws RunproofError INTERRUPTED
 */
export async function calibrate(limits: Limits): Promise<Calibrated> {
  // A key of the kind that old suites need, and small, since it protects nothing.
  const identity = await issueLeaf('itself', { key: 'rsa-1024', names: ['localhost'] })
  const ids = Object.keys(OFFERS) as OfferId[]
  const taken = await Promise.all(ids.map(async id => [id, await isTaken(OFFERS[id], identity, limits)] as const))
  return Object.fromEntries(taken) as unknown as Calibrated
}

async function isTaken(offer: Offer, identity: Issued, limits: Limits): Promise<boolean> {
  try {
    await using server = await startWeakServer(offer, identity)
    return (await shakeHands(server, offer, limits)).kind === 'done'
  } catch (thrown) {
    if (limits.signal.aborted) throw thrown
    return false
  }
}

async function startWeakServer(
  { minVersion, maxVersion, ciphers }: Offer,
  identity: Issued,
): Promise<Place & AsyncDisposable> {
  const key = identity.privateKeyPem.reveal()
  const server = createServer({ minVersion, maxVersion, ciphers, cert: identity.certificatePem, key })
  server.on('tlsClientError', () => {})
  server.on('secureConnection', socket => socket.on('error', () => {}))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    host: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
    name: 'localhost',
    async [Symbol.asyncDispose]() {
      server.close()
      await once(server, 'close')
    },
  }
}
