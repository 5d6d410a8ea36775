/** A small event stream server on loopback, faithful but for what it is told to do wrong. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { constants, createGzip } from 'node:zlib'

export interface How {
  /** Answers every request itself. */
  readonly answer?: (request: IncomingMessage, response: ServerResponse) => void
  /** Of the head of a stream. */
  readonly headers?: Readonly<Record<string, string>>
  /** Written in place of the replay. */
  readonly text?: string
  readonly count?: number
  readonly heartbeat?: string
  readonly heartbeatAfterMs?: number
  /** Takes a malformed cursor for none. */
  readonly lenient?: boolean
  /** Forgets to say that events before the first one are gone. */
  readonly silentGap?: boolean
  /** A cursor that is newer than all starts anew. */
  readonly newerReplays?: boolean
  /** Compresses for those who ask; `held` without ever flushing. */
  readonly gzip?: 'flushed' | 'held'
  /** So late comes what is retained. */
  readonly lateMs?: number
  /** One more event so often. */
  readonly everyMs?: number
}

export const FIRST_ID = 7559142440960000003n
const HEARTBEAT = 'event: heartbeat\ndata: {"type":"heartbeat"}\n\n'
const HEARTBEAT_MS = 150
const eventOf = (id: bigint) => `id: ${id}\nevent: output\ndata: {"type":"output","n":"${id}"}\n\n`

export async function startStreamServer(how: How = {}): Promise<AsyncDisposable & { readonly url: string }> {
  const events: Events = { last: FIRST_ID + BigInt(how.count ?? 6), readers: new Set() }
  const timer = setInterval(
    () => {
      for (const read of events.readers) read(events.last)
      events.last += 1n
    },
    how.everyMs ?? 2 ** 30,
  )
  const server = createServer((request, response) => {
    if (how.answer === undefined) streamTo(request, response, how, events)
    else how.answer(request, response)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      clearInterval(timer)
      server.closeAllConnections()
      server.close()
    },
  }
}

function cursorOf(request: IncomingMessage, { lenient = false }: How): bigint | undefined | 'malformed' {
  const query = new URL(request.url!, 'http://x').searchParams.get('cursor')
  const given = [query, request.headers['last-event-id']].filter(one => typeof one === 'string')
  if (given.some(one => !/^\d+$/.test(one))) return lenient ? undefined : 'malformed'
  return given.map(BigInt).sort((a, b) => (a < b ? 1 : -1))[0]
}

/** Answers requests of a server of another's with a faithful stream. */
export function streamAnswerer(how: How): (request: IncomingMessage, response: ServerResponse) => void {
  const events: Events = { last: FIRST_ID + 6n, readers: new Set() }
  return (request, response) => streamTo(request, response, how, events)
}

interface Events {
  /** The id of the next one. */
  last: bigint
  readonly readers: Set<(id: bigint) => void>
}

function streamTo(request: IncomingMessage, response: ServerResponse, how: How, events: Events): void {
  const cursor = cursorOf(request, how)
  if (cursor === 'malformed') {
    response.writeHead(400, { 'content-type': 'application/problem+json' })
    response.end('{"code":"invalid_event_cursor"}')
    return
  }
  const { heartbeat = HEARTBEAT, gzip } = how
  const compressed = gzip !== undefined && request.headers['accept-encoding'] === 'gzip'
  const encoding: Record<string, string> = compressed ? { 'content-encoding': 'gzip' } : {}
  response.writeHead(200, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-cache',
    ...encoding,
    ...how.headers,
  })
  response.flushHeaders()
  const zip = compressed ? createGzip() : undefined
  zip?.pipe(response)
  const write = (text: string) => {
    if (zip === undefined) response.write(text)
    else {
      zip.write(text)
      if (gzip === 'flushed') zip.flush(constants.Z_SYNC_FLUSH)
    }
  }
  const { last } = events
  const isOld = cursor !== undefined && cursor > 0n && cursor < FIRST_ID - 1n
  const replay = () => {
    if (isOld && how.silentGap !== true)
      write(`id: ${FIRST_ID - 1n}\nevent: stream_gap\ndata: {"type":"stream_gap","reason":"restart_epoch"}\n\n`)
    if (how.text !== undefined) write(how.text)
    else if (cursor !== undefined) {
      const after = cursor >= last && how.newerReplays === true ? 0n : cursor
      for (let id = FIRST_ID; id < last; id += 1n) if (id > after) write(eventOf(id))
    }
    if (heartbeat !== '') timers.push(setTimeout(() => write(heartbeat), how.heartbeatAfterMs ?? HEARTBEAT_MS))
  }
  const timers: NodeJS.Timeout[] = []
  if (how.lateMs === undefined) replay()
  else timers.push(setTimeout(replay, how.lateMs))
  const read = (id: bigint) => write(eventOf(id))
  events.readers.add(read)
  response.once('close', () => {
    events.readers.delete(read)
    timers.forEach(clearTimeout)
  })
}
