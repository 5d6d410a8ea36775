import { toRunproofError } from '../model/error.ts'
import { AskStream, type CheckSettings, cameOf, isEventStream, type StreamSubject, troubleOf } from './ask-stream.ts'
import type { HeadFacts, HeartbeatFacts, StreamFacts } from './stream-facts.ts'
import type { NotedEvent, StreamWatch } from './watch-stream.ts'
import { judgeWatched } from './watched-buffering.ts'

/** So long a silence ends a replay: what is retained is sent at once. */
const REPLAYED_MS = 500
const FIRST_EVENT_MS = 2_000
const FEWEST_TO_RESUME = 2
/** How much longer than a heartbeat may take a stream is waited for that is never silent. */
const BUSY_FACTOR = 1.5

/** Reads one stream in every way there is, and writes nothing. Never throws: what went wrong is a fact. */
export class StreamCheck {
  readonly #ask: AskStream
  readonly #settings: CheckSettings
  #facts: StreamFacts
  #watch: StreamWatch | undefined
  #control: readonly NotedEvent[] = []

  constructor(subject: StreamSubject, settings: CheckSettings) {
    this.#ask = new AskStream(subject, settings)
    this.#settings = settings
    const { names, heartbeatWithinMs } = settings
    this.#facts = { names, http2Asked: subject.http2Asked, heartbeatWithinMs }
  }

  get facts(): StreamFacts {
    return this.#facts
  }

  /** Whether what is retained comes late. */
  get #isLate(): boolean {
    const { head } = this.#facts
    return head?.firstByteMs !== undefined && head.firstByteMs - head.headMs > REPLAYED_MS
  }

  /** Begins the control reading, and waits until its replay is over. */
  async begin(): Promise<void> {
    const { timeoutMs, events, signal } = this.#settings
    try {
      const watch = await this.#ask.open('the stream', this.#ask.fromStart)
      this.#watch = watch
      const { status, headers, protocol } = watch.answer
      const isStream = status === 200 && isEventStream(headers)
      if (isStream) {
        const isBegun = () => watch.events.length > 0 || watch.gaps.length > 0
        await watch.until(isBegun, { silenceMs: Math.min(timeoutMs, FIRST_EVENT_MS) }, signal)
        const isMore = () => watch.events.length > events
        await watch.until(isMore, { silenceMs: REPLAYED_MS, mostMs: timeoutMs }, signal)
      }
      this.#control = watch.events.slice(0, events)
      const { comments, bytes } = watch
      const control = { ...cameOf(watch, this.#control), comments: comments.length, bytes }
      const times = isStream ? await this.#soonest(watch) : timesOf(watch)
      this.#add({
        head: { status, headers, protocol, ...times },
        ...(isStream ? { control } : {}),
        ...(watch.events.length > events ? { cutTo: events } : {}),
      })
      if (!isStream) watch[Symbol.dispose]()
    } catch (thrown) {
      this.#add({ trouble: troubleOf(toRunproofError(thrown)) })
    }
  }

  /** Asks again from the middle, with cursors that are none, and compressed. */
  async resume(): Promise<void> {
    if (this.#facts.control === undefined) return
    const control = this.#control
    const withId = control.filter(({ id }) => id !== undefined && id !== '')
    const questions = [
      async () => this.#add({ refusals: await this.#ask.refusals() }),
      async () => this.#add({ compressed: await this.#ask.compressed(control.length) }),
      ...(withId.length < FEWEST_TO_RESUME
        ? []
        : [
            async () => this.#add({ resumed: await this.#ask.resumed(withId) }),
            async () => this.#add({ tail: await this.#ask.tail(withId) }),
            async () => this.#add({ strangers: await this.#ask.strangers(withId) }),
          ]),
    ]
    // What one question came to nothing by must not keep the others from being asked.
    await Promise.all(
      questions.map(question =>
        question().catch(thrown => {
          if (!this.#settings.signal.aborted) this.#add({ trouble: troubleOf(toRunproofError(thrown)) })
        }),
      ),
    )
  }

  /** Waits for a heartbeat of the control reading. */
  async beat(): Promise<void> {
    const { heartbeatWithinMs, nowMs, signal, names } = this.#settings
    const watch = this.#watch
    if (this.#facts.control === undefined || watch === undefined || heartbeatWithinMs === undefined) return
    const began = nowMs()
    const beats = () => [...watch.heartbeats.map(arrivalOf), ...(names.heartbeat === undefined ? watch.comments : [])]
    const found = () => beats().find(one => one >= watch.lastEventAtMs)
    const patience = { silenceMs: heartbeatWithinMs, mostMs: BUSY_FACTOR * heartbeatWithinMs }
    await watch.until(() => found() !== undefined, patience, signal)
    if (signal.aborted) return
    const beat = found()
    const heartbeat: HeartbeatFacts = {
      waitedMs: nowMs() - began,
      afterMs: beat === undefined ? undefined : beat - watch.lastEventAtMs,
      id: watch.heartbeats.find(({ id }) => id !== undefined)?.id,
      busy: beat === undefined && !watch.ended && nowMs() - watch.lastEventAtMs < heartbeatWithinMs,
      comment: watch.comments.length > 0,
    }
    this.#add({ heartbeat })
  }

  /**
   * Judges what came by itself, and leaves the stream.
   *
   * @param owed - whether there is something to replay, where that is known from elsewhere
   */
  end(owed = this.#isLate): void {
    const watch = this.#watch
    const { control, cutTo, tail } = this.#facts
    const { nowMs, heartbeatWithinMs } = this.#settings
    if (control !== undefined && watch !== undefined) {
      const buffering = judgeWatched({
        headAtMs: watch.headAtMs,
        firstByteAtMs: watch.firstByteAtMs,
        untilMs: nowMs(),
        bytes: watch.bytes,
        events: [...watch.events, ...watch.gaps].map(arrivalOf),
        heartbeats: watch.heartbeats.map(arrivalOf),
        heartbeatWithinMs,
        stalledInsideMs: Math.max(watch.stalledInsideMs, watch.stalledMs),
        owed,
        tail,
      })
      const { error } = watch
      // Who interrupts a reading has found nothing.
      const trouble = error === undefined || error.code === 'INTERRUPTED' ? undefined : troubleOf(error)
      this.#add({
        buffering,
        control: { ...control, trouble: control.trouble ?? trouble },
        live: cutTo === undefined ? watch.events.slice(this.#control.length) : [],
        untilMs: nowMs(),
      })
    }
    watch?.[Symbol.dispose]()
  }

  /** What comes late may be new; what is retained comes at once when it is asked for again. */
  async #soonest(watch: StreamWatch): Promise<Times> {
    const { timeoutMs, signal } = this.#settings
    const first = timesOf(watch)
    if (first.firstByteMs === undefined || first.firstByteMs - first.headMs <= REPLAYED_MS) return first
    using again = await this.#ask.open('the stream, again', this.#ask.fromStart)
    await again.until(() => again.firstByteAtMs !== undefined, { silenceMs: timeoutMs }, signal)
    const second = timesOf(again)
    return (second.firstByteMs ?? Number.POSITIVE_INFINITY) < first.firstByteMs ? second : first
  }

  #add(facts: Partial<StreamFacts>): void {
    this.#facts = { ...this.#facts, ...facts }
  }
}

type Times = Pick<HeadFacts, 'headMs' | 'firstByteMs'>

function timesOf({ askedAtMs, headAtMs, firstByteAtMs }: StreamWatch): Times {
  return {
    headMs: headAtMs - askedAtMs,
    firstByteMs: firstByteAtMs === undefined ? undefined : firstByteAtMs - askedAtMs,
  }
}

const arrivalOf = ({ arrivedAtMs }: NotedEvent) => arrivedAtMs
