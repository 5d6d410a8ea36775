import type { Evidence, JournalRecord, StepRecord } from '../evidence/schema.ts'
import type { Json } from '../model/check.ts'
import { RunproofError } from '../model/error.ts'
import type { ProcessIdentity } from '../model/instance.ts'
import { type Outcome, worstOutcome } from '../model/outcome.ts'
import { type PeopleBefore, peopleIn } from './people.ts'

/** What a run was begun with: what has to be the same when it is gone on with. */
export interface Origin {
  /** As it is found again: below the installation, or absolute. */
  readonly runbookFile: string
  readonly runbookSha256: string
  /** Digests of the files that the runbook imports, by their paths as seen from it. Absent in journals of versions that did not look. */
  readonly importedSha256?: Readonly<Record<string, string>>
  readonly params: Readonly<Record<string, string>>
  /** Digests by name of policy files. */
  readonly policy: Readonly<Record<string, string>>
  readonly counterproofs: 'all' | 'observation'
  readonly secrets: readonly { readonly name: string; readonly generated: boolean }[]
  readonly allowedSkips: readonly { readonly id: string; readonly reason: string }[]
  readonly tool: string
  readonly holder: ProcessIdentity
  readonly user: string
  readonly host: string
  /** Why it can't be gone on with. */
  readonly unresumable?: string
}

/** Where a step stood: it had begun, and nobody knows how far it came; or it had ended well, or a person had left it out. */
export type Been =
  | { readonly state: 'begun' }
  | {
      readonly state: 'ended'
      readonly record: StepRecord
      readonly in: string
      /** A writing step before it has begun again since: what was seen then may not be so any more. */
      readonly overtaken?: true
      /** Something it yields holds a secret, which no journal keeps. */
      readonly withheld?: true
    }

/** What its steps told evidence. */
export interface Told {
  readonly facts: Readonly<Record<string, string | number | boolean>>
  readonly assumptions: readonly string[]
  readonly notTested: readonly string[]
  readonly rpo?: { readonly milliseconds: number; readonly basis: string }
}

/** Where a run broke off, and who went on with it; as evidence holds it. */
export type Break = NonNullable<Evidence['breaks']>[number]

/** What a journal says of a run. */
export interface JournalledRun {
  /** The one whose process wrote last. */
  readonly runId: string
  /** The one that began all of it. */
  readonly firstRunId: string
  /** 1 where it was never gone on with. */
  readonly epoch: number
  readonly runbook: string
  readonly target: string
  readonly steps: readonly string[]
  /** Absent in journals of versions that could not go on. */
  readonly origin: Origin | undefined
  /** Of the process that wrote last. */
  readonly holder: ProcessIdentity | undefined
  readonly host: string | undefined
  readonly been: ReadonlyMap<string, Been>
  /** By step, what policy and people said when it last began: that holds for what is done about it without acting again. */
  readonly decisions: ReadonlyMap<string, NonNullable<StepRecord['decision']>>
  readonly values: ReadonlyMap<string, unknown>
  readonly told: Told
  readonly people: PeopleBefore
  /** Of a recovery, up to the last step that ended. */
  readonly phases: NonNullable<Evidence['rto']>['phases'] | undefined
  readonly breaks: readonly Break[]
  readonly lastRecordAt: string
  /** Set where the run came to its end, sealed or not. */
  readonly endedAs: Outcome | undefined
}

/** Outcomes with which a step is done: what it was to change is changed. */
const DONE: readonly string[] = ['passed', 'attested', 'unproven', 'skipped']

/**
 * Follows a journal from its first record to the last: what of each step is certain.
 *
 * @param records - of a chain that was verified
 * @throws RunproofError JOURNAL_BROKEN when it does not begin with a run, or a record lacks what it must say
 */
export function followJournal(records: readonly JournalRecord[]): JournalledRun {
  const [first] = records
  if (first?.type !== 'run-started') throw broken(0, 'a journal begins with run-started')
  const run = new Followed(first)
  for (const record of records.slice(1)) run.take(record)
  return { ...run.whole(records.at(-1)!.at), people: peopleIn(records) }
}

class Followed {
  readonly #been = new Map<string, Been>()
  /** How each step ended that had begun, whatever became of it since. */
  readonly #last = new Map<string, { readonly record: StepRecord; readonly in: string }>()
  readonly #decisions = new Map<string, NonNullable<StepRecord['decision']>>()
  /** By capture, with the step that set it. */
  readonly #values = new Map<string, { readonly step: string; readonly value: unknown }>()
  /** Steps that set a value which the journal has not. */
  readonly #withheld = new Set<string>()
  readonly #facts: Record<string, string | number | boolean> = {}
  readonly #assumptions = new Set<string>()
  readonly #notTested = new Set<string>()
  readonly #breaks: Break[] = []
  readonly #first: JournalRecord
  readonly #origin: Origin | undefined
  #runId: string
  #holder: ProcessIdentity | undefined
  #host: string | undefined
  #rpo: Told['rpo']
  #endedAs: Outcome | undefined
  #phases: JournalledRun['phases']
  #broken: Pick<Break, 'at' | 'runId' | 'kind'> | undefined

  constructor(first: JournalRecord) {
    this.#first = first
    this.#runId = textOf(first, 'runId')
    this.#origin = first.data['origin'] as Origin | undefined
    this.#holder = this.#origin?.holder
    this.#host = this.#origin?.host
  }

  take(record: JournalRecord): void {
    const { type, data } = record
    switch (type) {
      case 'step-started':
        this.#start(record)
        break
      case 'undo-started':
        // An undo that began leaves its step half undone until it is said to be done.
        this.#been.set(textOf(record, 'step'), { state: 'begun' })
        break
      case 'step-ended':
        this.#end(record)
        break
      case 'undone':
        if (data['outcome'] === 'done') this.#takenBackBy(record)
        break
      case 'released':
        if (data['kind'] === 'undo' && data['outcome'] === 'done') this.#takenBack(textOf(record, 'step'))
        break
      case 'captured':
        this.#capture(record)
        break
      case 'told':
        this.#tell(record)
        break
      case 'run-broken':
        this.#broken = {
          at: textOf(record, 'lastRecordAt'),
          runId: textOf(record, 'runId'),
          kind: textOf(record, 'kind'),
        }
        break
      case 'run-resumed':
        this.#goOn(record)
        break
      case 'run-ended':
        this.#endedAs = textOf(record, 'outcome') as Outcome
        break
      default:
        break
    }
  }

  whole(lastRecordAt: string): Omit<JournalledRun, 'people'> {
    const first = this.#first
    return {
      runId: this.#runId,
      firstRunId: textOf(first, 'runId'),
      epoch: this.#breaks.length + 1,
      runbook: textOf(first, 'runbook'),
      target: textOf(first, 'target'),
      steps: first.data['steps'] as readonly string[],
      origin: this.#origin,
      holder: this.#holder,
      host: this.#host,
      been: this.#been,
      decisions: this.#decisions,
      values: new Map([...this.#values].map(([capture, { value }]) => [capture, value])),
      told: {
        facts: this.#facts,
        assumptions: [...this.#assumptions],
        notTested: [...this.#notTested],
        ...(this.#rpo === undefined ? {} : { rpo: this.#rpo }),
      },
      phases: this.#phases,
      breaks: this.#breaks,
      lastRecordAt,
      endedAs: this.#endedAs,
    }
  }

  #start(record: JournalRecord): void {
    const step = textOf(record, 'step')
    this.#been.set(step, { state: 'begun' })
    const decision = record.data['decision'] as StepRecord['decision']
    if (decision === undefined) this.#decisions.delete(step)
    else this.#decisions.set(step, decision)
    this.#withheld.delete(step)
    if (record.data['effect'] === 'read') return
    const order = this.#first.data['steps'] as readonly string[]
    for (const later of order.slice(order.indexOf(step) + 1)) {
      const been = this.#been.get(later)
      if (been?.state === 'ended') this.#been.set(later, { ...been, overtaken: true })
    }
  }

  #capture(record: JournalRecord): void {
    const [step, capture] = [textOf(record, 'step'), textOf(record, 'capture')]
    if ('value' in record.data) {
      this.#values.set(capture, { step, value: record.data['value'] })
      return
    }
    this.#values.delete(capture)
    this.#withheld.add(step)
  }

  /** What was carried over has ended already; what was not reached never began, and stays where it stood. */
  #end(record: JournalRecord): void {
    const step = textOf(record, 'step')
    const ended = record.data['record'] as StepRecord | undefined
    if (Array.isArray(record.data['phases']))
      this.#phases = record.data['phases'] as NonNullable<Evidence['rto']>['phases']
    const begun = this.#been.get(step)?.state === 'begun'
    if (ended !== undefined && begun) this.#last.set(step, { record: ended, in: this.#runId })
    if (ended === undefined || !DONE.includes(ended.outcome)) return
    // A step that a person left out never began, and is decided about all the same.
    if (!begun && !isLeftOut(ended)) return
    const withheld = this.#withheld.has(step) ? ({ withheld: true } as const) : {}
    this.#been.set(step, { state: 'ended', record: ended, in: this.#runId, ...withheld })
  }

  /** A person decided: that the run broke off is no reason to do it again. */
  #takenBackBy({ at, data }: JournalRecord): void {
    const step = data['step'] as string
    const last = this.#last.get(step)
    this.#takenBack(step)
    if (last === undefined || !DONE.includes(last.record.outcome)) return
    const { by, role } = data as { by: string; role?: string }
    const reason = `taken back by ${by} at ${at}; it was ${last.record.outcome}`
    const undone = { by, ...(role === undefined ? {} : { role }), at }
    this.#been.set(step, {
      state: 'ended',
      record: { ...last.record, outcome: 'skipped', reason, undone },
      in: last.in,
    })
  }

  #takenBack(step: string): void {
    this.#been.delete(step)
    for (const [capture, { step: by }] of this.#values) if (by === step) this.#values.delete(capture)
  }

  #tell({ data }: JournalRecord): void {
    if (typeof data['fact'] === 'string') this.#facts[data['fact']] = data['value'] as string | number | boolean
    if (typeof data['assumed'] === 'string') this.#assumptions.add(data['assumed'])
    if (typeof data['notTested'] === 'string') this.#notTested.add(data['notTested'])
    if (typeof data['rpoMs'] === 'number')
      this.#rpo = { milliseconds: data['rpoMs'], basis: data['rpoBasis'] as string }
  }

  #goOn(record: JournalRecord): void {
    if (this.#broken === undefined) throw broken(record.seq, 'run-resumed follows no run-broken')
    const { host } = record.data
    const by = `${textOf(record, 'by')} on ${textOf(record, 'host')}`
    this.#breaks.push({ ...this.#broken, resumedAt: record.at, resumedBy: by })
    this.#broken = undefined
    this.#runId = textOf(record, 'runId')
    this.#holder = record.data['holder'] as ProcessIdentity | undefined
    this.#host = host as string
    this.#endedAs = undefined
  }
}

/** Whether a person decided that a step is not to be run, or took it back. */
export function isLeftOut({ outcome, skippedBy, undone }: StepRecord): boolean {
  return outcome === 'skipped' && (skippedBy !== undefined || undone !== undefined)
}

/** Whether a run that came to its end has something left to go on with: it was stopped, or only its seal is missing. */
export function isOver(endedAs: Outcome | undefined): boolean {
  return endedAs !== undefined && endedAs !== 'interrupted' && worstOutcome([endedAs, 'unproven']) !== 'unproven'
}

function textOf({ seq, type, data }: JournalRecord, member: string): string {
  const value = data[member]
  if (typeof value === 'string') return value
  throw broken(seq, `${type} has no ${member}`)
}

function broken(seq: number, why: string): RunproofError {
  return new RunproofError('JOURNAL_BROKEN', `journal record ${seq} says nothing that can be gone on with: ${why}`)
}

/** A value that the journal can keep and give back. @throws RunproofError INTERNAL for one that would come back as another */
export function keepable(capture: string, value: unknown): Json {
  if (isPlain(value)) return value as Json
  throw new RunproofError('INTERNAL', `<${capture}> is kept, and what it was set to is not plain data`, {
    hint: 'keep numbers, texts, lists and plain objects; a secret or a connection ends with its process',
  })
}

function isPlain(value: unknown): boolean {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true
  if (typeof value === 'number') return Number.isFinite(value)
  if (Array.isArray(value)) return value.every(isPlain)
  if (typeof value !== 'object') return false
  const prototype = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return false
  return Object.values(value).every(member => member === undefined || isPlain(member))
}
