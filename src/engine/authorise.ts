import type { StepRecord } from '../evidence/schema.ts'
import { toRunproofError } from '../model/error.ts'
import { isManual, type Step } from '../model/runbook.ts'
import { type Decision, decideBy } from '../policy/decide.ts'
import { withDeadline } from './deadline.ts'
import type { Asked } from './people.ts'
import type { RunState } from './run-state.ts'

/** A person's (or a flag's) answer to a step that asks. A flag speaks for whoever gave it: the operator. */
export type Approval =
  | { readonly granted: true; readonly by: string; readonly how: string; readonly reason?: string }
  | { readonly granted: false; readonly reason: string }

/** @param signal - aborts when the time is up or the run is interrupted: nobody has to answer any more */
export type Approver = (
  step: Step,
  decision: Decision,
  asked: Asked & { readonly deadlineAt: string },
  signal: AbortSignal,
) => Promise<Approval>

/** Timers stand still while a machine sleeps: how often it is looked whether it has slept the time away. */
const LOOK_MS = 1_000

type Authorised = NonNullable<StepRecord['decision']>

/** What policy says to a step at this moment. */
export function decisionOn({ input }: RunState, step: Step): Decision {
  const { runbook, target, inUse } = input.plan
  return decideBy(input.rules ?? [], {
    step,
    runbook: runbook.id,
    target: { id: target.id, real: target.real, inUse: inUse !== undefined },
    at: input.tools.clock.now(),
  })
}

/**
 * What policy says to a step, and where it asks, what was answered: allowed or denied, by which rule.
 *
 * A step that a person does is not asked for before: it is that person who acts or does not.
 *
 * @throws RunproofError INTERRUPTED; DISK_FULL, FILE_UNREADABLE when the question could not be put on record: nobody was asked
 */
export async function authorise(run: RunState, step: Step): Promise<Authorised> {
  const decided = decisionOn(run, step)
  const { verdict, rule, reason } = decided
  if (verdict !== 'ask')
    return { verdict, rule, ...(verdict === 'deny' && reason !== undefined ? { how: reason } : {}) }
  if (isManual(step.run)) return { verdict: 'allow', rule, how: 'a person acts, and confirms it' }

  const { clock } = run.input.tools
  const { approvalMs } = run.patience
  const asked = run.people.askedFor(step.role)
  const askedOn = clock.now()
  const times = {
    askedAt: askedOn.toISOString(),
    deadlineAt: new Date(askedOn.getTime() + approvalMs).toISOString(),
  }
  const { other: _, ...who } = asked
  run.input.journal.append('approval-asked', {
    step: step.id,
    rule,
    ...who,
    ...(reason === undefined ? {} : { ruleReason: reason }),
    ...(decided.confirm === undefined ? {} : { confirm: decided.confirm }),
    deadlineAt: times.deadlineAt,
  })
  const answer = await answerTo(run, step.id, signal =>
    run.input.approve(step, decided, { ...asked, deadlineAt: times.deadlineAt }, signal),
  )
  const approval = answer.late ? answer : fromWhoWasAsked(answer, asked)
  const inRole = asked.role === undefined ? {} : { role: asked.role }
  run.input.journal.append('approval-answered', {
    step: step.id,
    granted: approval.granted,
    ...inRole,
    ...(approval.granted ? { by: approval.by, how: approval.how } : {}),
    ...(approval.reason === undefined ? {} : { reason: approval.reason }),
  })
  const answered = answer.late ? {} : { answeredAt: clock.now().toISOString() }
  return approval.granted
    ? {
        verdict: 'allow',
        rule,
        approvedBy: approval.by,
        how: approval.how,
        ...inRole,
        ...(approval.reason === undefined ? {} : { reason: approval.reason }),
        ...times,
        ...answered,
      }
    : { verdict: 'deny', rule, how: approval.reason, ...inRole, ...times, ...answered }
}

/**
 * An answer of anybody else is none, and neither is one without a reason. What a flag says was said by the operator, who may not
 * answer for others.
 */
function fromWhoWasAsked(answer: Approval, { of, role, other }: Asked): Approval {
  if (!answer.granted || !other) return answer
  if (answer.by === of) {
    const why = answer.reason?.trim() ?? ''
    return why === '' ? { granted: false, reason: `${of} approved without a reason` } : answer
  }
  return { granted: false, reason: `${answer.by} answered, and ${of} holds the role ${role}` }
}

/**
 * Nobody answering must not hang the run, and an interrupt must not wait for an answer. The time is measured by a clock that
 * nobody sets, and that goes on while the machine sleeps: an answer that came after it is none either.
 */
async function answerTo(
  run: RunState,
  step: string,
  ask: (signal: AbortSignal) => Promise<Approval>,
): Promise<Approval & { readonly late: boolean }> {
  const { approvalMs } = run.patience
  const { signal, tools } = run.input
  const { clock } = tools
  const late = { granted: false, late: true, reason: `expired: no answer within ${approvalMs} ms` } as const
  const began = clock.sinceBootMs()
  const isLate = () => clock.sinceBootMs() - began > approvalMs
  const overslept = new AbortController()
  const looking = setInterval(() => isLate() && overslept.abort(), LOOK_MS)
  try {
    const until = AbortSignal.any([signal, overslept.signal])
    const answer = await withDeadline(`the approval of step ${step}`, approvalMs, until, ask, 0)
    return isLate() ? late : { ...answer, late: false }
  } catch (thrown) {
    const { code } = toRunproofError(thrown)
    if (code === 'TIMEOUT' || (overslept.signal.aborted && !signal.aborted)) return late
    run.note('approval-answered', { step, granted: false, reason: code })
    throw thrown
  } finally {
    clearInterval(looking)
  }
}
