import { RunproofError } from '../../model/error.ts'
import { bracketed } from '../../model/host-text.ts'
import type { Asked } from '../view.ts'
import { normalAddress } from './listen.ts'
import type { Socket } from './server.ts'
import { knowsHost } from './server-name.ts'

/**
 * Where the connection arrives: at the address asked for, else at the port of the scheme, else where the host is known.
 *
 * @throws RunproofError CONFIG_INVALID when nothing listens there, or what listens does not serve the scheme
 */
export function pickSocket(sockets: readonly Socket[], asked: Asked, host: string): Socket {
  const serving = sockets.filter(({ tls }) => tls === (asked.scheme === 'https'))
  const found = asked.listen === undefined ? anyFor(serving, asked, host) : at(serving, asked.listen)
  if (found !== undefined) return found

  const { listen } = asked
  const where = listen === undefined ? '' : ` on ${listen.address ?? 'any address'}, port ${listen.port}`
  throw new RunproofError('CONFIG_INVALID', `no server of this configuration listens for ${asked.scheme}${where}`, {
    hint: `ask for what it does listen on: ${sockets.map(describe).join(', ') || 'it has no server at all'}`,
  })
}

function anyFor(serving: readonly Socket[], { scheme }: Asked, host: string): Socket | undefined {
  const usual = scheme === 'https' ? 443 : 80
  const preferred = [...serving.filter(({ port }) => port === usual), ...serving]
  return preferred.find(socket => knowsHost(socket, host)) ?? preferred[0]
}

/** A connection to one address is taken by the socket of that address if there is one, else by the one of all addresses. */
function at(serving: readonly Socket[], { address, port }: NonNullable<Asked['listen']>): Socket | undefined {
  if (address?.startsWith('/') || address?.startsWith('unix:')) {
    return serving.find(one => one.port === undefined && one.address === address.replace(/^unix:/, ''))
  }
  const there = serving.filter(one => one.port === port)
  if (address === undefined) return there.find(one => one.address === '*') ?? there[0]
  const wanted = normalAddress(address)
  const all = wanted.includes(':')
    ? (one: Socket) => one.address === '::'
    : (one: Socket) => one.address === '*' || (one.address === '::' && one.v4too)
  return there.find(one => one.address === wanted) ?? there.find(all)
}

function describe({ address, port, tls }: Socket): string {
  return `${tls ? 'https' : 'http'} on ${port === undefined ? address : `${bracketed(address)}:${port}`}`
}
