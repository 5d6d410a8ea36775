import { type Buffering, buffered, judgeSent } from './buffering.ts'
import type { Finding } from './findings.ts'
import type { Refusal, StreamFacts } from './stream-facts.ts'
import type { NotedEvent } from './watch-stream.ts'

/** A stream, and what was found of it. */
export interface Side {
  readonly facts: StreamFacts
  readonly findings: readonly Finding[]
}

/** What is told of a proxy by name, where only through it a finding failed. */
const SAYINGS: Readonly<Record<string, string>> = {
  'replay-header': 'the proxy drops Last-Event-ID',
  'replay-cursor': 'the proxy drops or changes the cursor in the query',
  'malformed-header': 'the proxy drops or changes Last-Event-ID',
  'malformed-cursor': 'the proxy drops or changes the cursor in the query',
  'replay-after-cut': 'a reader that is cut off loses or repeats events behind the proxy',
  'cursor-newer': 'the proxy changes what comes after an unknown cursor',
  'cursor-older': 'the proxy changes what comes after an unknown cursor',
  'event-stream': 'the proxy breaks the stream',
  buffering: 'the proxy buffers',
  heartbeat: 'the proxy keeps heartbeats back',
  compression: 'the proxy compresses the stream and does not flush it',
  'content-type': 'the proxy answers with something else',
  'cache-control': 'the proxy lets caches keep the stream',
  status: 'the proxy answers otherwise',
  answer: 'only the proxy gives no answer',
  ids: 'the proxy changes ids, or loses events',
  http2: 'the proxy does not take HTTP/2',
}
/** What came direct just before the end may have been under way. */
const UNDERWAY_MS = 1_000
const SLOWER_MS = 250
const SLOWER_FACTOR = 3

/** What is worse through a proxy than direct, each as a finding of its own; and, of the live events of both, how late they came. */
export function differencesOf(direct: Side, through: Side): readonly Finding[] {
  const worse = through.findings.filter(
    ({ id, outcome }) => outcome === 'failed' && direct.findings.find(one => one.id === id)?.outcome !== 'failed',
  )
  const findings: Finding[] = [
    ...firstByte(direct.facts, through.facts),
    ...sameEvents(direct.facts, through.facts),
    ...live(direct.facts, through.facts),
    ...worse
      .filter(({ id }) => id !== 'first-byte' && !(id === 'answer' && isSilent(through.facts)))
      .map(({ id, actual }) => ({
        id: `proxy-${id}`,
        outcome: 'failed' as const,
        expected: `${SAYINGS[id] ?? `only through the proxy: ${id}`}; direct it is ${directly(direct, id)}`,
        actual,
      })),
  ]
  const failed = findings.some(({ outcome }) => outcome === 'failed')
  if (failed || direct.facts.control === undefined) return findings
  return [...findings, { id: 'proxy', outcome: 'ok', expected: 'nothing is worse through the proxy', actual: null }]
}

function directly(direct: Side, id: string): string {
  const there = direct.findings.find(one => one.id === id)
  if (there === undefined || there.outcome === 'not tested') return 'not known'
  return typeof there.actual === 'string' || typeof there.actual === 'number' ? String(there.actual) : 'as it should be'
}

function* firstByte(plain: StreamFacts, facts: StreamFacts): Generator<Finding> {
  const { head: direct } = plain
  const { head: through } = facts
  if (direct?.firstByteMs === undefined || plain.control?.events.length === 0) return
  if (isSilent(facts)) {
    const actual = `the proxy buffers: not even a head came in time, direct a byte in ${Math.round(direct.firstByteMs)} ms`
    yield { id: 'proxy-first-byte', outcome: 'failed', expected: 'as direct', actual }
  }
  if (through === undefined || facts.control === undefined || wasNotAskedFor(plain, facts)) return
  const [here, there] = [direct.firstByteMs, through.firstByteMs].map(one =>
    one === undefined ? undefined : Math.round(one),
  )
  const expected = `as direct, where it came after ${here} ms`
  if (there === undefined)
    yield {
      id: 'proxy-first-byte',
      outcome: 'failed',
      expected,
      actual: `the proxy buffers: no byte came, direct ${here} ms`,
    }
  else if (there > SLOWER_FACTOR * here! + SLOWER_MS)
    yield {
      id: 'proxy-first-byte',
      outcome: 'failed',
      expected,
      actual: `the proxy buffers: first byte ${there} ms vs ${here} ms`,
    }
  else yield { id: 'proxy-first-byte', outcome: 'ok', expected, actual: `${there} ms` }
}

function isSilent({ head, trouble }: StreamFacts): boolean {
  return head === undefined && trouble?.code === 'TIMEOUT'
}

/** Nothing is kept back of a replay whose cursor did not arrive. */
function wasNotAskedFor(direct: StreamFacts, { refusals, control, heartbeat }: StreamFacts): boolean {
  const inQuery = ({ what, status }: Refusal) => what === 'in the query' && status === 200
  const isDropped = refusals?.some(inQuery) === true && direct.refusals?.some(inQuery) === false
  return control?.events.length === 0 && (isDropped || heartbeat?.afterMs !== undefined)
}

/** Both readings of all that is retained; what is newer than the end of either is not compared. */
function* sameEvents({ control: direct }: StreamFacts, { control: through }: StreamFacts): Generator<Finding> {
  if (direct === undefined || through === undefined || direct.events.length === 0) return
  const key = ({ id, event, data }: NotedEvent) => `${id} ${event} ${data}`
  const last = through.events.findLastIndex(one => direct.events.some(({ id }) => id === one.id))
  const end = direct.events.findIndex(({ id }) => id === through.events[last]?.id)
  const expectedKeys = direct.events
    .slice(0, through.trouble === undefined && last === -1 ? undefined : end + 1)
    .map(key)
  const keys = through.events.slice(0, last + 1).map(key)
  const missing = expectedKeys.filter(one => !keys.includes(one)).length
  const added = keys.filter((one, index) => !expectedKeys.includes(one) || keys.indexOf(one) !== index).length
  const expected = 'the same events as direct, each once'
  const actual = { same: keys.length - added, missing, added }
  yield { id: 'proxy-events', outcome: missing === 0 && added === 0 ? 'ok' : 'failed', expected, actual }
}

/** The direct arrival of an event is when it was sent, by our own clock. */
function* live(direct: StreamFacts, through: StreamFacts): Generator<Finding> {
  const verdict = liveBuffering(direct, through)
  if (verdict === undefined || verdict.verdict === 'unknown') return
  const { verdict: word, confidence, why } = verdict
  yield {
    id: 'proxy-live',
    outcome: word === 'passes' ? 'ok' : 'failed',
    expected: 'events that come live come at once, as direct',
    actual: `${word} (${confidence}): ${why}`,
  }
}

function liveBuffering({ live: direct = [] }: StreamFacts, facts: StreamFacts): Buffering | undefined {
  const { live: through = [], untilMs = 0 } = facts
  const there = new Map(through.map(event => [event.id, event.arrivedAtMs]))
  const sent = direct
    .filter(({ id, arrivedAtMs }) => id !== undefined && arrivedAtMs <= untilMs - UNDERWAY_MS)
    .map(({ id, arrivedAtMs, bytes }) => ({ sentAtMs: arrivedAtMs, arrivedAtMs: there.get(id), bytes }))
  if (sent.length === 0) return undefined
  if (there.size === 0 && sent.length > 1) return buffered('likely', `none of ${sent.length} live events came through`)
  return judgeSent(sent, { sameClock: true })
}
