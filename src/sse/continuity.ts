import { readEventId, type SseEvent } from './event.ts'
import { IdWindow } from './id-window.ts'

export interface Expectation {
  /** The cursor that was asked for: every id is greater. */
  readonly after?: string
  /** The first id that must come. */
  readonly expectFirst?: string
  /** Ids rise by one, as on a stream that nothing is filtered from. */
  readonly consecutive?: boolean
  /**
   * The whole replay. What comes must be all of it behind `after`, each event as it is there; what is newer than its last
   * event is only counted, since a stream goes on.
   */
  readonly reference?: readonly SseEvent[]
  /** Default `heartbeat`: an event that has no id. */
  readonly heartbeat?: string
  /** Default `stream_gap`: an event that says that others are missing. Its id, if any, is a cursor and no event of its own. */
  readonly gap?: string
}

export type FindingKind =
  | 'empty'
  | 'lost'
  | 'repeated'
  | 'reordered'
  | 'not-after-cursor'
  | 'wrong-first'
  | 'not-in-replay'
  | 'changed'
  | 'id-missing'
  | 'id-not-decimal'
  | 'id-on-heartbeat'
  | 'id-rounded'
  | 'gap-without-reason'

export interface Finding {
  readonly kind: FindingKind
  /** As it was written. */
  readonly id?: string
  /** For people; holds ids and names, never an event's data. */
  readonly detail: string
}

/** Events missing that the server itself says are missing. */
export interface Gap {
  readonly reason: string
  /** The cursor it gives, if any. */
  readonly id: string | undefined
}

export interface Continuity {
  /** With an id, gaps left out. */
  readonly events: number
  readonly heartbeats: number
  readonly gaps: readonly Gap[]
  /** None: nothing was lost, repeated, reordered or changed but what `gaps` tell. At most {@link FINDINGS_KEPT} of a kind. */
  readonly findings: readonly Finding[]
  /** How many there are of each kind that occurred. */
  readonly counts: Readonly<Partial<Record<FindingKind, number>>>
  readonly firstId: string | undefined
  /** The cursor to go on from. */
  readonly lastId: string | undefined
  /** Newer than the last event of the reference. */
  readonly beyond: number
}

export const FINDINGS_KEPT = 20
const GAPS_KEPT = 100
const LARGEST_EXACT = 2n ** 53n

/** Judges a stream that has been read. @see ContinuityJudge */
export function continuity(events: Iterable<SseEvent>, expectation: Expectation = {}): Continuity {
  const judge = new ContinuityJudge(expectation)
  for (const event of events) judge.add(event)
  return judge.end()
}

/** Judges a stream while it is read, in bounded memory. Ids are compared as 64-bit numbers, never as doubles. */
export class ContinuityJudge {
  readonly #expectation: Expectation
  readonly #heartbeat: string
  readonly #gap: string
  readonly #after: bigint | undefined
  readonly #awaited: Map<string, SseEvent> | undefined
  readonly #newestAwaited: bigint | undefined
  readonly #window = new IdWindow()
  readonly #findings: Finding[] = []
  readonly #counts: Partial<Record<FindingKind, number>> = {}
  readonly #gaps: Gap[] = []
  /** Ranges, both ends excluded, in which events may be missing. */
  readonly #told: { readonly from: bigint; readonly to: bigint }[] = []
  #holes: { readonly from: bigint; readonly to: bigint }[] = []
  #toldUntilNext = false
  #last: bigint | undefined
  #firstId: string | undefined
  #lastId: string | undefined
  #anything = false
  #events = 0
  #heartbeats = 0
  #beyond = 0
  #allRounded = true
  #large = 0

  /** @throws RangeError when `after` is no event id; events of the reference that have none are passed over */
  constructor(expectation: Expectation = {}) {
    this.#expectation = expectation
    this.#heartbeat = expectation.heartbeat ?? 'heartbeat'
    this.#gap = expectation.gap ?? 'stream_gap'
    this.#after = expectation.after === undefined ? undefined : idOf(expectation.after)
    this.#last = this.#after
    this.#lastId = expectation.after
    if (expectation.reference === undefined) return
    const events = expectation.reference.filter(
      ({ id, event }) => event !== this.#gap && id !== undefined && readEventId(id) !== undefined,
    )
    this.#newestAwaited = events.map(({ id }) => idOf(id!)).reduce(larger, 0n)
    const behind = events.filter(({ id }) => this.#after === undefined || idOf(id!) > this.#after)
    this.#awaited = new Map(behind.map(event => [event.id!, event]))
  }

  add(event: SseEvent): void {
    this.#anything = true
    const { id } = event
    const isGap = event.event === this.#gap
    const value = id === undefined ? undefined : readEventId(id)
    if (event.event === this.#heartbeat) this.#addHeartbeat(id)
    else if (id !== undefined && value === undefined)
      this.#find('id-not-decimal', `${event.event} has no decimal u64`, id)
    else if (isGap) this.#addGap(event, value)
    else if (id === undefined || value === undefined) this.#find('id-missing', `${event.event} has none`)
    else this.#addEvent(event, id, value)
  }

  end(): Continuity {
    for (const { from, to } of this.#holes) this.#findLost(from, to)
    for (const id of this.#awaited?.keys() ?? []) {
      if (!this.#wasTold(idOf(id))) this.#find('lost', 'the full replay has it', id)
    }
    if (this.#large > 1 && this.#allRounded) {
      this.#find('id-rounded', `all ${this.#large} ids beyond 2^53 are what a 53-bit number can hold`, this.#lastId)
    }
    if (!this.#anything && (this.#awaited?.size ?? 1) > 0) this.#find('empty', 'no event came at all')
    return {
      events: this.#events,
      heartbeats: this.#heartbeats,
      gaps: this.#gaps,
      findings: this.#findings,
      counts: this.#counts,
      firstId: this.#firstId,
      lastId: this.#lastId,
      beyond: this.#beyond,
    }
  }

  #addHeartbeat(id: string | undefined): void {
    this.#heartbeats += 1
    if (id !== undefined) this.#find('id-on-heartbeat', 'a reader would resume from it', id)
  }

  #addGap({ id, data }: SseEvent, value: bigint | undefined): void {
    const reason = reasonOf(data)
    if (reason === undefined) this.#find('gap-without-reason', 'its data gives no reason', id)
    if (this.#gaps.length < GAPS_KEPT) this.#gaps.push({ reason: reason ?? '', id })
    const last = this.#last
    if (value === undefined || value === last) this.#toldUntilNext = true
    else if (last === undefined || value > last) {
      // It says where the stream goes on: what is missing lies up to there.
      this.#told.push({ from: last ?? -1n, to: value + 1n })
      this.#last = value
      this.#lastId = id
    } else this.#find('reordered', 'the cursor of a gap lies behind what came already', id)
  }

  #addEvent(event: SseEvent, id: string, value: bigint): void {
    this.#events += 1
    this.#noteSize(id, value)
    if (this.#firstId === undefined) {
      this.#firstId = id
      const { expectFirst } = this.#expectation
      if (expectFirst !== undefined && id !== expectFirst) this.#find('wrong-first', `${expectFirst} was to come`, id)
    }
    const before = this.#knownBefore(value)
    if (before !== undefined) {
      this.#find(before, before === 'repeated' ? 'it came before' : `the cursor is ${this.#after}`, id)
      return
    }
    if (this.#last === undefined || value > this.#last) this.#advance(id, value)
    else {
      this.#find('reordered', `it came after ${this.#lastId}`, id)
      this.#window.addLate(value)
      this.#fillHole(value)
    }
    this.#compare(event, id, value)
  }

  #knownBefore(value: bigint): 'not-after-cursor' | 'repeated' | undefined {
    if (this.#after !== undefined && value <= this.#after) return 'not-after-cursor'
    return this.#last !== undefined && value <= this.#last && this.#window.has(value) ? 'repeated' : undefined
  }

  #advance(id: string, value: bigint): void {
    const last = this.#last
    if (this.#toldUntilNext) this.#told.push({ from: last ?? -1n, to: value })
    else if (this.#expectation.consecutive === true && last !== undefined && value !== last + 1n) {
      this.#holes.push({ from: last, to: value })
    }
    this.#toldUntilNext = false
    this.#last = value
    this.#lastId = id
    this.#window.add(value)
  }

  #compare({ event, data }: SseEvent, id: string, value: bigint): void {
    if (this.#awaited === undefined) return
    const there = this.#awaited.get(id)
    if (there === undefined) {
      if (value > this.#newestAwaited!) this.#beyond += 1
      else this.#find('not-in-replay', 'the full replay has no such event', id)
      return
    }
    this.#awaited.delete(id)
    if (there.event !== event) this.#find('changed', `it is ${event} and was ${there.event}`, id)
    else if (there.data !== data) this.#find('changed', 'its data differ from those in the full replay', id)
  }

  #fillHole(value: bigint): void {
    this.#holes = this.#holes.flatMap(({ from, to }) =>
      from < value && value < to
        ? [
            { from, to: value },
            { from: value, to },
          ].filter(one => one.to - one.from > 1n)
        : [{ from, to }],
    )
  }

  #findLost(from: bigint, to: bigint): void {
    const many = to - from - 1n
    this.#find('lost', many === 1n ? 'one id is left out' : `${many} ids are left out from here`, String(from + 1n))
  }

  #wasTold(value: bigint): boolean {
    return this.#told.some(({ from, to }) => from < value && value < to)
  }

  /** A middle that reads ids as doubles writes either the double's own digits or the shortest ones that lead back to it. */
  #noteSize(id: string, value: bigint): void {
    if (!this.#allRounded || value <= LARGEST_EXACT) return
    this.#large += 1
    const double = Number(value)
    this.#allRounded = BigInt(double) === value || String(double) === id
  }

  #find(kind: FindingKind, detail: string, id?: string): void {
    const count = (this.#counts[kind] ?? 0) + 1
    this.#counts[kind] = count
    if (count <= FINDINGS_KEPT)
      this.#findings.push({ kind, detail, ...(id === undefined ? {} : { id: id.slice(0, 40) }) })
  }
}

function larger(one: bigint, other: bigint): bigint {
  return one > other ? one : other
}

function idOf(text: string): bigint {
  const value = readEventId(text)
  if (value === undefined) throw new RangeError(`${JSON.stringify(text.slice(0, 40))} is no event id`)
  return value
}

function reasonOf(data: string): string | undefined {
  try {
    const { reason } = JSON.parse(data) as { reason?: unknown }
    return typeof reason === 'string' && reason !== '' ? reason.slice(0, 100) : undefined
  } catch {
    return undefined
  }
}
