import type { ReleaseRecord, StepRecord } from '../evidence/schema.ts'
import type { Json } from '../model/check.ts'
import { type Outcome, worstOutcome } from '../model/outcome.ts'
import type { Step } from '../model/runbook.ts'
import { conductFailed } from './conduct.ts'
import { tellBreaks } from './pick-up.ts'
import type { ExecuteInput, RunResult } from './run-input.ts'
import { RunState } from './run-state.ts'
import { runStep } from './run-step.ts'
import { listUntested } from './untested.ts'

/**
 * Runs a plan step by step. Never throws for what a step does: whatever happens becomes a record.
 *
 * @throws RunproofError DISK_FULL, FILE_UNREADABLE when not even the first journal record could be written; nothing has run
 */
export async function execute(input: ExecuteInput): Promise<RunResult> {
  const run = new RunState(input)
  const { plan, journal, watch, runId } = input
  if (input.resuming === undefined) {
    journal.append('run-started', {
      runId,
      runbook: plan.runbook.id,
      target: plan.target.id,
      steps: plan.steps.map(step => step.id),
      operator: run.people.operator,
      ...(Object.keys(run.people.roles).length === 0 ? {} : { roles: run.people.roles }),
      ...(input.origin === undefined ? {} : { origin: input.origin as unknown as Json }),
    })
  }
  watch({ type: 'run-started', runId, title: plan.runbook.title, steps: plan.steps.length })

  const steps = run.records
  for (const [index, step] of plan.steps.entries()) {
    const stopper = steps.find(record => !goesOn(record))
    if (stopper === undefined || runsAfter(run, stopper, step)) await tried(run, step, index)
    else {
      steps.push(notReached(step, stopper))
      tellEnd(run, steps.at(-1)!)
    }
  }

  const released = await run.releases.all({
    outcome: worstOf(run),
    // Who went on and has changed nothing takes nothing back that somebody else did: it is offered.
    undoes: plan.runbook.purpose !== 'containment' && (input.resuming === undefined || run.acted),
  })
  listUntested(steps, run.notTested)
  tellBreaks(run, steps)
  return { outcome: verdict(run, released), steps, released, ...run.known() }
}

/** A step, as often as a person has it tried: its last record stays, with what became of those before. */
async function tried(run: RunState, step: Step, index: number): Promise<void> {
  const attempts: NonNullable<StepRecord['attempts']> = []
  let record = await runStep(run, step, index)
  for (;;) {
    run.records[index] = attempts.length === 0 ? record : { ...record, attempts: [...attempts] }
    tellEnd(run, run.records[index])
    if (goesOn(record)) return
    const next = await conductFailed(run, step, index, record)
    if (next === 'end') return
    if (next !== 'again') {
      run.records[index] = { ...run.records[index], skippedBy: next }
      return
    }
    const { startedAt, outcome, reason } = record
    attempts.push({
      outcome,
      ...(startedAt === undefined ? {} : { at: startedAt }),
      ...(reason === undefined ? {} : { reason }),
    })
    record = await runStep(run, step, index, { again: true })
  }
}

/** With its record: a run that goes on after a break has it from here. */
function tellEnd(run: RunState, record: StepRecord): void {
  const { id, outcome, reason, durationMs, counterproofsMs } = record
  const rto = run.phases.recovery()
  run.note('step-ended', {
    step: id,
    outcome,
    ...(reason === undefined ? {} : { reason }),
    ...(record.carriedFrom === undefined ? { record: record as unknown as Json } : { carriedFrom: record.carriedFrom }),
    ...(rto === undefined ? {} : { phases: rto.phases }),
  })
  run.input.watch({ type: 'step-ended', step: id, outcome, reason, durationMs, counterproofsMs })
}

function goesOn(record: StepRecord): boolean {
  // An unproven green is still a green: later steps can be judged, the run as a whole can't pass any more.
  return record.skippedBy !== undefined || ['passed', 'attested', 'skipped', 'unproven'].includes(record.outcome)
}

function runsAfter(run: RunState, stopper: StepRecord, step: Step): boolean {
  const answered = stopper.outcome === 'failed' || stopper.outcome === 'errored'
  return answered && step.afterFailure?.every(capture => run.values.find(capture) !== undefined) === true
}

function notReached(step: Step, stopper: StepRecord): StepRecord {
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

/** A step that was left out with leave counts for nothing, unless that is all there was. */
function worstOf(run: RunState): Outcome {
  const counted = run.records.filter(({ id, outcome }) => outcome !== 'skipped' || !run.skipAllowed(id))
  return counted.length === 0 ? 'skipped' : worstOutcome(counted.map(({ outcome }) => outcome))
}

function verdict(run: RunState, released: readonly ReleaseRecord[]): Outcome {
  const leftovers: Outcome[] = released.some(record => record.outcome === 'errored') ? ['errored'] : []
  // Also when every step was done: whoever was told that the run is being stopped must not find it passed.
  const stopped: Outcome[] = run.input.signal.aborted ? ['interrupted'] : []
  return worstOutcome([worstOf(run), ...leftovers, ...stopped])
}
