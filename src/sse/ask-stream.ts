import { createGunzip } from 'node:zlib'
import { type RunproofError, toRunproofError } from '../model/error.ts'
import type { HttpClient, StreamAnswer } from '../model/http.ts'
import type { Secret } from '../model/secret.ts'
import { readEventId } from './event.ts'
import { type ReadingCursor, readEvents } from './read-events.ts'
import type { Came, Compressed, Refusal, Resumed, Stranger, StreamNames, Tail, Trouble } from './stream-facts.ts'
import { type NotedEvent, StreamWatch } from './watch-stream.ts'

/** One stream to be looked at, however it is reached. */
export interface StreamSubject {
  readonly client: HttpClient
  /** With its query, if it has one. */
  readonly path: string
  readonly http2Asked: boolean
}

export interface CheckSettings {
  readonly names: StreamNames
  readonly bearer: Secret | undefined
  /** Most events that are compared. */
  readonly events: number
  /** For a head, and longest silence where something is owed. */
  readonly timeoutMs: number
  readonly heartbeatWithinMs: number | undefined
  readonly nowMs: () => number
  readonly signal: AbortSignal
}

interface Opening {
  readonly cursor?: string
  readonly lastEventId?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** What was not asked for comes as soon as what was. */
const UNASKED_MS = 300
/** A stream that is never silent is read for so much longer than a silence would take. */
const BUSY_FACTOR = 3
const LEAST_HEAD_MS = 1_000
const MOST_PROBLEM_BYTES = 64 * 1024
const NO_CURSOR = 'not-a-number'
const NOT_CUT: Trouble = { code: 'ANSWER_MALFORMED', message: 'it could not be cut in an event' }

/** The questions a stream is asked, each on a connection of its own. They throw what opening and reading throw. */
export class AskStream {
  readonly #subject: StreamSubject
  readonly #settings: CheckSettings
  readonly fromStart: Opening

  constructor(subject: StreamSubject, settings: CheckSettings) {
    this.#subject = subject
    this.#settings = settings
    this.fromStart = this.#at('0')
  }

  async open(name: string, opening: Opening, timeoutMs = this.#settings.timeoutMs): Promise<StreamWatch> {
    const { names, nowMs, signal } = this.#settings
    const askedAtMs = nowMs()
    const answer = await this.#send(opening, signal, timeoutMs)
    return new StreamWatch(answer, { name, askedAtMs, nowMs, heartbeat: names.heartbeat, gap: names.gap })
  }

  /** From the middle on, by every way there is, and after a cut. */
  async resumed(control: readonly NotedEvent[]): Promise<readonly Resumed[]> {
    const { cursor } = this.#settings.names
    const middle = Math.floor((control.length - 1) / 2)
    const after = control[middle]!.id!
    const last = control.at(-1)!.id!
    return Promise.all([
      this.#readAfter('Last-Event-ID', { after, last }, { lastEventId: after }),
      ...(cursor === undefined ? [] : [this.#readAfter(`the query’s ${cursor}`, { after, last }, { cursor: after })]),
      this.#readAfterCut(middle + 1, last),
    ])
  }

  /** The newest event alone. */
  async tail(control: readonly NotedEvent[]): Promise<Tail> {
    const { timeoutMs, nowMs, signal } = this.#settings
    const [before, newest] = control.slice(-2).map(({ id }) => id!)
    const began = nowMs()
    using watch = await this.#opened('the newest event', this.#at(before!), timeoutMs)
    if (watch instanceof NoHead) return { bytes: 0, cameMs: undefined, waitedMs: nowMs() - began }
    const find = () => watch.events.find(({ id }) => id === newest)
    await watch.until(() => find() !== undefined, { silenceMs: timeoutMs }, signal)
    const at = find()?.arrivedAtMs
    return { bytes: watch.bytes, cameMs: at === undefined ? undefined : at - began, waitedMs: nowMs() - began }
  }

  refusals(): Promise<readonly Refusal[]> {
    const header = this.#refusal('in the header', { lastEventId: NO_CURSOR })
    if (this.#settings.names.cursor === undefined) return Promise.all([header])
    return Promise.all([this.#refusal('in the query', { cursor: NO_CURSOR }), header])
  }

  /** Cursors that are numbers and no event's. */
  async strangers(control: readonly NotedEvent[]): Promise<readonly Stranger[]> {
    const last = control.at(-1)!.id!
    const newest = readEventId(last)
    if (newest === undefined) return []
    return Promise.all([
      this.#stranger('newer than all', String(newest + 2n ** 20n), last, UNASKED_MS),
      this.#stranger('older than all', '1', last, this.#settings.timeoutMs),
    ])
  }

  /**
   * Whether a stream that is compressed for those who ask for it still comes when it is sent.
   *
   * @param expected - how many events there are to come
   */
  async compressed(expected: number): Promise<Compressed> {
    const late = this.#lateSignal()
    const stream = await this.#send({ ...this.fromStart, headers: { 'accept-encoding': 'gzip' } }, late)
    try {
      const encoding = stream.headers['content-encoding']
      if (stream.status !== 200 || encoding !== 'gzip' || expected === 0) return { encoding, came: 0, expected }
      let came = 0
      try {
        for await (const event of readEvents(inflated(stream.chunks), { name: 'what is compressed', signal: late })) {
          if (event.id !== undefined && event.event !== this.#settings.names.gap) came += 1
          if (came >= expected) break
        }
      } catch {
        // It broke off, or was silent: what came until then is counted.
      }
      return { encoding, came, expected }
    } finally {
      stream.close()
    }
  }

  #at(cursor: string): Opening {
    return this.#settings.names.cursor === undefined ? { lastEventId: cursor } : { cursor }
  }

  #lateSignal(): AbortSignal {
    const { signal, timeoutMs } = this.#settings
    return AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
  }

  #send(
    { cursor, lastEventId, headers }: Opening,
    signal: AbortSignal,
    timeoutMs = this.#settings.timeoutMs,
  ): Promise<StreamAnswer> {
    const { names, bearer } = this.#settings
    const { client, path } = this.#subject
    const member = cursor === undefined ? '' : `${names.cursor}=${encodeURIComponent(cursor)}`
    return client.openStream(member === '' ? path : `${path}${path.includes('?') ? '&' : '?'}${member}`, {
      ...(bearer === undefined ? {} : { bearer }),
      headers: {
        accept: 'text/event-stream',
        ...headers,
        ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
      },
      timeoutMs,
      signal,
    })
  }

  async #readAfter(
    what: string,
    { after, last }: { readonly after: string; readonly last: string },
    opening: Opening,
  ): Promise<Resumed> {
    const { timeoutMs, signal } = this.#settings
    using watch = await this.#opened(`the stream behind ${after}`, opening, timeoutMs)
    if (watch instanceof NoHead) return { what, status: undefined, after, came: watch.came, late: true }
    const { status } = watch.answer
    const isThere = () => watch.events.some(({ id }) => id === last)
    const patience = { silenceMs: timeoutMs, mostMs: BUSY_FACTOR * timeoutMs }
    const all = status === 200 && (await watch.until(isThere, patience, signal))
    // What comes twice, or in the wrong order, may come after what was waited for.
    if (all) await watch.until(() => false, { silenceMs: UNASKED_MS }, signal)
    return { what, status, after, came: cameOf(watch), late: !all }
  }

  /** What is not answered is an answer, too: some proxies give no head before there is a body. */
  async #opened(name: string, opening: Opening, timeoutMs: number): Promise<StreamWatch | NoHead> {
    try {
      return await this.open(name, opening, timeoutMs)
    } catch (thrown) {
      const error = toRunproofError(thrown)
      if (error.code === 'INTERRUPTED') throw error
      return new NoHead(troubleOf(error))
    }
  }

  /** Leaves in the middle of an event, its id already read, and goes on behind the last one that was whole. */
  async #readAfterCut(count: number, last: string): Promise<Resumed> {
    const { lastEventId: after, isCut } = await this.#readPart(count)
    const rest = await this.#readAfter('Last-Event-ID after a cut in an event', { after, last }, { lastEventId: after })
    return isCut ? rest : { ...rest, came: { ...rest.came, trouble: rest.came.trouble ?? NOT_CUT } }
  }

  /** Reads so many events, and of the next one no more than its id. */
  async #readPart(count: number): Promise<{ readonly lastEventId: string; readonly isCut: boolean }> {
    const signal = this.#lateSignal()
    const stream = await this.#send(this.fromStart, signal)
    let isCut = false
    async function* part(): AsyncGenerator<Uint8Array> {
      let left = count
      for await (const chunk of stream.chunks) {
        const lines = [
          ...Buffer.from(chunk)
            .toString('latin1')
            .matchAll(/^id:[^\r\n]*(?:\r\n|\r|\n)/gm),
        ]
        const line = lines[left]
        isCut = line !== undefined
        yield line === undefined ? chunk : chunk.subarray(0, line.index + line[0].length)
        if (isCut) return
        left -= lines.length
      }
    }
    try {
      const cursor: ReadingCursor = { lastEventId: '0', retryMs: undefined }
      for await (const _ of readEvents(part(), { name: 'the stream that is cut', signal, cursor }));
      return { lastEventId: cursor.lastEventId, isCut }
    } finally {
      stream.close()
    }
  }

  async #refusal(what: string, opening: Opening): Promise<Refusal> {
    const stream = await this.#send(opening, this.#lateSignal()).catch(thrown => {
      const error = toRunproofError(thrown)
      if (error.code !== 'TIMEOUT') throw error
    })
    if (stream === undefined) return { what, status: undefined, code: undefined }
    try {
      // A stream that was opened has no end to wait for.
      if (stream.status === 200) return { what, status: 200, code: undefined }
      const pieces: Uint8Array[] = []
      let size = 0
      for await (const piece of stream.chunks) {
        pieces.push(piece)
        size += piece.length
        if (size > MOST_PROBLEM_BYTES) break
      }
      return { what, status: stream.status, code: codeIn(Buffer.concat(pieces).toString('utf8')) }
    } finally {
      stream.close()
    }
  }

  async #stranger(what: Stranger['what'], cursor: string, last: string, silenceMs: number): Promise<Stranger> {
    const name = `the stream with a cursor ${what}`
    using watch = await this.#opened(name, this.#at(cursor), Math.max(silenceMs, LEAST_HEAD_MS))
    if (watch instanceof NoHead) return { what, status: undefined, came: watch.came }
    const isThere = () => watch.events.some(({ id }) => id === last)
    const patience = { silenceMs, mostMs: BUSY_FACTOR * silenceMs }
    if (watch.answer.status === 200) await watch.until(isThere, patience, this.#settings.signal)
    return { what, status: watch.answer.status, came: cameOf(watch) }
  }
}

class NoHead implements Disposable {
  readonly came: Came

  constructor(trouble: Trouble) {
    this.came = { events: [], gaps: [], trouble }
  }

  [Symbol.dispose](): void {}
}

export function isEventStream(headers: Readonly<Record<string, string>>): boolean {
  return /^text\/event-stream\s*(?:;|$)/i.test(headers['content-type'] ?? '')
}

export function cameOf(watch: StreamWatch, events: readonly NotedEvent[] = [...watch.events]): Came {
  return { events, gaps: [...watch.gaps], trouble: watch.error === undefined ? undefined : troubleOf(watch.error) }
}

export function troubleOf({ code, message, hint }: RunproofError): Trouble {
  return { code, message, hint }
}

function inflated(chunks: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const gunzip = createGunzip()
  const feed = async () => {
    for await (const chunk of chunks) gunzip.write(chunk)
    gunzip.end()
  }
  feed().catch((error: Error) => gunzip.destroy(error))
  return gunzip
}

function codeIn(text: string): string | undefined {
  try {
    const { code } = JSON.parse(text) as { code?: unknown }
    return typeof code === 'string' ? code : undefined
  } catch {
    return undefined
  }
}
