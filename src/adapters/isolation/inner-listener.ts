import type { AddressInfo, Server, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { RunproofError } from '../../model/error.ts'
import type { InnerListener } from '../../model/instance.ts'
import type { WardenLink } from './warden-link.ts'

let asked = 0

/** Has a warden listen inside and takes its server over, so that the connections are accepted here. */
export function listenInside(
  link: WardenLink,
  instanceId: string,
  accept: (connection: Duplex) => void,
): Promise<InnerListener> {
  const id = ++asked
  return new Promise((resolve, reject) => {
    const refuse = (why: string) => {
      forget()
      reject(new RunproofError('INSTANCE_FAILED', `instance ${instanceId} ${why}`))
    }
    const forget = link.on((message, server) => {
      if (message.kind === 'failed') refuse(`cannot be listened in: ${message.message}`)
      if (message.kind !== 'listening' || message.id !== id) return
      // A handle is lost where its process has no room for another one.
      if (server === undefined) return refuse('handed over no listener')
      forget()
      resolve(takeOver(server, accept))
    })
    link.ended.then(() => refuse('has ended; nothing can listen in it'))
    link.send({ kind: 'listen', id })
  })
}

function takeOver(server: Server, accept: (connection: Duplex) => void): InnerListener {
  const open = new Set<Socket>()
  server.on('connection', socket => {
    open.add(socket)
    socket.once('close', () => open.delete(socket)).on('error', () => {})
    accept(socket)
  })
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      for (const socket of open) socket.destroy()
      if (server.listening) await new Promise<void>(resolve => server.close(() => resolve()))
    },
  }
}
