import type { StepRecord } from '../evidence/schema.ts'
import { toRunproofError } from '../model/error.ts'
import type { Step } from '../model/runbook.ts'
import { type Decision, decideBy } from '../policy/decide.ts'
import { withDeadline } from './deadline.ts'
import type { RunState } from './run-state.ts'

/** A person's (or a flag's) answer to a step that asks. */
export type Approval =
  | { readonly granted: true; readonly by: string; readonly how: string }
  | { readonly granted: false; readonly reason: string }

export type Approver = (step: Step, decision: Decision) => Promise<Approval>

type Authorised = NonNullable<StepRecord['decision']>

/** What policy says to a step, and where it asks, what was answered: allowed or denied, by which rule. */
export async function authorise({ input, patience }: RunState, step: Step): Promise<Authorised> {
  const { plan, rules = [], tools, approve, signal } = input
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
  const answer = await answerTo(step.id, patience.approvalMs, signal, () => approve(step, decided))
  return answer.granted
    ? { verdict: 'allow', rule, approvedBy: answer.by, how: answer.how }
    : { verdict: 'deny', rule, how: answer.reason }
}

/** Nobody answering must not hang the run, and an interrupt must not wait for an answer. */
async function answerTo(
  step: string,
  approvalMs: number,
  signal: AbortSignal,
  ask: () => Promise<Approval>,
): Promise<Approval> {
  try {
    return await withDeadline(`the approval of step ${step}`, approvalMs, signal, ask, 0)
  } catch (thrown) {
    if (toRunproofError(thrown).code !== 'TIMEOUT') throw thrown
    return { granted: false, reason: `expired: no answer within ${approvalMs} ms` }
  }
}
