import { argsOf } from '../directive.ts'
import { whatUpstreamGets } from '../effective/upstream-gets.ts'
import { toMs } from '../nginx-time.ts'
import type { View } from '../view.ts'
import { directivesNamed } from '../walk.ts'
import { changedHeaders, hasToBe, headerText, passedOn, placeOf, sentHeader, wrongSettings } from './passed-on.ts'
import type { Rule, Subject } from './rule.ts'

const HOUR_MS = 3_600_000
const COMPRESSED: readonly string[] = ['*', 'text/event-stream']

const buffering: Rule = {
  id: 'stream-buffering',
  title: 'Event streams are passed on unbuffered',
  why: 'A buffered stream looks healthy: it answers 200 and stays open, while events wait in the proxy until its buffer is full.',
  severity: 'error',
  judge: subject => hasToBe('proxy_buffering', 'off')(passedOn(subject, 'stream')),
}

const requestBuffering: Rule = {
  id: 'stream-request-buffering',
  title: 'Requests for event streams are passed on as they come',
  why: 'The daemon hears of a request only after all of it has arrived at the proxy, and a body waits in a file meanwhile.',
  severity: 'error',
  judge: subject => hasToBe('proxy_request_buffering', 'off')(passedOn(subject, 'stream')),
}

const httpVersion: Rule = {
  id: 'stream-http-version',
  title: 'Event streams are asked for with HTTP/1.1',
  why: 'An HTTP/1.0 answer has no chunks: a stream that was cut looks like one that ended, and connections are not kept.',
  severity: 'error',
  judge: subject => hasToBe('proxy_http_version', '1.1')(passedOn(subject, 'stream')),
}

/** Of a request that asks for no upgrade; maps for those often leave it empty for all others. */
function isEmptied({ effective }: Subject, view: View): boolean {
  const plain = effective.view({ ...view.asked, headers: {} })
  return whatUpstreamGets(plain)?.headers.get('connection')?.kind === 'removed'
}

const connection: Rule = {
  id: 'connection-header',
  title: 'The Connection header is not passed on',
  why: 'It belongs to one hop. `close` ends every connection that keepalive would keep; a value of the client lets the client name headers to be dropped.',
  severity: 'warning',
  *judge(subject) {
    for (const { path, view } of passedOn(subject)) {
      const sent = sentHeader(view, 'Connection')
      if (sent?.value === '' || (sent?.value.includes('$') && isEmptied(subject, view))) continue
      // What nginx does by itself bites only where a connection is meant to stay.
      if (sent === undefined && path.kind !== 'stream') continue
      yield {
        at: sent?.at ?? placeOf(view),
        path: path.id,
        expected: 'proxy_set_header Connection ""',
        actual: sent === undefined ? 'Connection "close" (default)' : headerText('Connection', sent),
      }
    }
  },
}

const accelBuffering: Rule = {
  id: 'stream-accel-buffering',
  title: 'Event streams tell the next proxy not to buffer',
  why: 'nginx keeps the X-Accel-Buffering of the daemon to itself, so another proxy on the way to the client never hears of it.',
  severity: 'error',
  *judge(subject) {
    for (const { path, view } of passedOn(subject, 'stream')) {
      const added = view.listed('add_header').find(({ args }) => args[0]?.toLowerCase() === 'x-accel-buffering')
      if (added?.args[1]?.toLowerCase() === 'no') continue
      yield {
        at: added?.at ?? placeOf(view),
        path: path.id,
        expected: 'add_header X-Accel-Buffering no always',
        actual: added === undefined ? 'no X-Accel-Buffering' : `X-Accel-Buffering "${added.args[1] ?? ''}"`,
      }
    }
  },
}

function longEnough(directive: 'proxy_read_timeout' | 'proxy_send_timeout', why: string): Rule {
  return {
    id: `stream-${directive === 'proxy_read_timeout' ? 'read' : 'send'}-timeout`,
    title: `Event streams have a ${directive} of an hour or more`,
    why,
    severity: 'error',
    *judge(subject) {
      const isLong = ([text]: readonly string[]) => (toMs(text ?? '') ?? 0) >= HOUR_MS
      for (const found of wrongSettings(passedOn(subject, 'stream'), directive, `${directive} 1h or more`, isLong))
        yield { ...found, actual: `${found.actual}, with heartbeats every ${subject.edge.heartbeatMs / 1_000} s` }
    },
  }
}

const readTimeout = longEnough(
  'proxy_read_timeout',
  'A daemon that is busy for longer than this loses every stream at once, and every client comes back at once.',
)
const sendTimeout = longEnough(
  'proxy_send_timeout',
  'Both directions of a stream are meant to stay open; the shorter of the two decides.',
)

const gzip: Rule = {
  id: 'stream-gzip',
  title: 'Event streams are not compressed',
  why: 'Compression holds back small events where anything on the way buffers, and costs a compressor for each open stream.',
  severity: 'warning',
  *judge(subject) {
    for (const { path, view } of passedOn(subject, 'stream')) {
      const on = view.setting('gzip')
      const types = view.listed('gzip_types').find(({ args }) => args.some(type => COMPRESSED.includes(type)))
      if (on.args[0] !== 'on' || types === undefined) continue
      yield {
        at: types.at,
        path: path.id,
        expected: 'gzip off, or gzip_types without text/event-stream',
        actual: `gzip on with gzip_types ${types.args.join(' ')}`,
      }
    }
  },
}

const limited: Rule = {
  id: 'stream-limited',
  title: 'Event streams are not throttled',
  why: 'A browser gives a stream up for good at any status but 200, so a refused reconnect is the last one; a rate holds events back.',
  severity: 'warning',
  *judge(subject) {
    for (const { path, view } of passedOn(subject, 'stream')) {
      for (const directive of ['limit_req', 'limit_conn'])
        for (const { args, at } of view.listed(directive))
          yield { at, path: path.id, expected: `no ${directive}`, actual: [directive, ...args].join(' ') }
      for (const directive of ['limit_rate', 'proxy_limit_rate'])
        yield* wrongSettings([{ path, view }], directive, `${directive} 0`, ([rate]) => rate === '0')
    }
  },
}

const clientAbort: Rule = {
  id: 'stream-client-abort',
  title: 'A stream ends at the daemon when its client has gone',
  why: 'Otherwise the daemon keeps writing to nobody, and each reconnect of a client leaves one more stream behind.',
  severity: 'error',
  judge: subject => hasToBe('proxy_ignore_client_abort', 'off')(passedOn(subject, 'stream')),
}

const lastEventId: Rule = {
  id: 'stream-last-event-id',
  title: 'Last-Event-ID reaches the daemon',
  why: 'Without it a client that comes back misses every event of the meantime, and nothing tells.',
  severity: 'error',
  judge: subject => changedHeaders(passedOn(subject, 'stream'), ['Last-Event-ID']),
}

const http2: Rule = {
  id: 'stream-http2',
  title: 'Clients are offered HTTP/2',
  why: 'A browser opens six HTTP/1.1 connections to one origin at most: six open streams, and no request gets through any more.',
  severity: 'warning',
  *judge(subject) {
    const offered = directivesNamed(subject.configuration, 'http2').some(
      ({ directive }) => argsOf(directive)[0] === 'on',
    )
    if (offered) return
    for (const { path, view } of passedOn(subject, 'stream')) {
      const first = view.server.listens.find(({ tls }) => tls)
      if (view.asked.scheme !== 'https' || first === undefined || view.server.listens.some(({ http2 }) => http2))
        continue
      yield { at: first.at, path: path.id, expected: `listen ${first.text} http2`, actual: `listen ${first.text}` }
    }
  },
}

export const streamRules: readonly Rule[] = [
  buffering,
  requestBuffering,
  httpVersion,
  connection,
  accelBuffering,
  readTimeout,
  sendTimeout,
  gzip,
  limited,
  clientAbort,
  lastEventId,
  http2,
]
