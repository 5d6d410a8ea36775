import type { StepRecord } from '../evidence/schema.ts'
import { CapturedValues } from '../model/capture.ts'
import type { Json } from '../model/check.ts'
import { RunproofError } from '../model/error.ts'
import type { RunNotes } from '../model/runbook.ts'
import type { RuleInUse } from '../policy/rule.ts'
import type { JournalledRun } from './broken-run.ts'
import { People } from './people.ts'
import { PhaseClock } from './phase-clock.ts'
import { Releases } from './releases.ts'
import { type ExecuteInput, PATIENCE, type Patience, type RunResult } from './run-input.ts'

/** What a run has come to know so far, and what it has to clear away. */
export class RunState {
  readonly input: ExecuteInput
  readonly patience: Patience
  readonly releases: Releases
  readonly phases: PhaseClock
  readonly people: People
  /** Of the steps so far, in their order. */
  readonly records: StepRecord[] = []
  /** Those of the command line, and those that a run allows by itself. */
  readonly allowedSkips: { readonly id: string; readonly reason: string }[]
  readonly facts: Record<string, string | number | boolean> = {}
  readonly notTested = new Set<string>()
  readonly assumptions = new Set<string>()
  values = new CapturedValues()
  rpo: { milliseconds: number; basis: string } | undefined
  /** Steps that a person or a flag approved. */
  readonly approved = new Set<string>()
  /** Rules that had steps begin unasked, for the commands that those announced. */
  readonly licences = new Map<string, RuleInUse>()
  /** Whether a writing step has acted in this process. */
  acted = false

  readonly #stopper = new AbortController()

  constructor(input: ExecuteInput) {
    this.input = { ...input, signal: AbortSignal.any([input.signal, this.#stopper.signal]) }
    this.people = new People(input.people ?? { operator: 'unnamed', roles: {} }, input.resuming?.from.people)
    this.allowedSkips = [...input.allowedSkips]
    this.phases = new PhaseClock(input.tools.clock)
    this.patience = { ...PATIENCE, ...input.patience }
    this.releases = new Releases({
      ...this.patience,
      note: (type, data) => this.note(type, data),
      begin: (type, data) => input.journal.append(type, data),
      watch: input.watch,
    })
    Object.assign(this.facts, input.before?.facts)
    for (const limit of [...input.plan.limits, ...(input.before?.notTested ?? [])]) this.notTested.add(limit)
    if (input.resuming !== undefined) this.#goOnWith(input.resuming.from)
  }

  /** A person stops the run: as if it were interrupted. */
  stop(): void {
    this.#stopper.abort()
  }

  /** Records what already happened. A full disk must not lose the tear-down: the seal will fail on the journal later. */
  note(type: string, data: Readonly<Record<string, Json | undefined>>): void {
    try {
      this.input.journal.append(type, data)
    } catch {
      this.assumptions.add('the journal could not be written to the end')
    }
  }

  /** What steps before the break had yielded and told. */
  #goOnWith({ values, told, phases }: JournalledRun): void {
    this.values = new CapturedValues(values)
    Object.assign(this.facts, told.facts)
    for (const text of told.assumptions) this.assumptions.add(text)
    for (const text of told.notTested) this.notTested.add(text)
    this.rpo = told.rpo
    this.phases.goOnWith(phases)
  }

  /** What evidence assumes, also after a break. */
  assume(text: string): void {
    this.assumptions.add(text)
    this.note('told', { assumed: text })
  }

  skipAllowed(id: string): boolean {
    return this.allowedSkips.some(skip => skip.id === id)
  }

  /** How a step speaks to the evidence. */
  runNotes(): RunNotes {
    const { runId, scratchDir, artifactsDir } = this.input
    return {
      runId,
      scratchDir,
      artifactsDir,
      phase: id => this.phases.enter(id),
      assume: text => this.assume(text),
      notTested: text => {
        this.notTested.add(text)
        this.note('told', { notTested: text })
      },
      rpo: (milliseconds, basis) => {
        refuseNotFinite('rpo', milliseconds)
        if (milliseconds < 0) {
          this.assume(`RPO counts as 0: the newest data is ${-milliseconds} ms in the future, so clocks disagree`)
        }
        this.rpo = { milliseconds: Math.max(0, milliseconds), basis }
        this.note('told', { rpoMs: this.rpo.milliseconds, rpoBasis: basis })
      },
      fact: (name, value) => {
        if (typeof value === 'number') refuseNotFinite(`fact ${name}`, value)
        this.facts[name] = value
        this.note('told', { fact: name, value })
      },
      known: name => (Object.hasOwn(this.facts, name) ? this.facts[name] : undefined),
      ended: () =>
        this.records.map(({ id, outcome, reason }) => ({ id, outcome, ...(reason === undefined ? {} : { reason }) })),
      defer: (describe, release) => this.releases.defer(describe, release),
    }
  }

  /** The parts of the result that are not steps. */
  known(): Omit<RunResult, 'outcome' | 'steps' | 'released'> {
    const rto = this.phases.recovery()
    return {
      ...(rto === undefined ? {} : { rto }),
      ...(this.rpo === undefined ? {} : { rpoMs: this.rpo.milliseconds, rpoBasis: this.rpo.basis }),
      facts: { ...this.facts },
      notTested: [...this.notTested],
      assumptions: [...this.assumptions],
      allowedSkips: [...this.allowedSkips],
      ...this.people.known(),
      ...(this.input.resuming === undefined ? {} : { breaks: [...this.input.resuming.from.breaks] }),
    }
  }
}

function refuseNotFinite(what: string, value: number): void {
  if (!Number.isFinite(value)) throw new RunproofError('INTERNAL', `${what} is ${value}: evidence holds finite numbers`)
}
