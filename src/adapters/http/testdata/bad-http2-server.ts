/** A server on loopback that agrees on HTTP/2 and is bad at it, each one in its own way. Frames are written by hand. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer, type TLSSocket } from 'node:tls'
import type { Pair } from './certificates.ts'
import { drip, GIBIBYTE, kibibyte, MANY_EVENTS, noText, pour } from './floods.ts'

const TYPES = { data: 0, headers: 1, reset: 3, settings: 4, ping: 6, goAway: 7, window: 8, continuation: 9 } as const
const END_STREAM = 1
const END_HEADERS = 4
const PADDED = 8
const INTERNAL_ERROR = 2
const REFUSED_STREAM = 7
const CANCEL = 8

function frame(type: keyof typeof TYPES, flags: number, body: string | Buffer = '', stream = 1): Buffer {
  const payload = Buffer.from(body)
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = TYPES[type]
  head[4] = flags
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

/** A header as a literal that is not indexed, name and value as they are. @see RFC 7541, section 6.2.2 */
function literal(name: string, value: string): Buffer {
  return Buffer.concat([Buffer.of(0), text(name), text(value)])
}

function text(value: string): Buffer {
  if (value.length < 127) return Buffer.concat([Buffer.of(value.length), Buffer.from(value)])
  const rest: number[] = []
  let left = value.length - 127
  for (; left >= 128; left >>= 7) rest.push((left & 127) | 128)
  return Buffer.concat([Buffer.of(127, ...rest, left), Buffer.from(value)])
}

const numbers = (...values: readonly number[]) => {
  const body = Buffer.alloc(4 * values.length)
  for (const [index, value] of values.entries()) body.writeUInt32BE(value, 4 * index)
  return body
}
const STATUS_200 = Buffer.of(0x88)
const head = (type: string, ...more: readonly Buffer[]) =>
  frame('headers', END_HEADERS, Buffer.concat([STATUS_200, literal('content-type', type), ...more]))
const EVENTS = head('text/event-stream')
const JSON_HEAD = head('application/json')
const data = (body: string | Buffer, flags = 0) => frame('data', flags, body)
const reset = (code: number) => frame('reset', 0, numbers(code))
const goAway = (code: number) => frame('goAway', 0, numbers(0, code), 0)

/** Data as the other side's windows allow it: DATA beyond them is an error of its own, and not the one meant. */
function pourData(connection: Connection, piece: () => Buffer, bytes = Number.POSITIVE_INFINITY): void {
  let sent = 0
  connection.whenRoom = () => {
    while (sent < bytes && !connection.socket.destroyed) {
      const next = piece()
      if (connection.room() < next.length) return
      connection.spend(next.length)
      sent += next.length
      connection.socket.write(data(next))
    }
    if (sent >= bytes) connection.socket.write(data('', END_STREAM))
  }
  connection.whenRoom()
}

/** A kilobyte at a time is too slow to be a flood. */
const many = (piece: Buffer) => {
  const body = Buffer.concat(Array.from({ length: Math.ceil(4_096 / piece.length) }, () => piece))
  return () => body
}

/** What comes back, by the name of the server. */
const ANSWERS = {
  fine: ({ socket }: Connection) => void socket.write(Buffer.concat([EVENTS, data('data: fine\n\n', END_STREAM)])),
  garbage: (connection: Connection) => {
    connection.socket.write(EVENTS)
    pourData(connection, () => noText(8_192))
  },
  noise: (connection: Connection) => {
    connection.socket.write(EVENTS)
    pourData(connection, kibibyte('all is well\n\n'))
  },
  'huge-event': (connection: Connection) => {
    connection.socket.write(Buffer.concat([EVENTS, data('data: before\n\ndata: ')]))
    connection.spend(20)
    pourData(connection, kibibyte('x'), GIBIBYTE)
  },
  'many-events': (connection: Connection) => {
    connection.socket.write(EVENTS)
    pourData(connection, () => MANY_EVENTS, GIBIBYTE / 4)
  },
  'huge-body': (connection: Connection) => {
    connection.socket.write(Buffer.concat([JSON_HEAD, data('[')]))
    connection.spend(1)
    pourData(connection, kibibyte(' '), GIBIBYTE)
  },
  'large-headers': ({ socket }: Connection) =>
    socket.write(
      Buffer.concat([
        frame('headers', 0, STATUS_200),
        ...Array.from({ length: 7 }, (_, n) =>
          frame('continuation', n === 6 ? END_HEADERS : 0, literal(`x-${n}`, 'x'.repeat(16_000))),
        ),
      ]),
    ),
  'endless-fields': ({ socket }: Connection) => {
    socket.write(frame('headers', 0, STATUS_200))
    pour(socket, many(frame('continuation', 0, literal('x-pad', 'x'.repeat(4_000)))))
  },
  'endless-hints': ({ socket }: Connection) => {
    const hints = literal(':status', '103')
    pour(socket, many(frame('headers', END_HEADERS, hints)))
  },
  'endless-trailer': ({ socket }: Connection) => {
    socket.write(Buffer.concat([EVENTS, data('data: a\n\n'), frame('headers', END_STREAM, literal('x-pad', 'y'))]))
    pour(socket, many(frame('continuation', 0, literal('x-pad', 'x'.repeat(4_000)))))
  },
  'endless-nothing': ({ socket }: Connection) => {
    socket.write(EVENTS)
    pour(socket, many(data('')))
  },
  'endless-padding': ({ socket }: Connection) => {
    socket.write(EVENTS)
    pour(socket, many(data(Buffer.concat([Buffer.of(255), Buffer.alloc(255)]), PADDED)))
  },
  'endless-pings': ({ socket }: Connection) => pour(socket, many(frame('ping', 0, Buffer.alloc(8), 0))),
  'endless-settings': ({ socket }: Connection) => pour(socket, many(frame('settings', 0, '', 0))),
  'slow-body': ({ socket }: Connection) => {
    socket.write(Buffer.concat([JSON_HEAD, data('[')]))
    drip(socket, data(' '))
  },
  'slow-event': ({ socket }: Connection) => {
    socket.write(Buffer.concat([EVENTS, data('data: a\n\ndata: ')]))
    drip(socket, data('x'))
  },
  silence: () => {},
  'hangs-up': ({ socket }: Connection) => void socket.destroy(),
  html: ({ socket }: Connection) =>
    socket.write(Buffer.concat([head('text/html'), data('<!doctype html><p>Please log in</p>', END_STREAM)])),
  'cut-event': ({ socket }: Connection) =>
    socket.write(Buffer.concat([EVENTS, data('data: a\n\nda')]), () => setTimeout(() => socket.destroy(), 20)),
  'ended-event': ({ socket }: Connection) => void socket.end(Buffer.concat([EVENTS, data('data: a\n\nda')])),
  'reset-event': ({ socket }: Connection) =>
    void socket.write(Buffer.concat([EVENTS, data('data: a\n\nda'), reset(INTERNAL_ERROR)])),
  'cancelled-event': ({ socket }: Connection) =>
    void socket.write(Buffer.concat([EVENTS, data('data: a\n\nda'), reset(CANCEL)])),
  'cut-body': ({ socket }: Connection) =>
    void socket.end(Buffer.concat([head('application/json', literal('content-length', '100')), data('[1,')])),
  refused: ({ socket }: Connection) => void socket.write(reset(REFUSED_STREAM)),
  'gone-away': ({ socket }: Connection) => void socket.write(goAway(INTERNAL_ERROR)),
  'gone-quietly': ({ socket }: Connection) => void socket.write(goAway(0)),
  'no-http': ({ socket }: Connection) => void socket.end('SSH-2.0-OpenSSH_9.2\r\n'),
  http1: ({ socket }: Connection) => void socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n[]'),
  'no-frames': ({ socket }: Connection) => void socket.write(Buffer.concat([EVENTS, frame('continuation', 0, 'zz')])),
  'wrong-length': ({ socket }: Connection) =>
    socket.write(Buffer.concat([head('application/json', literal('content-length', '3')), data('[]', END_STREAM)])),
  'wrong-name': ({ socket }: Connection) => void socket.write(head('application/json', literal('X-Upper', 'x'))),
} satisfies Readonly<Record<string, (connection: Connection) => void>>

export type BadHttp2 = keyof typeof ANSWERS

interface Connection {
  readonly socket: TLSSocket
  whenRoom: () => void
  room(): number
  spend(bytes: number): void
}

export async function startBadHttp2Server(
  way: BadHttp2,
  { certificate, key }: Pair,
): Promise<AsyncDisposable & { readonly port: number }> {
  const sockets = new Set<TLSSocket>()
  const options = { cert: readFileSync(certificate), key: readFileSync(key), ALPNProtocols: ['h2'] }
  const server = createServer(options, socket => {
    sockets.add(socket.setNoDelay(true))
    socket.on('error', () => {}).once('close', () => sockets.delete(socket))
    serve(socket, way)
  }).listen(0, '127.0.0.1')
  server.on('tlsClientError', () => {})
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise<void>(resolve => server.close(() => resolve()))
    },
  }
}

const PREFACE_BYTES = 24
const SPEAKS_NO_HTTP2: readonly BadHttp2[] = ['no-http', 'http1', 'hangs-up']

function serve(socket: TLSSocket, way: BadHttp2): void {
  const windows = new Map([
    [0, 65_535],
    [1, 65_535],
  ])
  const connection: Connection = {
    socket,
    whenRoom: () => {},
    room: () => Math.min(windows.get(0)!, windows.get(1)!),
    spend: bytes => {
      for (const [stream, left] of windows) windows.set(stream, left - bytes)
    },
  }
  let held = Buffer.alloc(0)
  let skipped = false
  socket.on('data', (piece: Buffer) => {
    held = Buffer.concat([held, piece])
    if (!skipped && held.length >= PREFACE_BYTES) {
      skipped = true
      held = held.subarray(PREFACE_BYTES)
    }
    while (skipped && held.length >= 9 && held.length >= 9 + held.readUIntBE(0, 3)) {
      const length = held.readUIntBE(0, 3)
      const type = held[3]
      const body = held.subarray(9, 9 + length)
      if (type === TYPES.headers) answer()
      if (type === TYPES.window) {
        const stream = held.readUInt32BE(5)
        windows.set(stream, (windows.get(stream) ?? 0) + body.readUInt32BE(0))
        connection.whenRoom()
      }
      held = held.subarray(9 + length)
    }
  })

  function answer(): void {
    if (!SPEAKS_NO_HTTP2.includes(way)) socket.write(frame('settings', 0, '', 0))
    ANSWERS[way](connection)
  }
}
