import { clock } from '../../adapters/clock.ts'
import type { JournalledRun } from '../../engine/broken-run.ts'
import { goingOn } from '../../engine/go-on.ts'
import { People } from '../../engine/people.ts'
import type { Settled } from '../../engine/pick-up.ts'
import { RunproofError } from '../../model/error.ts'
import { isManual } from '../../model/runbook.ts'
import { decideBy } from '../../policy/decide.ts'
import type { PreparedRun, Settings } from '../run/prepare-run.ts'

/**
 * Where nobody can be asked, every step that may act has to be approved by a flag before the run is taken over: a run that goes on
 * and is then denied has ended, and cannot be gone on with.
 *
 * @throws RunproofError DENIED with the step, and the flag that would have approved it
 */
export async function refuseUnapproved(
  run: JournalledRun,
  { plan }: Pick<PreparedRun, 'plan'>,
  { approve, people, policy, terminal }: Pick<Settings, 'approve' | 'people' | 'policy' | 'terminal'>,
  settled: ReadonlyMap<string, Settled>,
): Promise<void> {
  const { runbook, target, inUse, steps } = plan
  const standing = new People(people, run.people)
  const { signal } = new AbortController()
  for (const step of steps) {
    const { how } = goingOn(step, run.been.get(step.id), false)
    if (how === 'carry' || isManual(step.run) || settled.get(step.id)?.answer === 'done') continue
    const at = clock.now()
    const situation = {
      step,
      runbook: runbook.id,
      target: { id: target.id, real: target.real, inUse: inUse !== undefined },
      at,
    }
    const decided = decideBy(policy.rules, situation)
    if (decided.verdict === 'allow' || (decided.verdict === 'ask' && terminal)) continue
    const asked = { ...standing.askedFor(step.role), deadlineAt: at.toISOString() }
    const answer =
      decided.verdict === 'ask'
        ? await approve(step, decided, asked, signal)
        : ({ granted: false, reason: decided.reason ?? 'policy denies it' } as const)
    if (!answer.granted)
      throw new RunproofError(
        'DENIED',
        `step ${step.id} would be denied, by ${decided.rule}: ${answer.reason}; nothing was done`,
        {
          hint:
            decided.verdict === 'ask'
              ? 'approvals are not stored: give the flag again, or go on at a terminal'
              : 'runproof policy explain',
        },
      )
  }
}
