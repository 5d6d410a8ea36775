import type { CheckContext, Json } from '../model/check.ts'
import { RunproofError } from '../model/error.ts'
import type { HttpClient } from '../model/http.ts'
import { parseJson } from '../model/json-answer.ts'
import { whatClientGets } from '../nginx/effective/client-gets.ts'
import { type Buffering, judgeSent, type SentEvent, unknown } from '../sse/buffering.ts'
import { readEvents } from '../sse/read-events.ts'
import type { EdgeConfiguration } from './edge-configuration.ts'
import type { EdgeLab } from './edge-lab.ts'

/** Few, small and slow: what a buffer would hold for long. */
const EVENTS = 4
const EVERY_MS = 120
const ANSWERS_WITHIN_MS = 10_000
/** A pause of this machine explains late events; it is not there every time, and what a buffer holds comes in one piece. */
const TRIES = 3
/** A stream that is none of the daemon's: a proxy may do with it as it likes, if it says so. */
const ELSEWHERE = '/elsewhere/stream'

type HttpVersion = 'HTTP/1.1' | 'HTTP/2'

/** One stream on its way through a proxy. */
export interface StreamPassage {
  readonly path: string
  readonly http: HttpVersion
  /** Whether the daemon says that clients wait for its events. */
  readonly isStream: boolean
  /**
   * By HTTP/2 nginx 1.22 passes small events on even where it buffers, so that nothing is claimed there; nor of what it does
   * not pass on.
   */
  readonly claimed: 'passes' | 'buffered' | 'unknown'
  readonly seen: Passage
}

export interface Passage {
  /** Only of 200 anything else is known. */
  readonly status: number
  readonly buffering: Buffering
  /** From the request to the first byte of the first event; absent where none came. */
  readonly firstEventMs?: number
}

export interface StreamPassages {
  /** Without a proxy. */
  readonly direct: Passage
  readonly through: readonly StreamPassage[]
}

/** Opens every stream at once, directly and through a proxy, by each version of HTTP that it speaks. */
export async function passStreams(
  context: CheckContext,
  { effective, front, host }: EdgeConfiguration,
  { edge, upstream }: EdgeLab,
): Promise<StreamPassages> {
  const streams = context.target.edge.paths.filter(({ kind }) => kind === 'stream').map(({ path }) => path)
  const versions: readonly HttpVersion[] = front.http2 ? ['HTTP/1.1', 'HTTP/2'] : ['HTTP/1.1']
  const asked = versions.flatMap(http => [...streams, ELSEWHERE].map(path => ({ http, path })))
  const [direct, ...seen] = await Promise.all([
    passStream(context, upstream, ELSEWHERE, {}),
    ...asked.map(({ http, path }) =>
      passStream(context, edge.through(front.address, { host, http2: http === 'HTTP/2' }), path, { host }),
    ),
  ])
  const through = asked.map(({ http, path }, index): StreamPassage => {
    const { carried } = whatClientGets(effective.view({ scheme: 'https', host, listen: front.listen, path }))
    const buffers = http === 'HTTP/2' ? 'unknown' : 'buffered'
    const claimed = carried === undefined ? 'unknown' : carried.buffering === true ? buffers : 'passes'
    return { path, http, isStream: streams.includes(path), claimed, seen: seen[index]! }
  })
  return { direct: direct!, through }
}

async function passStream(
  context: CheckContext,
  client: HttpClient,
  path: string,
  headers: Readonly<Record<string, string>>,
): Promise<Passage> {
  for (let left = TRIES - 1; ; left -= 1) {
    const passage = await readPassage(context, client, path, headers)
    if (passage.status !== 200 || passage.buffering.confidence === 'sure' || left === 0) return passage
  }
}

async function readPassage(
  { tools, signal }: CheckContext,
  client: HttpClient,
  path: string,
  headers: Readonly<Record<string, string>>,
): Promise<Passage> {
  const began = tools.clock.monotonicMs()
  const stream = await client.openStream(`${path}?events=${EVENTS}&every-ms=${EVERY_MS}`, {
    headers,
    timeoutMs: ANSWERS_WITHIN_MS,
    signal,
  })
  try {
    const { status } = stream
    if (status !== 200) return { status, buffering: unknown(`it answered ${status}`) }
    const came: SentEvent[] = []
    let firstEventMs: number | undefined
    const nowMs = () => tools.clock.now().getTime()
    for await (const { data, arrivedAtMs } of readEvents(stream.chunks, { name: path, signal, nowMs })) {
      firstEventMs ??= tools.clock.monotonicMs() - began
      came.push({ sentAtMs: sentAt(path, data), arrivedAtMs, bytes: data.length })
    }
    const buffering = judgeSent(came, { sameClock: true })
    return { status, buffering, ...(firstEventMs === undefined ? {} : { firstEventMs: Math.round(firstEventMs) }) }
  } finally {
    stream.close()
  }
}

function sentAt(path: string, data: string): number {
  const { sent_at_ms: sentAtMs } = parseJson(data, `an event of ${path}`) as { readonly sent_at_ms?: Json }
  if (typeof sentAtMs !== 'number')
    throw new RunproofError('ANSWER_MALFORMED', `an event of ${path} does not say when it was sent`)
  return sentAtMs
}
