import type { Approval, Approver } from '../engine/authorise.ts'
import { RunproofError } from '../model/error.ts'
import type { Step } from '../model/runbook.ts'
import type { Target } from '../model/target.ts'
import type { Decision } from '../policy/decide.ts'
import { terminalLine } from '../reporters/text/terminal.ts'
import { operatorName } from './operator.ts'

interface ApproverInput {
  readonly target: Target
  readonly flags: { readonly yes?: string; readonly confirm?: string }
  /** Whether a person can be asked. */
  readonly terminal: boolean
  readonly person?: Person
  /** What the key does that interrupts, while a question has the keyboard. */
  readonly interrupt?: () => void
}

interface Question {
  /** The step, and what it would change. */
  readonly what: string
  /** The word to be typed; undefined where yes will do. */
  readonly word: string | undefined
}

/** A person's answer; `cancelled` when there is none because it was interrupted. */
type Person = (question: Question) => Promise<Approval | 'cancelled'>

/**
 * Who answers a step that asks: a flag that names the target (writes) or the word (destroys), else a person at the
 * terminal, else nobody, which denies. Of runs that go on side by side one asks at a time.
 *
 * @throws RunproofError USAGE when `--yes` names another target than the run's: a copied command line must not approve
 */
export function approverFor({
  target,
  flags,
  terminal,
  person = askPerson,
  interrupt = () => process.kill(process.pid, 'SIGINT'),
}: ApproverInput): Approver {
  if (flags.yes !== undefined && flags.yes !== target.id) {
    throw new RunproofError('USAGE', `--yes ${flags.yes} does not name the target of this run`, {
      hint: `--yes ${target.id}`,
    })
  }
  let turn: Promise<unknown> = Promise.resolve()
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
    const answered = turn.then(() => person({ what: questionOf(step, decision, target), word: decision.confirm }))
    turn = answered.catch(() => {})
    const answer = await answered
    if (answer !== 'cancelled') return answer
    interrupt()
    return { granted: false, reason: 'interrupted instead of answered' }
  }
}

/** Whoever is asked because of a rule in a file is told what that says of itself. */
function questionOf({ title }: Step, { rule, reason }: Decision, { id }: Target): string {
  return `${title} (on ${id}${reason === undefined ? '' : `; ${rule}: ${terminalLine(reason)}`})`
}

async function askPerson({ what, word }: Question): Promise<Approval | 'cancelled'> {
  const { confirm, isCancel, text } = await import('@clack/prompts')
  const by = operatorName()
  const output = process.stderr
  if (word === undefined) {
    const answer = await confirm({ message: `${what}?`, initialValue: false, output })
    if (isCancel(answer)) return 'cancelled'
    return answer ? { granted: true, by, how: 'answered yes' } : { granted: false, reason: 'answered no' }
  }
  const typed = await text({ message: `${what}: type ${word} to go on`, output })
  if (isCancel(typed)) return 'cancelled'
  if (typed === word) return { granted: true, by, how: `typed ${word}` }
  return { granted: false, reason: `the word ${word} was not typed` }
}
