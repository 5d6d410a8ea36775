import type { ReleaseRecord } from '../evidence/schema.ts'
import type { Json } from '../model/check.ts'
import { RunproofError, toRunproofError } from '../model/error.ts'
import type { Outcome } from '../model/outcome.ts'
import type { StepContext, Undo, WritingStep } from '../model/runbook.ts'
import { withDeadline } from './deadline.ts'
import type { Who } from './people.ts'
import { problemOf } from './problem.ts'
import type { Watch } from './progress.ts'

interface Settings {
  /** For releasing or undoing one thing; after it the leftover is reported and the next one is released. */
  readonly releaseMs: number
  /** For work that was told to stop; after it the run goes on without it and says so. */
  readonly settleMs: number
  readonly note: (type: string, data: Readonly<Record<string, Json>>) => void
  /** The same of what has not happened yet. @throws RunproofError when it could not be put on record: it must then not be done */
  readonly begin: (type: string, data: Readonly<Record<string, Json>>) => void
  readonly watch: Watch
}

interface Deferred {
  readonly describe: string
  readonly release: () => Promise<void>
}

/** How one step is taken back. */
export interface RegisteredUndo {
  /** Whether the step's work came to its end: an undo of half a step is a guess, so it is offered to a person instead. */
  whole: boolean
}

interface Registered extends RegisteredUndo {
  readonly step: string
  readonly describe: string
  /** What a person would type to do it. */
  readonly commands: readonly string[]
  readonly timeoutMs: number
  readonly execute: (signal: AbortSignal) => Promise<void>
}

/** What a run has to clear away at its end, last first: changes that are undone, and things that are torn down. */
export class Releases {
  readonly #settings: Settings
  readonly #deferred: Deferred[] = []
  readonly #undo: Registered[] = []
  /** What people took back, or tried to, by step. */
  readonly #byPeople = new Map<string, ReleaseRecord>()
  #over = false

  constructor(settings: Settings) {
    this.#settings = settings
  }

  /** Work that ignored its deadline may start something after everything was released: that is released at once. */
  defer(describe: string, release: () => Promise<void>): void {
    if (this.#over) void this.#one('tear-down', describe, release)
    else this.#deferred.push({ describe, release })
  }

  registerUndo(
    step: WritingStep & { readonly undo: Undo },
    contextOf: (signal: AbortSignal) => StepContext,
  ): RegisteredUndo {
    const undo: Registered = {
      step: step.id,
      describe: `${step.id}: ${step.undo.describe}`,
      commands: step.undo.commands ?? [],
      whole: false,
      timeoutMs: step.undo.timeoutMs ?? this.#settings.releaseMs,
      execute: signal => step.undo.execute(contextOf(signal)),
    }
    // A step that is tried again is taken back once.
    const earlier = this.#undo.findIndex(one => one.step === step.id)
    if (earlier !== -1) this.#undo.splice(earlier, 1)
    this.#undo.push(undo)
    return undo
  }

  /** What a person could take back now. */
  get last(): { readonly step: string; readonly describe: string; readonly whole: boolean } | undefined {
    const undo = this.#undo.at(-1)
    return undo === undefined ? undefined : { step: undo.step, describe: undo.describe, whole: undo.whole }
  }

  /**
   * A person takes back the last step that can be, also a half done one: somebody looked. Where that fails it can be tried again.
   *
   * @throws RunproofError DISK_FULL, FILE_UNREADABLE when it could not be put on record before: nothing was done
   */
  async undoLast(who: Who): Promise<ReleaseRecord> {
    const undo = this.#undo.at(-1)
    if (undo === undefined) throw new RunproofError('INTERNAL', 'there is nothing that can be taken back')
    const { step, describe, timeoutMs, execute } = undo
    this.#settings.begin('undo-started', { step, ...who, describe })
    const { outcome, error } = await this.#tried(describe, execute, timeoutMs)
    const record: ReleaseRecord = {
      what: describe,
      kind: 'undo',
      outcome,
      by: who.by,
      ...(error === undefined ? {} : { error: problemOf(error) }),
    }
    const reason = error === undefined ? {} : { reason: error.message }
    this.#settings.note('undone', { step, ...who, outcome, ...reason })
    this.#settings.watch({ type: 'release', what: describe, outcome })
    // One that failed and then went well left nothing behind.
    this.#byPeople.set(step, record)
    if (outcome === 'done') this.#undo.pop()
    return record
  }

  /**
   * Undo in reverse when the run did not pass, then everything that steps started. No act without a record: an undo whose
   * beginning can't be journalled is left to a person, since the disk is full, or somebody else goes on with the run. What was
   * started is torn down all the same.
   *
   * @param undoes - false where undoing is only offered: half-contained beats un-contained
   */
  async all({ outcome, undoes }: { readonly outcome: Outcome; readonly undoes: boolean }): Promise<ReleaseRecord[]> {
    const released: ReleaseRecord[] = [...this.#byPeople.values()]
    const undone =
      outcome === 'passed' || outcome === 'attested' || outcome === 'skipped' ? [] : this.#undo.toReversed()
    for (const one of undone) released.push(one.whole && undoes ? await this.#undone(one) : this.#offer(one))
    while (this.#deferred.length > 0) {
      const { describe, release } = this.#deferred.pop()!
      released.push(await this.#one('tear-down', describe, release))
    }
    this.#over = true
    return released
  }

  async #undone(undo: Registered): Promise<ReleaseRecord> {
    const { step, describe, execute, timeoutMs } = undo
    try {
      this.#settings.begin('undo-started', { step, describe })
    } catch (thrown) {
      return this.#offer(undo, toRunproofError(thrown))
    }
    return this.#one('undo', describe, execute, timeoutMs, { step })
  }

  #offer({ describe, commands }: Registered, unrecorded?: RunproofError): ReleaseRecord {
    const what = [describe, ...commands.map(command => `$ ${command}`)].join('; ')
    const error = unrecorded === undefined ? {} : { error: problemOf(unrecorded) }
    const why = unrecorded === undefined ? 'by itself' : `since that could not be put on record (${unrecorded.message})`
    this.#settings.note('released', { what, kind: 'undo', outcome: 'offered' })
    this.#settings.watch({ type: 'release', what: `not undone ${why}: ${what}`, outcome: 'offered' })
    return { what, kind: 'undo', outcome: 'offered', ...error }
  }

  async #one(
    kind: ReleaseRecord['kind'],
    what: string,
    release: (signal: AbortSignal) => Promise<void>,
    timeoutMs = this.#settings.releaseMs,
    of: { readonly step?: string } = {},
  ): Promise<ReleaseRecord> {
    const { outcome, error } = await this.#tried(what, release, timeoutMs)
    const record: ReleaseRecord = {
      what,
      kind,
      outcome,
      ...(error === undefined ? {} : { error: problemOf(error) }),
    }
    this.#settings.note('released', { ...of, what, kind, outcome: record.outcome })
    this.#settings.watch({ type: 'release', what, outcome: record.outcome })
    return record
  }

  async #tried(
    what: string,
    work: (signal: AbortSignal) => Promise<void>,
    timeoutMs: number,
  ): Promise<{ readonly outcome: 'done' | 'errored'; readonly error?: RunproofError }> {
    try {
      await withDeadline(what, timeoutMs, new AbortController().signal, work, this.#settings.settleMs)
      return { outcome: 'done' }
    } catch (thrown) {
      return { outcome: 'errored', error: toRunproofError(thrown) }
    }
  }
}
