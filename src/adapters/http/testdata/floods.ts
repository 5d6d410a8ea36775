/** What servers send that are bad by how much, or how slowly, they send. */
import { randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'

export const GIBIBYTE = 2 ** 30
export const MANY_EVENTS = Buffer.from(`id: 1\ndata: ${'x'.repeat(186)}\n\n`.repeat(32))

/** As fast as it is read, until as much is sent, or the other side has gone. */
export function pour(socket: Socket, piece: () => Buffer, bytes = Number.POSITIVE_INFINITY): void {
  let sent = 0
  const more = () => {
    while (sent < bytes && !socket.destroyed) {
      const next = piece()
      sent += next.length
      if (!socket.write(next)) {
        socket.once('drain', more)
        return
      }
    }
    socket.end()
  }
  more()
}

export function drip(socket: Socket, piece: string | Buffer): void {
  const timer = setInterval(() => socket.write(piece), 10)
  socket.once('close', () => clearInterval(timer))
}

/** Never begins as a page does, which would be another error. */
export function noText(bytes: number): Buffer {
  const piece = randomBytes(bytes)
  piece[0] = 0xff
  return piece
}

/** About a kibibyte of the same text, each time. */
export function kibibyte(text: string): () => Buffer {
  const piece = Buffer.from(text.repeat(Math.ceil(1024 / text.length)))
  return () => piece
}
