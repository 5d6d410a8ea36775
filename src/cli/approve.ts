import type { Approver } from '../engine/execute.ts'
import { RunproofError } from '../model/error.ts'
import type { Target } from '../model/target.ts'
import { operatorName } from './operator.ts'

interface ApproverInput {
  readonly target: Target
  readonly flags: { readonly yes?: string; readonly confirm?: string }
  /** Whether a person can be asked. */
  readonly terminal: boolean
}

/**
 * Who answers a step that asks: a flag that names the target (writes) or the word (destroys), else a person at the
 * terminal, else nobody, which denies.
 *
 * @throws RunproofError USAGE when `--yes` names another target than the run's: a copied command line must not approve
 */
export function approverFor({ target, flags, terminal }: ApproverInput): Approver {
  if (flags.yes !== undefined && flags.yes !== target.id) {
    throw new RunproofError('USAGE', `--yes ${flags.yes} does not name the target of this run`, {
      hint: `--yes ${target.id}`,
    })
  }
  return async (step, decision) => {
    if (decision.confirm === undefined && flags.yes === target.id)
      return { granted: true, by: 'flag', how: `--yes ${target.id}` }
    if (decision.confirm !== undefined && flags.confirm === decision.confirm) {
      return { granted: true, by: 'flag', how: '--confirm' }
    }
    if (!terminal) {
      const flag = decision.confirm === undefined ? `--yes ${target.id}` : `--confirm ${decision.confirm}`
      return { granted: false, reason: `nobody to ask: no terminal, and ${flag} was not given` }
    }
    return askPerson(step.title, decision.confirm)
  }
}

async function askPerson(title: string, word: string | undefined): ReturnType<Approver> {
  const { confirm, isCancel, text } = await import('@clack/prompts')
  const by = operatorName()
  const output = process.stderr
  if (word === undefined) {
    const answer = await confirm({ message: `${title}?`, initialValue: false, output })
    return answer === true ? { granted: true, by, how: 'answered yes' } : { granted: false, reason: 'answered no' }
  }
  const typed = await text({ message: `${title}: type ${word} to go on`, output })
  if (!isCancel(typed) && typed === word) return { granted: true, by, how: `typed ${word}` }
  return { granted: false, reason: `the word ${word} was not typed` }
}
