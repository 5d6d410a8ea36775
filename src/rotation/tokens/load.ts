import { setTimeout as delay } from 'node:timers/promises'
import { toRunproofError } from '../../model/error.ts'
import type { Clock } from '../../model/ports.ts'
import type { Secret } from '../../model/secret.ts'

export interface LoadSpec {
  readonly clock: Clock
  /** Until another pace is set. */
  readonly ratePerSecond: number
  /** Paths that the role whose token is replaced may ask for. */
  readonly rotated: readonly string[]
  /** The same of the other role. */
  readonly unrotated: readonly string[]
  /** Undefined where it was replaced before anybody asked. */
  readonly from: Secret | undefined
  readonly to: Secret
  readonly other: Secret
  /** Asks the daemon. @returns the status of its answer */
  ask(path: string, bearer: Secret): Promise<number>
}

export interface LoadReport {
  /** Asked for, whatever became of them. */
  readonly requests: number
  readonly tookMs: number
  readonly perSecond: number
  /** Let in, with either token of the role that is rotated. */
  readonly accepted: number
  /** Refused with one token, and let in at once with the other. */
  readonly switched: number
  /** Let in with the old token, asked for after somebody had seen that refused. */
  readonly oldAgain: number
  /** Refused with every token that the role could have: of a client that knows both, not one was let in. */
  readonly neither: number
  /** The other role, whose token did not change. */
  readonly otherAccepted: number
  readonly otherRefused: number
  /** No whole answer came. */
  readonly unanswered: number
  /** Other statuses than 200, 401, 403 and 429. */
  readonly odd: number
  readonly refusals: number
  /** From the last answer that let the role in to the first one after it that did so again, all such gaps together; 0 without `neither`. */
  readonly gapMs: number
  /** The last gap had not ended when nobody asked any longer. */
  readonly gapOpen: boolean
  /** Between two answers that let the role in: no gap that is shorter could have been seen. */
  readonly longestSilenceMs: number
}

/** More at once say nothing more, and at the moment of the swap each of them is refused once. */
export const MOST_IN_FLIGHT = 4
/** A role that nothing lets in is asked for less and less often: its refusals count for the daemon's limiter. */
const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 10_000
/** What was due longer ago, while the machine slept for instance, is not made up for. */
const MOST_BEHIND_MS = 1_000

const NONE = {
  requests: 0,
  accepted: 0,
  switched: 0,
  oldAgain: 0,
  neither: 0,
  otherAccepted: 0,
  otherRefused: 0,
  unanswered: 0,
  odd: 0,
  refusals: 0,
}

/** What was counted until a moment. */
interface Mark {
  readonly atMs: number
  readonly counts: Readonly<typeof NONE>
  /** With the gap that is open. */
  readonly gapMs: number
}

const isRefusal = (status: number) => status === 401 || status === 403 || status === 429

/** Clients of both roles that ask at a steady rate, with whatever token is good. */
export class Load {
  readonly #spec: LoadSpec
  readonly #beganAtMs: number
  readonly #counts = { ...NONE }
  readonly #inFlight = new Set<Promise<void>>()
  readonly #running: Promise<void>
  #ratePerSecond: number
  readonly #begun: Mark
  #watched: Mark
  #current: Secret
  #mayKnowNew = false
  #stopped = false
  #lastAcceptedAtMs: number | undefined
  #gapSinceMs: number | undefined
  #gapMs = 0
  #longestSilenceMs = 0
  #longestOfLateMs = 0
  #pauseMs = FIRST_PAUSE_MS
  #notBeforeMs = 0
  #firstNewAtMs: number | undefined
  #lastOldAtMs: number | undefined
  #oldGoneAtMs = Number.POSITIVE_INFINITY

  constructor(spec: LoadSpec) {
    this.#spec = spec
    this.#current = spec.from ?? spec.to
    this.#ratePerSecond = spec.ratePerSecond
    this.#beganAtMs = spec.clock.monotonicMs()
    this.#begun = this.#watched = this.#mark()
    this.#running = this.#run()
  }

  /** From now on its clients have heard of the new token, and show it where the old one is refused. */
  announce(): void {
    this.#mayKnowNew = true
  }

  /** From now on nobody may be let in with the old token any more. */
  oldIsGone(): void {
    this.#oldGoneAtMs = this.#spec.clock.monotonicMs()
  }

  /** Asks at another rate from now on. */
  pace(ratePerSecond: number): void {
    this.#ratePerSecond = ratePerSecond
  }

  /** What comes from now on is told apart, too. */
  watch(): void {
    this.#watched = this.#mark()
    this.#longestOfLateMs = 0
  }

  /** An answer that somebody else got. */
  seen(token: Secret, status: number): void {
    if (status !== 200) return
    const now = this.#spec.clock.monotonicMs()
    if (token === this.#spec.to) {
      this.#firstNewAtMs ??= now
      this.#current = token
      // Nobody is refused any longer: a gap ends now, and not when the next pause does.
      this.#notBeforeMs = 0
    } else if (token === this.#spec.from) {
      this.#lastOldAtMs = now
    }
  }

  get firstNewAtMs(): number | undefined {
    return this.#firstNewAtMs
  }

  get lastOldAtMs(): number | undefined {
    return this.#lastOldAtMs
  }

  /** Waits for the answers that are still to come. */
  async stop(): Promise<LoadReport> {
    this.#stopped = true
    await this.#running
    await Promise.all(this.#inFlight)
    return this.report()
  }

  /** What was seen so far. */
  report(): LoadReport {
    return this.#since(this.#begun, this.#longestSilenceMs)
  }

  /** What was seen since it was to be told apart. */
  ofLate(): LoadReport {
    return this.#since(this.#watched, this.#longestOfLateMs)
  }

  #mark(): Mark {
    const atMs = this.#spec.clock.monotonicMs()
    const open = this.#gapSinceMs
    return { atMs, counts: { ...this.#counts }, gapMs: this.#gapMs + (open === undefined ? 0 : atMs - open) }
  }

  #since(before: Mark, longestSilenceMs: number): LoadReport {
    const now = this.#mark()
    const tookMs = now.atMs - before.atMs
    const grown = (name: keyof Mark['counts']) => now.counts[name] - before.counts[name]
    return {
      requests: grown('requests'),
      tookMs: Math.round(tookMs),
      perSecond: Math.round((grown('requests') * 1000) / Math.max(1, tookMs)),
      accepted: grown('accepted'),
      switched: grown('switched'),
      oldAgain: grown('oldAgain'),
      neither: grown('neither'),
      otherAccepted: grown('otherAccepted'),
      otherRefused: grown('otherRefused'),
      unanswered: grown('unanswered'),
      odd: grown('odd'),
      refusals: grown('refusals'),
      gapMs: Math.ceil(now.gapMs - before.gapMs),
      gapOpen: this.#gapSinceMs !== undefined,
      longestSilenceMs: Math.ceil(longestSilenceMs),
    }
  }

  async #run(): Promise<void> {
    const { clock, rotated, unrotated } = this.#spec
    const ways = [
      ...rotated.map(path => () => this.#askRotated(path)),
      ...unrotated.map(path => () => this.#askOther(path)),
    ]
    let dueAtMs = this.#beganAtMs
    for (let turn = 0; !this.#stopped; turn += 1) {
      const now = clock.monotonicMs()
      if (dueAtMs > now) await delay(dueAtMs - now)
      dueAtMs = Math.max(dueAtMs, now - MOST_BEHIND_MS) + 1000 / this.#ratePerSecond
      // Behind its time it asks no faster than answers come.
      if (this.#inFlight.size >= MOST_IN_FLIGHT) await Promise.race(this.#inFlight)
      if (this.#stopped) return
      const asked: Promise<void> = ways[turn % ways.length]!().finally(() => this.#inFlight.delete(asked))
      this.#inFlight.add(asked)
    }
  }

  async #askRotated(path: string): Promise<void> {
    const { clock, from, to } = this.#spec
    if (clock.monotonicMs() < this.#notBeforeMs) return
    this.#counts.requests += 1
    const first = this.#current
    const askedAtMs = clock.monotonicMs()
    const status = await this.#ask(path, first)
    if (status === 200) return this.#accept(first, askedAtMs)
    if (status === undefined || !isRefusal(status)) return
    const second = first === from ? to : from
    if (this.#mayKnowNew && second !== undefined) {
      const againAtMs = clock.monotonicMs()
      const again = await this.#ask(path, second)
      if (again === 200) {
        this.#counts.switched += 1
        this.#current = second
        return this.#accept(second, againAtMs)
      }
      if (again === undefined || !isRefusal(again)) return
    }
    this.#counts.neither += 1
    this.#gapSinceMs ??= this.#lastAcceptedAtMs ?? this.#beganAtMs
    const now = clock.monotonicMs()
    // Some were on their way together: all of them are one reason to wait.
    if (now < this.#notBeforeMs) return
    this.#notBeforeMs = now + this.#pauseMs
    this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS)
  }

  #accept(token: Secret, askedAtMs: number): void {
    const now = this.#spec.clock.monotonicMs()
    this.#counts.accepted += 1
    if (token === this.#spec.from && askedAtMs > this.#oldGoneAtMs) this.#counts.oldAgain += 1
    if (this.#lastAcceptedAtMs !== undefined) {
      const silenceMs = now - this.#lastAcceptedAtMs
      this.#longestSilenceMs = Math.max(this.#longestSilenceMs, silenceMs)
      this.#longestOfLateMs = Math.max(this.#longestOfLateMs, silenceMs)
    }
    this.#lastAcceptedAtMs = now
    if (token === this.#spec.to) this.#firstNewAtMs ??= now
    else this.#lastOldAtMs = now
    if (this.#gapSinceMs === undefined) return
    this.#gapMs += now - this.#gapSinceMs
    this.#gapSinceMs = undefined
    this.#pauseMs = FIRST_PAUSE_MS
  }

  async #askOther(path: string): Promise<void> {
    this.#counts.requests += 1
    const status = await this.#ask(path, this.#spec.other)
    if (status === 200) this.#counts.otherAccepted += 1
    else if (status !== undefined && isRefusal(status)) this.#counts.otherRefused += 1
  }

  /** @returns undefined where no whole answer came */
  async #ask(path: string, bearer: Secret): Promise<number | undefined> {
    try {
      const status = await this.#spec.ask(path, bearer)
      if (isRefusal(status)) this.#counts.refusals += 1
      else if (status !== 200) this.#counts.odd += 1
      return status
    } catch (thrown) {
      // An interruption is told by those who are waited for.
      if (toRunproofError(thrown).code !== 'INTERRUPTED') this.#counts.unanswered += 1
      return undefined
    }
  }
}
