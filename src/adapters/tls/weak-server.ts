import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:tls'
import { type Issued, issueLeaf } from '../../tls/issue.ts'
import type { Offer, Place } from './connection.ts'

/** A server of our own on loopback that accepts an offer, and nothing else. */
export async function startWeakServer(
  offer: Pick<Offer, 'minVersion' | 'maxVersion' | 'ciphers'>,
  identity: Issued,
): Promise<Place & AsyncDisposable> {
  const { minVersion, maxVersion, ciphers } = offer
  const server = createServer({
    minVersion,
    maxVersion,
    ciphers,
    cert: identity.certificatePem,
    key: identity.privateKeyPem.reveal(),
  })
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

/** A key of the kind that old suites need, and small, since it protects nothing. */
export function weakIdentity(): Promise<Issued> {
  return issueLeaf('itself', { key: 'rsa-1024', names: ['localhost'] })
}
