import type { Evidence, ReleaseRecord, StepRecord } from '../evidence/schema.ts'
import { CapturedValues } from '../model/capture.ts'
import type { AnyCheck, CheckContext, Json } from '../model/check.ts'
import { type Command, formatCommand } from '../model/command.ts'
import { RunproofError, toRunproofError } from '../model/error.ts'
import { type Outcome, worstOutcome } from '../model/outcome.ts'
import type { Journal, Tools } from '../model/ports.ts'
import { isManual, type RunNotes, type Step, type StepContext } from '../model/runbook.ts'
import type { Secret } from '../model/secret.ts'
import { type Decision, decideBy } from '../policy/decide.ts'
import type { RuleInUse } from '../policy/rule.ts'
import { withDeadline } from './deadline.ts'
import type { CounterproofMode } from './falsify.ts'
import { PhaseClock } from './phase-clock.ts'
import type { Plan } from './plan.ts'
import { problemOf } from './problem.ts'
import type { Watch } from './progress.ts'
import { Releases } from './releases.ts'
import { verifyStep } from './verify.ts'

/** A person's (or a flag's) answer to a step that asks. */
export type Approval =
  | { readonly granted: true; readonly by: string; readonly how: string }
  | { readonly granted: false; readonly reason: string }

export type Approver = (step: Step, decision: Decision) => Promise<Approval>

export interface ExecuteInput {
  readonly plan: Plan
  readonly runId: string
  readonly tools: Tools
  readonly journal: Journal
  readonly watch: Watch
  readonly approve: Approver
  readonly secrets: Readonly<Record<string, Secret>>
  readonly protect: (secret: Secret) => void
  readonly knownSecrets: () => readonly Secret[]
  readonly scratchDir: string
  readonly artifactsDir: string
  readonly counterproofs: CounterproofMode
  readonly width: number
  readonly allowedSkips: readonly { readonly id: string; readonly reason: string }[]
  readonly lacking: (check: AnyCheck) => string | undefined
  readonly signal: AbortSignal
  /** Rules of policy files; without any the default policy decides alone. */
  readonly rules?: readonly RuleInUse[]
  /** What is on record before anything runs. */
  readonly before?: { readonly facts: RunResult['facts']; readonly notTested: readonly string[] }
  readonly patience?: Partial<Patience>
}

/** How long the engine waits for what is not a step's own time. */
export interface Patience {
  /** For an answer to a step that asks; after it the approval is expired, which denies. */
  readonly approvalMs: number
  /** For releasing or undoing one thing; after it the leftover is reported and the next one is released. */
  readonly releaseMs: number
  /** For work that was told to stop; after it the run goes on without it and says so. */
  readonly settleMs: number
}

const PATIENCE: Patience = { approvalMs: 15 * 60_000, releaseMs: 30_000, settleMs: 10_000 }

/** The part of the evidence that the engine knows; who, where and with which key is added by the composition root. */
export type RunResult = Pick<
  Evidence,
  | 'outcome'
  | 'steps'
  | 'released'
  | 'rto'
  | 'rpoMs'
  | 'rpoBasis'
  | 'facts'
  | 'notTested'
  | 'assumptions'
  | 'allowedSkips'
>

/**
 * Runs a plan step by step. Never throws for what a step does: whatever happens becomes a record.
 *
 * @throws RunproofError DISK_FULL, FILE_UNREADABLE when not even the first journal record could be written; nothing has run
 */
export async function execute(input: ExecuteInput): Promise<RunResult> {
  return new Run(input).whole()
}

class Run {
  readonly #input: ExecuteInput
  readonly #releases: Releases
  readonly #facts: Record<string, string | number | boolean> = {}
  readonly #notTested = new Set<string>()
  readonly #assumptions = new Set<string>()
  readonly #patience: Patience
  readonly #phases: PhaseClock
  #values = new CapturedValues()
  #rpo: { milliseconds: number; basis: string } | undefined

  constructor(input: ExecuteInput) {
    this.#input = input
    this.#phases = new PhaseClock(input.tools.clock)
    this.#patience = { ...PATIENCE, ...input.patience }
    this.#releases = new Releases({
      ...this.#patience,
      note: (type, data) => this.#note(type, data),
      watch: input.watch,
    })
    Object.assign(this.#facts, input.before?.facts)
    for (const limit of [...input.plan.limits, ...(input.before?.notTested ?? [])]) this.#notTested.add(limit)
  }

  async whole(): Promise<RunResult> {
    const { plan, journal, watch, runId } = this.#input
    journal.append('run-started', {
      runId,
      runbook: plan.runbook.id,
      target: plan.target.id,
      steps: plan.steps.map(step => step.id),
    })
    watch({ type: 'run-started', runId, title: plan.runbook.title, steps: plan.steps.length })

    const steps: StepRecord[] = []
    for (const [index, step] of plan.steps.entries()) {
      const stopper = steps.find(record => !this.#goesOn(record))
      const record =
        stopper === undefined || this.#runsAfter(stopper, step)
          ? await this.#step(step, index)
          : this.#notReached(step, stopper)
      steps.push(record)
      this.#note('step-ended', {
        step: step.id,
        outcome: record.outcome,
        ...(record.reason === undefined ? {} : { reason: record.reason }),
      })
      watch({
        type: 'step-ended',
        step: step.id,
        outcome: record.outcome,
        reason: record.reason,
        durationMs: record.durationMs,
        counterproofsMs: record.counterproofsMs,
      })
    }

    const released = await this.#releases.all({
      outcome: worstOutcome(steps.map(step => step.outcome)),
      undoes: plan.runbook.purpose !== 'containment',
    })
    this.#listUntested(steps)
    const rto = this.#phases.recovery()
    return {
      outcome: this.#verdict(steps, released),
      steps,
      released,
      ...(rto === undefined ? {} : { rto }),
      ...(this.#rpo === undefined ? {} : { rpoMs: this.#rpo.milliseconds, rpoBasis: this.#rpo.basis }),
      facts: { ...this.#facts },
      notTested: [...this.#notTested],
      assumptions: [...this.#assumptions],
      allowedSkips: [...this.#input.allowedSkips],
    }
  }

  async #step(step: Step, index: number): Promise<StepRecord> {
    const { journal, watch, tools, signal } = this.#input
    const startedAt = tools.clock.now().toISOString()
    const began = tools.clock.monotonicMs()
    const commands: StepRecord['commands'] = []
    const base = {
      id: step.id,
      title: step.title,
      effect: step.effect,
      ...(step.docs === undefined ? {} : { docs: { ...step.docs } }),
      ...(step.phase === undefined ? {} : { phase: step.phase }),
      startedAt,
      commands,
    }
    let decision: StepRecord['decision']
    const ended = (outcome: Outcome, more: Partial<StepRecord> = {}): StepRecord => ({
      ...base,
      ...(decision === undefined ? {} : { decision }),
      outcome,
      durationMs: tools.clock.monotonicMs() - began,
      counterproofsMs: 0,
      checks: [],
      ...more,
    })

    try {
      if (signal.aborted)
        throw new RunproofError('INTERRUPTED', `step ${step.id} was not started: the run was interrupted`)
      decision = await this.#authorise(step)
      if (decision.verdict === 'deny') {
        journal.append('step-denied', { step: step.id, effect: step.effect, decision: { ...decision } })
        return ended('denied', { reason: `${decision.rule}: ${decision.how ?? 'not approved'}` })
      }

      journal.append('step-started', { step: step.id, effect: step.effect, decision: { ...decision } })
      watch({ type: 'step-started', step: step.id, title: step.title, index })
      this.#phases.enter(step.phase)
      const undo =
        'undo' in step
          ? this.#releases.registerUndo(step, undoSignal => this.#stepContext(step, undoSignal, commands))
          : undefined
      await this.#within(`step ${step.id}`, step.timeoutMs, signal, stepSignal => this.#act(step, stepSignal, commands))
      if (undo !== undefined) undo.whole = true

      this.#phases.enterChecks(step.checksPhase ?? step.phase)
      const ranMs = tools.clock.monotonicMs() - began
      const context = this.#checkContext(step, commands)
      const verified = await verifyStep(step.id, await this.#askable(step, context), context, {
        mode: this.#input.counterproofs,
        inUse: this.#input.plan.inUse,
        width: this.#input.width,
        timeoutMs: step.timeoutMs,
        settleMs: this.#patience.settleMs,
        lacking: this.#input.lacking,
        watch: progress => {
          watch(progress)
          const { type, ...data } = progress
          this.#note(type, data as Record<string, Json>)
        },
      })
      this.#phases.add(verified.checksMs)

      const outcomes = verified.checks.map(check =>
        this.#skipAllowed(check.id) && check.outcome === 'skipped' ? 'passed' : check.outcome,
      )
      const attested = isManual(step.run) && outcomes.every(outcome => outcome === 'passed')
      const outcome = signal.aborted ? 'interrupted' : worstOutcome(outcomes)
      const grave = verified.checks
        .filter(check => check.outcome === outcome && outcome !== 'passed')
        .map(check => check.id)
      return ended(outcome, {
        durationMs: ranMs + verified.checksMs,
        counterproofsMs: verified.counterproofsMs,
        checks: [...verified.checks],
        ...(verified.checks.length === 0 ? { reason: 'not one of its checks could be asked' } : {}),
        ...(grave.length > 0 ? { reason: `${outcome}: ${grave.join(', ')}` } : attested ? { reason: 'attested' } : {}),
      })
    } catch (thrown) {
      const error = toRunproofError(thrown)
      // Only the operator interrupts: work that cuts its own commands short has given no verdict.
      const outcome = signal.aborted ? 'interrupted' : error.code === 'DENIED' ? 'denied' : 'errored'
      return ended(outcome, { reason: `${error.code}: ${error.message}`, error: problemOf(error) })
    } finally {
      this.#phases.enter(undefined)
    }
  }

  /** The checks that can be asked with what was given; the others are listed as not tested. */
  async #askable(step: Step, context: CheckContext): Promise<readonly AnyCheck[]> {
    const askable: AnyCheck[] = []
    for (const check of step.verify) {
      const why = this.#ungiven(check) ?? (await check.untested?.(context))
      if (why === undefined) askable.push(check)
      else this.#notTested.add(`${check.title}: ${why}`)
    }
    return askable
  }

  #ungiven(check: AnyCheck): string | undefined {
    const { runbook, params, target } = this.#input.plan
    for (const need of check.needs ?? []) {
      const why = runbook.lacks?.(need, { params, target })
      if (why !== undefined) return why
    }
    return undefined
  }

  async #authorise(step: Step): Promise<NonNullable<StepRecord['decision']>> {
    const { plan, rules = [], tools } = this.#input
    const { runbook, target, inUse } = plan
    const decided = decideBy(rules, {
      step,
      runbook: runbook.id,
      target: { id: target.id, real: target.real, inUse: inUse !== undefined },
      at: tools.clock.now(),
    })
    const { verdict, rule, reason } = decided
    if (verdict !== 'ask')
      return { verdict, rule, ...(verdict === 'deny' && reason !== undefined ? { how: reason } : {}) }
    const answer = await this.#askFor(step, decided)
    return answer.granted
      ? { verdict: 'allow', rule: decided.rule, approvedBy: answer.by, how: answer.how }
      : { verdict: 'deny', rule: decided.rule, how: answer.reason }
  }

  /** Nobody answering must not hang the run, and an interrupt must not wait for an answer. */
  async #askFor(step: Step, decided: Decision): Promise<Approval> {
    const { approvalMs } = this.#patience
    const what = `the approval of step ${step.id}`
    try {
      return await withDeadline(what, approvalMs, this.#input.signal, () => this.#input.approve(step, decided), 0)
    } catch (thrown) {
      if (toRunproofError(thrown).code !== 'TIMEOUT') throw thrown
      return { granted: false, reason: `expired: no answer within ${approvalMs} ms` }
    }
  }

  #within<Result>(
    what: string,
    timeoutMs: number,
    signal: AbortSignal,
    work: (signal: AbortSignal) => Promise<Result>,
  ) {
    return withDeadline(what, timeoutMs, signal, work, this.#patience.settleMs)
  }

  async #act(step: Step, signal: AbortSignal, commands: StepRecord['commands']): Promise<void> {
    const context = this.#stepContext(step, signal, commands)
    if (isManual(step.run)) throw new RunproofError('DENIED', `step ${step.id} needs a person: ${step.run.instruction}`)
    await step.run.execute(context)
  }

  #runIn(step: Step, signal: AbortSignal, commands: StepRecord['commands']): CheckContext['runIn'] {
    return (runner, command, options = {}) => {
      const limits = { timeoutMs: step.timeoutMs, signal, ...options }
      return this.#recorded(step, limits.signal, commands, command, () => runner.run(command, limits))
    }
  }

  /** Journalled before it starts, recorded after: no act without a record. */
  async #recorded<Result>(
    step: Step,
    signal: AbortSignal,
    commands: StepRecord['commands'],
    command: Command,
    work: () => Promise<Result>,
  ): Promise<Result> {
    const { journal, watch, tools } = this.#input
    // Work that ignored the end of its time starts nothing more.
    if (signal.aborted) throw new RunproofError('INTERRUPTED', `step ${step.id} is over: nothing more is run`)
    const text = formatCommand(command)
    journal.append('command', { step: step.id, command: text })
    watch({ type: 'command', step: step.id, command: text })
    const began = tools.clock.monotonicMs()
    let exitCode: number | null = null
    try {
      const result = await work()
      exitCode = exitCodeIn(result)
      return result
    } finally {
      commands.push({ command: text, exitCode, durationMs: tools.clock.monotonicMs() - began })
    }
  }

  #stepContext(step: Step, signal: AbortSignal, commands: StepRecord['commands']): StepContext {
    const current = () => this.#values
    return {
      ...this.#checkContext(step, commands),
      // What the step itself has set so far is seen by the rest of it.
      get values() {
        return current()
      },
      signal,
      runIn: this.#runIn(step, signal, commands),
      recorded: (command, work) => this.#recorded(step, signal, commands, command, work),
      secrets: this.#input.secrets,
      run: this.#notes(),
      set: (capture, value) => {
        if (signal.aborted) {
          throw new RunproofError('INTERRUPTED', `step ${step.id} is over: <${capture.id}> can't be set any more`)
        }
        if (!(step.yields ?? []).some(yielded => yielded.id === capture.id)) {
          throw new RunproofError('INTERNAL', `step ${step.id} sets <${capture.id}> without declaring it in yields`)
        }
        this.#values = this.#values.with(capture, value)
      },
    }
  }

  #checkContext(step: Step, commands: StepRecord['commands']): CheckContext {
    const { plan, tools, signal, protect, knownSecrets } = this.#input
    return {
      protect,
      knownSecrets,
      waited: (id, durationMs) => this.#phases.waited(id, durationMs),
      params: plan.params,
      target: plan.target,
      tools,
      values: this.#values,
      timeline: this.#phases.timeline(),
      signal,
      deadlineMs: step.timeoutMs,
      runIn: this.#runIn(step, signal, commands),
    }
  }

  #notes(): RunNotes {
    const { runId, scratchDir, artifactsDir } = this.#input
    return {
      runId,
      scratchDir,
      artifactsDir,
      phase: id => this.#phases.enter(id),
      assume: text => void this.#assumptions.add(text),
      notTested: text => void this.#notTested.add(text),
      rpo: (milliseconds, basis) => {
        refuseNotFinite('rpo', milliseconds)
        if (milliseconds < 0) {
          this.#assumptions.add(
            `RPO counts as 0: the newest data is ${-milliseconds} ms in the future, so clocks disagree`,
          )
        }
        this.#rpo = { milliseconds: Math.max(0, milliseconds), basis }
      },
      fact: (name, value) => {
        if (typeof value === 'number') refuseNotFinite(`fact ${name}`, value)
        this.#facts[name] = value
      },
      defer: (describe, release) => this.#releases.defer(describe, release),
    }
  }

  #goesOn(record: StepRecord): boolean {
    // An unproven green is still a green: later steps can be judged, the run as a whole can't pass any more.
    return record.outcome === 'passed' || record.outcome === 'skipped' || record.outcome === 'unproven'
  }

  #runsAfter(stopper: StepRecord, step: Step): boolean {
    const answered = stopper.outcome === 'failed' || stopper.outcome === 'errored'
    return answered && step.afterFailure?.every(capture => this.#values.find(capture) !== undefined) === true
  }

  #notReached(step: Step, stopper: StepRecord): StepRecord {
    return {
      id: step.id,
      title: step.title,
      effect: step.effect,
      outcome: 'skipped',
      reason: `not reached: ${stopper.id} is ${stopper.outcome}`,
      commands: [],
      durationMs: 0,
      counterproofsMs: 0,
      checks: [],
    }
  }

  #skipAllowed(id: string): boolean {
    return this.#input.allowedSkips.some(skip => skip.id === id)
  }

  #verdict(steps: readonly StepRecord[], released: readonly ReleaseRecord[]): Outcome {
    const leftovers: Outcome[] = released.some(record => record.outcome === 'errored') ? ['errored'] : []
    // Also when every step was done: whoever was told that the run is being stopped must not find it passed.
    const stopped: Outcome[] = this.#input.signal.aborted ? ['interrupted'] : []
    return worstOutcome([...steps.map(step => step.outcome), ...leftovers, ...stopped])
  }

  #listUntested(steps: readonly StepRecord[]): void {
    for (const step of steps) {
      if (step.outcome === 'skipped' && step.checks.length === 0)
        this.#notTested.add(`step ${step.id}: ${step.reason ?? 'skipped'}`)
      for (const check of step.checks) {
        if (check.outcome === 'skipped') this.#notTested.add(`check ${check.id}: ${check.reason ?? 'skipped'}`)
        for (const counterproof of check.counterproofs) {
          if (counterproof.outcome === 'not-run')
            this.#notTested.add(`counterproof ${check.id}/${counterproof.id}: ${counterproof.said}`)
        }
      }
    }
  }

  /** Records what already happened. A full disk must not lose the tear-down: the seal will fail on the journal later. */
  #note(type: string, data: Readonly<Record<string, Json | undefined>>): void {
    try {
      this.#input.journal.append(type, data)
    } catch {
      this.#assumptions.add('the journal could not be written to the end')
    }
  }
}

function refuseNotFinite(what: string, value: number): void {
  if (!Number.isFinite(value)) throw new RunproofError('INTERNAL', `${what} is ${value}: evidence holds finite numbers`)
}

/** What a streamed command gives has no exit code of its own: it was 0, or there would be no result. */
function exitCodeIn(result: unknown): number | null {
  return typeof result === 'object' && result !== null && 'exitCode' in result ? (result.exitCode as number | null) : 0
}
