import type { StepRecord } from '../evidence/schema.ts'
import type { Step } from '../model/runbook.ts'
import { isLeftOut, type JournalledRun } from './broken-run.ts'
import { stepContext } from './contexts.ts'
import { withDeadline } from './deadline.ts'
import { goBy } from './go-by.ts'
import { goingOn } from './go-on.ts'
import type { RunState } from './run-state.ts'

/** A person's (or a flag's) answer to whether a step that must not be repeated took effect before the break. */
export interface Settled {
  readonly answer: 'done' | 'repeat'
  readonly by: string
  readonly how: string
}

/** A run that goes on with another one that broke off. */
export interface Resuming {
  readonly from: JournalledRun
  /** By step: what was answered before anything went on. */
  readonly settled: ReadonlyMap<string, Settled>
}

/** How a step begins: by acting; without acting, since it took effect before a break; or not at all, since it had ended. */
export type PickedUp =
  | { readonly acts: true }
  | { readonly acts: false }
  | { readonly carried: StepRecord }
  | { readonly denied: string }

/**
 * Looks where a step stood when the run broke off. Acts on nothing.
 *
 * @throws RunproofError what the step's own probe throws; TIMEOUT, INTERRUPTED; DISK_FULL, RUN_FENCED when it can't be put on record
 */
export async function pickUp(run: RunState, step: Step, commands: StepRecord['commands']): Promise<PickedUp> {
  const { resuming, journal } = run.input
  if (resuming === undefined) return { acts: true }
  // Whoever approved it approved that it is taken back, and looked at. Before it acts again it is asked for again.
  const decision = resuming.from.decisions.get(step.id)
  if (decision !== undefined) goBy(run, step, decision)
  const going = goingOn(step, resuming.from.been.get(step.id), run.acted)
  switch (going.how) {
    case 'run':
      return { acts: true }
    case 'carry': {
      const leftOut = isLeftOut(going.record)
      // Whoever conducts is asked about it once more.
      if (leftOut && run.input.conductor !== undefined) return { acts: true }
      if (going.reestablish) await work(run, step, commands, 'setting again what it yields', step.reestablish!)
      journal.append('carried-over', { step: step.id, from: going.from, reestablished: going.reestablish })
      if ('undo' in step && !leftOut) registerWhole(run, step, commands)
      return { carried: { ...going.record, carriedFrom: going.record.carriedFrom ?? going.from } }
    }
    case 'look-first': {
      const tookEffect = 'tookEffect' in step ? step.tookEffect! : async () => false
      const did = await work(run, step, commands, 'seeing whether it took effect', tookEffect)
      journal.append('looked-first', { step: step.id, tookEffect: did })
      return did
        ? unacted(run, step, commands, `step ${step.id} took effect before the break: it was not done again`)
        : { acts: true }
    }
    case 'ask':
      return asSettled(run, step, commands, resuming.settled.get(step.id))
  }
}

async function asSettled(
  run: RunState,
  step: Step,
  commands: StepRecord['commands'],
  settled: Settled | undefined,
): Promise<PickedUp> {
  if (settled === undefined)
    return { denied: `nobody said whether step ${step.id}, which must not be repeated, took effect before the break` }
  const { answer, by, how } = settled
  run.input.journal.append('settled', { step: step.id, answer, by, how })
  if (answer === 'repeat') {
    run.assume(`step ${step.id} had begun before the break, and was done again: so ${by} decided (${how})`)
    return { acts: true }
  }
  const unset = (step.yields ?? []).some(capture => run.values.find(capture) === undefined)
  if (unset && step.reestablish !== undefined)
    await work(run, step, commands, 'setting again what it yields', step.reestablish)
  return unacted(
    run,
    step,
    commands,
    `step ${step.id} took effect before the break, and was not done again: so says ${by} (${how})`,
  )
}

function unacted(run: RunState, step: Step, commands: StepRecord['commands'], assumed: string): PickedUp {
  run.assume(assumed)
  if ('undo' in step) registerWhole(run, step, commands)
  return { acts: false }
}

/** What was done before the break is undone as a whole, if it comes to that. */
function registerWhole(run: RunState, step: Extract<Step, { undo: unknown }>, commands: StepRecord['commands']): void {
  run.releases.registerUndo(step, signal => stepContext(run, step, signal, commands)).whole = true
}

function work<Result>(
  run: RunState,
  step: Step,
  commands: StepRecord['commands'],
  what: string,
  doing: (context: ReturnType<typeof stepContext>) => Promise<Result>,
): Promise<Result> {
  return withDeadline(
    `step ${step.id}, ${what},`,
    step.timeoutMs,
    run.input.signal,
    signal => doing(stepContext(run, step, signal, commands)),
    run.patience.settleMs,
  )
}

/** What a run that went on says of its breaks, for people. */
export function tellBreaks(run: RunState, steps: readonly StepRecord[]): void {
  const { resuming } = run.input
  if (resuming === undefined) return
  for (const { at, runId, kind, resumedAt, resumedBy } of resuming.from.breaks)
    run.assumptions.add(
      `${runId} ${kind === 'interrupted' ? 'was interrupted' : 'died'} after ${at}; ${resumedBy} went on with it at ${resumedAt}`,
    )
  const carried = steps.filter(({ carriedFrom }) => carriedFrom !== undefined).map(({ id }) => id)
  if (carried.length > 0)
    run.assumptions.add(`these steps ended before the break, and are as they were recorded then: ${carried.join(', ')}`)
}
