import type { Json } from '../model/check.ts'
import { continuity } from './continuity.ts'
import { readEventId } from './event.ts'
import type { Came, Resumed, Stranger, StreamFacts, StreamNames } from './stream-facts.ts'
import type { NotedEvent } from './watch-stream.ts'

/** One thing that was to be so. */
export interface Finding {
  readonly id: string
  readonly outcome: 'ok' | 'failed' | 'not tested'
  /** What was to be, or why it was not asked. */
  readonly expected: string
  readonly actual: Json
}

const PROMPT_MS = 1_000

/** Everything that was looked at, and everything that was not: one finding each, in the order of reading. */
export function findingsOf(facts: StreamFacts): readonly Finding[] {
  return [...head(facts), ...events(facts), ...resumption(facts), ...cursors(facts), ...rest(facts)]
}

function* head({ head, trouble, http2Asked }: StreamFacts): Generator<Finding> {
  if (trouble?.code === 'INTERRUPTED') {
    yield notTested('answer', 'it was interrupted', null)
    return
  }
  if (head === undefined) {
    yield failed('answer', 'an answer', trouble === undefined ? 'none' : `${trouble.code}: ${trouble.message}`)
    return
  }
  if (trouble !== undefined) yield failed('answer', 'an answer to every request', `${trouble.code}: ${trouble.message}`)
  const { status, headers, protocol } = head
  const place = headers['location']
  const token = status === 401 || status === 403 ? '200; --token-file holds the token that it lets read' : '200'
  yield judged('status', status === 200, token, place === undefined ? status : `${status} to ${place.split('?', 1)[0]}`)
  const type = headers['content-type'] ?? 'none'
  yield judged('content-type', /^text\/event-stream\s*(?:;|$)/i.test(type), 'text/event-stream', type)
  const caching = headers['cache-control'] ?? 'none'
  yield judged('cache-control', !maySave(caching), 'nothing that lets a cache keep it', caching)
  if (http2Asked) yield judged('http2', protocol === 'h2', 'h2, since it was offered', protocol ?? 'unknown')
}

/** @see RFC 9111, section 5.2.2 */
function maySave(caching: string): boolean {
  if (/\bno-(?:store|cache)\b/i.test(caching)) return false
  return /\bpublic\b|\b(?:s-)?max-?age\s*=\s*"?[1-9]/i.test(caching.replaceAll('s-maxage', 's-max-age'))
}

function* events({ head, control, compressed, cutTo, names }: StreamFacts): Generator<Finding> {
  if (head === undefined || control === undefined) return
  const readable = control.trouble === undefined
  const came = `${control.events.length}${cutTo === undefined ? '' : ' (more came)'} events in ${control.bytes} bytes`
  yield judged(
    'event-stream',
    readable,
    'UTF-8 text of events, and no end',
    readable ? came : `${control.trouble!.code}: ${control.trouble!.message}`,
  )
  yield firstByte(head, control)
  yield ids(control, names)
  const encoding = head.headers['content-encoding']
  if (encoding !== undefined) yield failed('compression', 'none, since none was offered', encoding)
  else if (compressed?.encoding === undefined) {
    if (compressed !== undefined)
      yield ok('compression', 'none, or one that is flushed', 'none, also where it is offered')
  } else if (compressed.encoding === 'gzip' && compressed.expected > 0) {
    const actual = `gzip where it is offered; ${compressed.came} of ${compressed.expected} events came`
    yield judged('compression', compressed.came >= compressed.expected, 'none, or one that is flushed', actual)
  } else yield notTested('compression', 'there was nothing to compress', compressed.encoding)
}

function firstByte({ headMs, firstByteMs }: NonNullable<StreamFacts['head']>, { events: came, gaps }: Came): Finding {
  const first = came[0] ?? gaps[0]
  const actual = { headMs: round(headMs), firstByteMs: firstByteMs === undefined ? null : round(firstByteMs) }
  const expected = `within ${PROMPT_MS} ms of the head, where there is something to replay`
  if (first === undefined || firstByteMs === undefined) return notTested('first-byte', 'nothing was replayed', actual)
  return judged('first-byte', firstByteMs - headMs <= PROMPT_MS, expected, actual)
}

/** A server of which nothing is known may have ids that are no numbers. */
function ids({ events: came }: Came, names: StreamNames): Finding {
  const expected = 'on every event, numbers of 64 bits that rise'
  if (came.length === 0) return notTested('ids', 'no event came', null)
  const numbers = came.filter(({ id }) => id !== undefined && readEventId(id) !== undefined).length
  const without = came.filter(({ id }) => id === undefined).length
  if (numbers === 0 && without < came.length && names.heartbeat === undefined)
    return notTested('ids', 'they are no numbers', `such as ${JSON.stringify(came.find(({ id }) => id)?.id)}`)
  const { findings, counts } = continuity(came, expecting(names))
  const [first] = findings
  if (first === undefined) return ok('ids', expected, `${came.length}, from ${came[0]!.id} to ${came.at(-1)!.id}`)
  return failed('ids', expected, { ...counts, first: told(first) })
}

function* resumption({ control, resumed }: StreamFacts): Generator<Finding> {
  if (control === undefined) return
  if (resumed === undefined) {
    const count = control.events.filter(({ id }) => id !== undefined && id !== '').length
    const why = count < 2 ? `${count} events with an id are too few to go on in the middle of` : 'there was no answer'
    for (const id of ['replay-header', 'replay-cursor', 'replay-after-cut']) yield notTested(id, why, null)
    return
  }
  const all = [...control.events]
  for (const one of resumed) yield resumedFinding(one, all)
  if (!resumed.some(({ what }) => idOf(what) === 'replay-cursor'))
    yield notTested('replay-cursor', 'no member of the query is known that says where to go on', null)
}

function idOf(what: string): string {
  return what === 'Last-Event-ID' ? 'replay-header' : what.includes('cut') ? 'replay-after-cut' : 'replay-cursor'
}

function resumedFinding({ what, status, after, came, late }: Resumed, all: readonly NotedEvent[]): Finding {
  const id = idOf(what)
  const index = all.findIndex(event => event.id === after)
  const due = index === -1 ? [...all] : all.slice(index + 1)
  const expected = `by ${what}, the ${due.length} events behind ${after}, each once, as they were`
  if (status !== undefined && status !== 200) return failed(id, expected, { status })
  const wrong = difference(due, came, after)
  const trouble = came.trouble === undefined ? {} : { trouble: `${came.trouble.code}: ${came.trouble.message}` }
  if (wrong === undefined && came.trouble === undefined) return ok(id, expected, { events: due.length })
  return failed(id, expected, {
    events: came.events.length,
    ...(wrong === undefined ? {} : { first: wrong }),
    ...(late ? { late } : {}),
    ...trouble,
  })
}

/** What of a reading is not what it is held against; undefined when all is, in order, and what else came is newer. */
function difference(due: readonly NotedEvent[], { events: came, gaps }: Came, after: string): string | undefined {
  if (gaps.length > 0) return `a gap was told of (${reasonOf(gaps[0]!)})`
  for (const [index, event] of due.entries()) {
    const there = came[index]
    if (there === undefined) return `lost: ${due.length - index} events from ${event.id} on`
    if (there.id !== event.id) {
      if (came.slice(0, index).some(({ id }) => id === there.id)) return `repeated: ${there.id}`
      if (there.id === after) return `not behind the cursor: ${there.id}`
      const later = came.findIndex(({ id }) => id === event.id)
      return later === -1 ? `lost: ${event.id}` : `before it: ${there.id ?? 'an event without id'}`
    }
    if (there.event !== event.event || there.data !== event.data) return `changed: ${event.id}`
  }
  const seen = new Set(due.map(({ id }) => id))
  const again = came.slice(due.length).find(({ id }) => seen.has(id))
  return again === undefined ? undefined : `repeated: ${again.id}`
}

function* cursors({ refusals, strangers, names, control }: StreamFacts): Generator<Finding> {
  for (const { what, status, code } of refusals ?? []) {
    const id = what === 'in the query' ? 'malformed-cursor' : 'malformed-header'
    const isKnown = names.invalidCursorCode !== undefined
    const expected = isKnown ? `400 ${names.invalidCursorCode}` : 'a refusal, or any id where ids are text'
    const actual = status === undefined ? 'no head came' : code === undefined ? String(status) : `${status} ${code}`
    if (!isKnown && status === 200)
      yield notTested(id, 'a server that is not known may take any text for an id', actual)
    else if (isKnown) yield judged(id, status === 400 && code === names.invalidCursorCode, expected, actual)
    else yield judged(id, isRefusal(status), expected, actual)
  }
  for (const stranger of strangers ?? []) yield strangerFinding(stranger, control!.events, names)
}

/** Contracts differ on a cursor that is unknown; that events go missing in silence is wrong in all of them. */
function strangerFinding({ what, status, came }: Stranger, all: readonly NotedEvent[], names: StreamNames): Finding {
  const known = new Set(all.map(({ id }) => id))
  const replayed = came.events.filter(({ id }) => known.has(id)).length
  const actual = { status: status ?? null, gaps: came.gaps.map(reasonOf), replayed }
  if (what === 'newer than all') {
    // Behind some proxies no head comes before there is a body, and here there is none.
    const isFine = status === 200 || came.trouble?.code === 'TIMEOUT' ? replayed === 0 : isRefusal(status)
    return judged('cursor-newer', isFine, 'no replay, and the stream stays open', actual)
  }
  const refused = isRefusal(status)
  const toldOf = names.gap === undefined || came.gaps.length > 0 || came.events.length === 0 ? true : !mayMiss(all)
  return judged(
    'cursor-older',
    refused || (status === 200 && replayed >= all.length && toldOf),
    names.gap === undefined ? 'all that is retained' : `${names.gap}, then all that is retained`,
    actual,
  )
}

function isRefusal(status: number | undefined): boolean {
  return status !== undefined && status >= 400 && status < 500
}

/** Ids that begin long after 1 leave others out. */
function mayMiss([first]: readonly NotedEvent[]): boolean {
  const value = first?.id === undefined ? undefined : readEventId(first.id)
  return value !== undefined && value > 2n
}

function* rest({ heartbeat, heartbeatWithinMs, control, names, buffering }: StreamFacts): Generator<Finding> {
  if (control === undefined) return
  yield heartbeatFinding({ heartbeat, heartbeatWithinMs, names })
  if (buffering === undefined) return
  const { verdict, confidence, why } = buffering
  const expected = 'what is sent comes at once'
  if (verdict === 'unknown') yield notTested('buffering', why, 'unknown')
  else yield judged('buffering', verdict === 'passes', expected, `${verdict} (${confidence}): ${why}`)
}

function heartbeatFinding({
  heartbeat,
  heartbeatWithinMs,
  names,
}: {
  readonly heartbeat: StreamFacts['heartbeat'] | undefined
  readonly heartbeatWithinMs: number | undefined
  readonly names: StreamNames
}): Finding {
  if (heartbeatWithinMs === undefined) return notTested('heartbeat', 'it was left out (--no-heartbeat)', null)
  if (heartbeat === undefined) return notTested('heartbeat', 'it was interrupted', null)
  const { afterMs, id, busy, comment, waitedMs } = heartbeat
  if (busy) return notTested('heartbeat', `the stream was never silent for ${heartbeatWithinMs} ms`, null)
  const what = names.heartbeat === undefined ? 'a comment' : `${names.heartbeat}, without an id,`
  const expected = `${what} within ${heartbeatWithinMs} ms of silence`
  if (afterMs === undefined) {
    const instead = comment && names.heartbeat !== undefined ? ', a comment did' : ''
    return failed('heartbeat', expected, `none came in ${round(waitedMs)} ms${instead}`)
  }
  if (id !== undefined) return failed('heartbeat', expected, `it has the id ${id}, and moves the cursor`)
  return ok('heartbeat', expected, `after ${round(afterMs)} ms`)
}

function expecting({ heartbeat, gap }: StreamNames) {
  // A name that no event has, where none is known.
  return { heartbeat: heartbeat ?? '\0', gap: gap ?? '\0' }
}

function told({ kind, id, detail }: { kind: string; id?: string; detail: string }): string {
  return `${kind}: ${detail}${id === undefined ? '' : ` (${id})`}`
}

function reasonOf({ data }: NotedEvent): string {
  try {
    const { reason } = JSON.parse(data) as { reason?: unknown }
    return typeof reason === 'string' ? reason.slice(0, 100) : 'no reason'
  } catch {
    return 'no reason'
  }
}

const round = (milliseconds: number) => Math.round(milliseconds)

function ok(id: string, expected: string, actual: Json): Finding {
  return { id, outcome: 'ok', expected, actual }
}

function failed(id: string, expected: string, actual: Json): Finding {
  return { id, outcome: 'failed', expected, actual }
}

function notTested(id: string, why: string, actual: Json): Finding {
  return { id, outcome: 'not tested', expected: why, actual }
}

function judged(id: string, isFine: boolean, expected: string, actual: Json): Finding {
  return isFine ? ok(id, expected, actual) : failed(id, expected, actual)
}
