import type { StepRecord } from '../evidence/schema.ts'
import type { AnyCheck, CheckContext, Json } from '../model/check.ts'
import { RunproofError, toRunproofError } from '../model/error.ts'
import { type Outcome, worstOutcome } from '../model/outcome.ts'
import { type Action, isManual, type Manual, type Step } from '../model/runbook.ts'
import { attest } from './attest.ts'
import { authorise } from './authorise.ts'
import { conduct } from './conduct.ts'
import { checkContext, stepContext } from './contexts.ts'
import { withDeadline } from './deadline.ts'
import { goBy } from './go-by.ts'
import { type PickedUp, pickUp } from './pick-up.ts'
import { problemOf } from './problem.ts'
import { permitted } from './recorded.ts'
import type { RunState } from './run-state.ts'
import { verifyStep } from './verify.ts'

/**
 * One step: authorise, act, verify, falsify. Never throws: whatever happens becomes its record.
 *
 * @param again - a person chose to have it tried again: it is neither picked up nor asked about once more
 */
export async function runStep(
  run: RunState,
  step: Step,
  index: number,
  { again }: { readonly again: boolean } = { again: false },
): Promise<StepRecord> {
  const draft = draftOf(run, step)
  try {
    return await carriedOut(run, step, index, again, draft)
  } catch (thrown) {
    const error = toRunproofError(thrown)
    // Only the operator interrupts: work that cuts its own commands short has given no verdict.
    const outcome = run.input.signal.aborted ? 'interrupted' : error.code === 'DENIED' ? 'denied' : 'errored'
    return draft.ended(outcome, { reason: `${error.code}: ${error.message}`, error: problemOf(error) })
  } finally {
    run.phases.enter(undefined)
  }
}

/** The record of a step that goes on. */
interface Draft {
  /** Grows by each one that is run. */
  readonly commands: StepRecord['commands']
  /** What became of it when policy was asked. */
  decision?: NonNullable<StepRecord['decision']>
  spentMs(): number
  ended(outcome: Outcome, more?: Partial<StepRecord>): StepRecord
}

function draftOf({ input }: RunState, step: Step): Draft {
  const { clock } = input.tools
  const startedAt = clock.now().toISOString()
  const began = clock.monotonicMs()
  const draft: Draft = {
    commands: [],
    spentMs: () => clock.monotonicMs() - began,
    ended: (outcome, more = {}) => ({
      id: step.id,
      title: step.title,
      effect: step.effect,
      ...(step.docs === undefined ? {} : { docs: { ...step.docs } }),
      ...(step.phase === undefined ? {} : { phase: step.phase }),
      ...(step.role === undefined ? {} : { role: step.role }),
      startedAt,
      commands: draft.commands,
      ...(draft.decision === undefined ? {} : { decision: draft.decision }),
      outcome,
      durationMs: draft.spentMs(),
      counterproofsMs: 0,
      checks: [],
      ...more,
    }),
  }
  return draft
}

async function carriedOut(run: RunState, step: Step, index: number, again: boolean, draft: Draft): Promise<StepRecord> {
  const { watch, signal } = run.input
  const { commands } = draft
  if (signal.aborted) throw new RunproofError('INTERRUPTED', `step ${step.id} was not started: the run was interrupted`)
  const picked: PickedUp = again ? { acts: true } : await pickUp(run, step, commands)
  if ('carried' in picked) {
    watch({ type: 'carried-over', step: step.id, title: step.title, index, outcome: picked.carried.outcome })
    return picked.carried
  }
  if ('denied' in picked) return draft.ended('denied', { reason: picked.denied })
  const kept = picked.acts ? await keptFromActing(run, step, index, again, draft) : undefined
  if (kept !== undefined) return kept

  watch({ type: 'step-started', step: step.id, title: step.title, index })
  if (picked.acts) {
    run.phases.enter(step.phase)
    if (isManual(step.run)) return draft.ended(...(await byHand(run, step, step.run, commands)))
    await act(run, step, step.run, commands)
  }
  return draft.ended(...(await verified(run, step, commands, draft.spentMs())))
}

/**
 * Asks whoever conducts, and policy. That the step begins is on record when this returns.
 *
 * @returns its record where somebody leaves it out, or it is denied; undefined where it is to act
 */
async function keptFromActing(
  run: RunState,
  step: Step,
  index: number,
  again: boolean,
  draft: Draft,
): Promise<StepRecord | undefined> {
  const { journal } = run.input
  const skippedBy = again ? undefined : await conduct(run, step, index)
  if (skippedBy !== undefined)
    return draft.ended('skipped', { reason: `left out by ${skippedBy.by}: ${skippedBy.reason}`, skippedBy })
  const decision = await authorise(run, step)
  draft.decision = decision
  if (decision.verdict === 'deny') {
    journal.append('step-denied', { step: step.id, effect: step.effect, decision: { ...decision } })
    return draft.ended('denied', { reason: `${decision.rule}: ${decision.how ?? 'not approved'}` })
  }

  goBy(run, step, decision)
  journal.append('step-started', {
    step: step.id,
    title: step.title,
    effect: step.effect,
    ...(step.role === undefined ? {} : { role: step.role }),
    decision: { ...decision },
  })
  if (step.effect !== 'read') run.acted = true
  return undefined
}

/** The work of a step. From its beginning on it can be undone; whole is what came to its end. */
async function act(run: RunState, step: Step, action: Action, commands: StepRecord['commands']): Promise<void> {
  const undo =
    'undo' in step ? run.releases.registerUndo(step, signal => stepContext(run, step, signal, commands)) : undefined
  await withDeadline(
    `step ${step.id}`,
    step.timeoutMs,
    run.input.signal,
    signal => action.execute(stepContext(run, step, signal, commands)),
    run.patience.settleMs,
  )
  if (undo !== undefined) undo.whole = true
}

/** What a person did, and what the checks that such a step may have say of it. */
async function byHand(
  run: RunState,
  step: Step,
  manual: Manual,
  commands: StepRecord['commands'],
): Promise<[Outcome, Partial<StepRecord>]> {
  const { clock } = run.input.tools
  const began = clock.monotonicMs()
  const end = await attest(run, step, manual)
  if ('outcome' in end) return [end.outcome, { reason: end.reason }]
  if ('undo' in step) run.releases.registerUndo(step, signal => stepContext(run, step, signal, commands)).whole = true
  const { attested: attestation, said } = end
  if (step.verify.length === 0) return ['attested', { reason: said, attestation }]
  const [outcome, more] = await verified(run, step, commands, clock.monotonicMs() - began)
  // Checks that are green say that the world looks as it should, not that it was this person's doing.
  const mild = outcome === 'passed' || more.checks?.length === 0
  return mild ? ['attested', { ...more, reason: said, attestation }] : [outcome, { ...more, attestation }]
}

/** What the checks of a step came to. @param ranMs - how long its work took */
async function verified(
  run: RunState,
  step: Step,
  commands: StepRecord['commands'],
  ranMs: number,
): Promise<[Outcome, Partial<StepRecord>]> {
  const { input, patience, phases } = run
  phases.enterChecks(step.checksPhase ?? step.phase)
  const context = checkContext(run, step, commands)
  const result = await verifyStep(step.id, await askable(run, step, context), context, {
    mode: input.counterproofs,
    inUse: input.plan.inUse,
    width: input.width,
    timeoutMs: step.timeoutMs,
    settleMs: patience.settleMs,
    lacking: input.lacking,
    permitted: command => permitted(run, step, command),
    watch: progress => {
      input.watch(progress)
      const { type, ...data } = progress
      run.note(type, data as Record<string, Json>)
    },
  })
  phases.add(result.checksMs)

  const outcomes = result.checks.map(check =>
    run.skipAllowed(check.id) && check.outcome === 'skipped' ? 'passed' : check.outcome,
  )
  const outcome = input.signal.aborted ? 'interrupted' : worstOutcome(outcomes)
  const grave = result.checks.filter(check => check.outcome === outcome && outcome !== 'passed').map(check => check.id)
  return [
    outcome,
    {
      durationMs: ranMs + result.checksMs,
      counterproofsMs: result.counterproofsMs,
      checks: [...result.checks],
      ...(result.checks.length === 0 ? { reason: 'not one of its checks could be asked' } : {}),
      ...(grave.length > 0 ? { reason: `${outcome}: ${grave.join(', ')}` } : {}),
    },
  ]
}

/** The checks that can be asked with what was given; the others are listed as not tested. */
async function askable(run: RunState, step: Step, context: CheckContext): Promise<readonly AnyCheck[]> {
  const found: AnyCheck[] = []
  for (const check of step.verify) {
    const why = ungiven(run, check) ?? (await check.untested?.(context))
    if (why === undefined) {
      found.push(check)
      continue
    }
    run.notTested.add(`${check.title}: ${why}`)
    run.input.watch({ type: 'untested', step: step.id, title: check.title, why })
  }
  return found
}

function ungiven({ input }: RunState, check: AnyCheck): string | undefined {
  const { runbook, params, target } = input.plan
  for (const need of check.needs ?? []) {
    const why = runbook.lacks?.(need, { params, target })
    if (why !== undefined) return why
  }
  return undefined
}
