import type { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import type { ConnectionOptions, TLSSocket } from 'node:tls'
import { hostOf } from '../../model/host-text.ts'
import type { Peer } from '../../model/http.ts'
import type { Call } from './call.ts'

interface Place {
  readonly url: URL
  readonly socketPath?: string | null
}

/**
 * Shakes hands with a TLS server and looks at what it shows. Nothing is trusted, and nothing is sent besides: an authority
 * that were trusted here would be added to a chain that came without it.
 */
export async function shakeHands({ url, socketPath }: Place, call: Call): Promise<Omit<Peer, 'roots'>> {
  const { connect } = await import('node:tls')
  const host = hostOf(url)
  const options: ConnectionOptions = {
    ...(socketPath == null ? { host, port: Number(url.port || 443) } : { path: socketPath }),
    // An address is no name that could be asked for.
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ca: [],
    rejectUnauthorized: false,
    // What is weak is to be seen, too.
    ciphers: 'DEFAULT@SECLEVEL=0',
  }
  const socket = connect(options)
  call.watch(socket)
  const stop = () => socket.destroy(new Error('given up'))
  call.signal.addEventListener('abort', stop, { once: true })
  if (call.signal.aborted) stop()
  try {
    await new Promise<void>((resolve, reject) => {
      socket
        .once('secureConnect', resolve)
        .once('error', reject)
        .once('close', () => reject(closedEarly()))
    })
    return { protocol: socket.getProtocol() ?? '', cipher: socket.getCipher().name, chain: chainOf(socket) }
  } finally {
    call.signal.removeEventListener('abort', stop)
    socket.destroy()
  }
}

function closedEarly(): Error {
  return Object.assign(new Error('closed during the handshake'), { code: 'ECONNRESET' })
}

function chainOf(socket: TLSSocket): Uint8Array[] {
  const chain: Uint8Array[] = []
  let one: X509Certificate | undefined = socket.getPeerX509Certificate()
  while (one !== undefined) {
    chain.push(one.raw)
    one = one.issuerCertificate
  }
  return chain
}
