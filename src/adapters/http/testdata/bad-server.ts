/** A server on loopback whose answers are bad, each in its own way, by path. */
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { drip, GIBIBYTE, kibibyte, MANY_EVENTS, noText, pour } from './floods.ts'

const EVENTS = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n'
const CHUNKED = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n'
const chunk = (text: string) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`

/** What comes back, by path. */
const ANSWERS: Readonly<Record<string, (socket: Socket) => void>> = {
  '/fine': socket => socket.end(`${EVENTS}data: fine\n\n`),
  '/garbage': socket => {
    socket.write(EVENTS)
    pour(socket, () => noText(65_536))
  },
  '/noise': socket => {
    socket.write(EVENTS)
    pour(socket, kibibyte('all is well\n\n'))
  },
  '/huge-event': socket => {
    socket.write(`${EVENTS}data: before\n\ndata: `)
    pour(socket, kibibyte('x'), GIBIBYTE)
  },
  '/many-events': socket => {
    socket.write(EVENTS)
    pour(socket, () => MANY_EVENTS, GIBIBYTE / 4)
  },
  '/endless-value': socket => {
    socket.write('HTTP/1.1 200 OK\r\nx-pad: ')
    pour(socket, kibibyte('x'))
  },
  '/endless-fields': socket => {
    socket.write('HTTP/1.1 200 OK\r\n')
    pour(socket, kibibyte('x-pad: y\r\n'))
  },
  '/endless-reason': socket => {
    socket.write('HTTP/1.1 200 ')
    pour(socket, kibibyte('x'))
  },
  '/endless-hints': socket => pour(socket, kibibyte('HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n')),
  '/endless-trailer': socket => {
    socket.write(`${CHUNKED}${chunk('data: a\n\n')}0\r\n`)
    pour(socket, kibibyte('x-pad: y\r\n'))
  },
  '/endless-extension': socket => {
    socket.write(`${CHUNKED}1;x=`)
    pour(socket, kibibyte('x'))
  },
  '/slow-fields': socket => {
    socket.write('HTTP/1.1 200 OK\r\n')
    drip(socket, 'x: y\r\n')
  },
  '/slow-body': socket => {
    socket.write('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100000\r\n\r\n[')
    drip(socket, ' ')
  },
  '/slow-event': socket => {
    socket.write(`${EVENTS}data: a\n\ndata: `)
    drip(socket, 'x')
  },
  '/silence': () => {},
  '/hangs-up': socket => socket.destroy(),
  '/huge-body': socket => {
    socket.write('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n[')
    pour(socket, kibibyte(' '), GIBIBYTE)
  },
  '/html': socket =>
    socket.end('HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n\r\n<!doctype html><p>Please log in</p>'),
  '/cut-event': socket => socket.write(`${CHUNKED}${chunk('data: a\n\nda')}`, () => socket.destroy()),
  '/ended-event': socket => socket.end(`${CHUNKED}${chunk('data: a\n\nda')}`),
  '/no-last-chunk': socket => socket.end(`${CHUNKED}${chunk('data: a\n\n')}`),
  '/cut-body': socket => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n[1,'),
  '/no-http': socket => socket.end('SSH-2.0-OpenSSH_9.2\r\n'),
  '/no-chunks': socket => socket.end(`${CHUNKED}zz\r\n`),
  '/two-lengths': socket => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n[]]'),
}

export async function startBadServer(): Promise<AsyncDisposable & { readonly port: number }> {
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket)
    socket.on('error', () => {}).once('close', () => sockets.delete(socket))
    let head = ''
    const listen = (data: Buffer) => {
      head += data.toString('latin1')
      if (!head.includes('\r\n\r\n')) return
      socket.off('data', listen)
      ANSWERS[head.split(' ', 2)[1]!]!(socket)
    }
    socket.on('data', listen)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise<void>(resolve => server.close(() => resolve()))
    },
  }
}
