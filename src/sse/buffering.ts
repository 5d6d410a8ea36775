/** How much a verdict says: `likely` where something else may explain what was seen. */
export type Confidence = 'sure' | 'likely' | 'unknown'

/** Whether what sends a stream is heard when it speaks, or later, when more has come together. */
export interface Buffering {
  /** `unknown` where the confidence is, and nowhere else. */
  readonly verdict: 'passes' | 'buffered' | 'unknown'
  readonly confidence: Confidence
  readonly why: string
  /** Longest time from sending to arrival; of other clocks than ours, beyond the shortest such time. */
  readonly maxLagMs?: number
  /** From the first to the last event, as they came against as they were sent: 1 passes, 0 came in one piece. */
  readonly spreadRatio?: number
}

/** An event whose sending is known. */
export interface SentEvent {
  readonly sentAtMs: number
  /** Undefined: it did not come while it was waited for. */
  readonly arrivedAtMs: number | undefined
  /** With its field names and its blank line. */
  readonly bytes: number
}

interface SentHow {
  /** Both stamps are of one clock. Another machine's may be off by anything, so that of its stamps only differences count. */
  readonly sameClock: boolean
}

/**
 * What adds up to as much may have been pushed out by what came after it: nginx sends as soon as it has 1 460 bytes
 * (`postpone_output`), other buffers in common use are larger.
 */
export const SMALLEST_BUFFER_BYTES = 1_460
const LEAST_SPREAD_MS = 100
/** No network that a stream is fit for delays one event so much more than another. */
const LEAST_HELD_MS = 50
const CLOCK_SLACK_MS = 5
const HELD_TOGETHER = 0.5

/**
 * Judges few, small, slow events, such as five of a hundred bytes, 200 ms apart. A busy stream hides a buffer: what fills it is
 * passed on at once.
 *
 * @param events - in the order they were sent
 */
export function judgeSent(events: readonly SentEvent[], { sameClock }: SentHow): Buffering {
  const came = events.filter(({ arrivedAtMs }) => arrivedAtMs !== undefined)
  if (events.length < 2) return unknown('one event has no spread: send at least three')
  const missing = events.length - came.length
  if (came.length === 0) return buffered('likely', `none of ${events.length} events came: they are held back, or lost`)

  const lags = came.map(({ sentAtMs, arrivedAtMs }) => arrivedAtMs! - sentAtMs)
  const shortest = Math.min(...lags)
  const oneClock = sameClock && shortest >= -CLOCK_SLACK_MS
  const held = oneClock ? lags : lags.map(lag => lag - shortest)
  const maxLagMs = Math.round(Math.max(...held))
  const first = came[0]!
  const last = came.at(-1)!
  const expectedMs = last.sentAtMs - first.sentAtMs
  const observedMs = last.arrivedAtMs! - first.arrivedAtMs!
  if (missing > 0 && events.at(-1)!.arrivedAtMs === undefined)
    return buffered('likely', `the last ${missingAtEnd(events)} of ${events.length} events did not come`, { maxLagMs })
  if (expectedMs < LEAST_SPREAD_MS)
    return unknown(`all events were sent within ${Math.round(expectedMs)} ms: send them more slowly`, { maxLagMs })

  const spreadRatio = Math.round((observedMs / expectedMs) * 100) / 100
  const measured = { maxLagMs, spreadRatio }
  const numbers = `lag up to ${maxLagMs} ms, ${Math.round(observedMs)} of ${Math.round(expectedMs)} ms from first to last`
  const gapMs = expectedMs / (came.length - 1)
  const heldMs = Math.max(LEAST_HELD_MS, gapMs / 2)
  const late = held.filter(lag => lag >= heldMs).length
  if (spreadRatio <= HELD_TOGETHER && maxLagMs >= LEAST_HELD_MS)
    return buffered('sure', `what was sent apart came together: ${numbers}`, measured)
  if (late > 1) return buffered('likely', `${late} of ${came.length} events came late: ${numbers}`, measured)
  if (late === 1) return unknown(`one event came late, which a pause explains as well: ${numbers}`, measured)
  // What fills a buffer before it would be seen to hold.
  const bytes = Math.round(Math.max(...came.map(one => one.bytes)) * (1 + heldMs / gapMs))
  if (bytes >= SMALLEST_BUFFER_BYTES)
    return unknown(`${bytes} bytes in ${Math.round(heldMs)} ms push a buffer empty: send less (${numbers})`, measured)
  return passes(came.length > 2 ? 'sure' : 'likely', `each event came when it was sent: ${numbers}`, measured)
}

function missingAtEnd(events: readonly SentEvent[]): number {
  return events.length - 1 - events.findLastIndex(({ arrivedAtMs }) => arrivedAtMs !== undefined)
}

/** The one that says most; of two that say as much, the worse. Without any, nothing is known. */
export function strongest(verdicts: readonly Buffering[]): Buffering {
  const weight = ({ confidence, verdict }: Buffering) =>
    ({ sure: 4, likely: 2, unknown: 0 })[confidence] + (verdict === 'buffered' ? 1 : 0)
  return verdicts.reduce(
    (best, next) => (weight(next) > weight(best) ? next : best),
    verdicts[0] ?? unknown('nothing was seen'),
  )
}

type Measured = Pick<Buffering, 'maxLagMs' | 'spreadRatio'>

export function buffered(confidence: 'sure' | 'likely', why: string, measured: Measured = {}): Buffering {
  return { verdict: 'buffered', confidence, why, ...measured }
}

export function passes(confidence: 'sure' | 'likely', why: string, measured: Measured = {}): Buffering {
  return { verdict: 'passes', confidence, why, ...measured }
}

export function unknown(why: string, measured: Measured = {}): Buffering {
  return { verdict: 'unknown', confidence: 'unknown', why, ...measured }
}
