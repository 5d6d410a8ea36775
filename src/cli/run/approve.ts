import type { Approval, Approver } from '../../engine/authorise.ts'
import type { Asked } from '../../engine/people.ts'
import { RunproofError } from '../../model/error.ts'
import type { Step } from '../../model/runbook.ts'
import type { Target } from '../../model/target.ts'
import type { Decision } from '../../policy/decide.ts'
import { terminalLine } from '../../reporters/text/terminal.ts'

interface ApproverInput {
  readonly target: Target
  readonly flags: { readonly yes?: string | true; readonly confirm?: string }
  /** Who sits at the terminal; undefined where nobody can be asked. */
  readonly person: Person | undefined
  /** What the key does that interrupts, while a question has the keyboard. */
  readonly interrupt?: () => void
}

export interface Question {
  /** The step, and what it would change. */
  readonly what: string
  /** The word to be typed; undefined where yes will do. */
  readonly word: string | undefined
  readonly asked: Asked & { readonly deadlineAt: string }
}

/** A person's answer; `cancelled` when there is none because it was interrupted. The signal aborts when the time is up. */
export type Person = (question: Question, signal: AbortSignal) => Promise<Approval | 'cancelled'>

/**
 * Who answers a step that asks: a flag that names the target (writes) or the word (destroys), else a person at the
 * terminal, else nobody, which denies. Of runs that go on side by side one asks at a time.
 *
 * Flags are given by the operator: where somebody else holds the role of a step, only that person answers.
 *
 * @throws RunproofError USAGE when `--yes` names another target than the run's, or none and the target is real: a copied
 *   command line must not approve
 */
export function approverFor({
  target,
  flags,
  person,
  interrupt = () => process.kill(process.pid, 'SIGINT'),
}: ApproverInput): Approver {
  refuseUnnamed(target, flags.yes, target.real ? `target ${target.id} is real` : undefined)
  if (typeof flags.yes === 'string' && flags.yes !== target.id) {
    throw new RunproofError('USAGE', `--yes ${flags.yes} does not name the target of this run`, {
      hint: `--yes=${target.id}`,
    })
  }
  let turn: Promise<unknown> = Promise.resolve()
  return async (step, decision, asked, signal) => {
    const { confirm } = decision
    if (!asked.other && confirm === undefined && flags.yes !== undefined)
      return { granted: true, by: 'flag', how: flags.yes === true ? '--yes' : `--yes ${target.id}` }
    if (!asked.other && confirm !== undefined && flags.confirm === confirm)
      return { granted: true, by: 'flag', how: '--confirm' }
    if (person === undefined) return { granted: false, reason: nobody(asked, confirm, target) }
    const question = { what: questionOf(step, decision, target), word: confirm, asked }
    const answered = turn.then(() => person(question, signal))
    turn = answered.catch(() => {})
    const answer = await answered
    if (answer !== 'cancelled') return answer
    // Nobody interrupted where only the time was up.
    if (!signal.aborted) interrupt()
    return { granted: false, reason: 'interrupted instead of answered' }
  }
}

/**
 * `--yes` alone is for rehearsals.
 *
 * @param why - what makes it need a name; undefined where nothing does
 * @throws RunproofError USAGE
 */
export function refuseUnnamed(
  { id }: Pick<Target, 'id'>,
  yes: string | true | undefined,
  why: string | undefined,
): void {
  if (yes !== true || why === undefined) return
  throw new RunproofError('USAGE', `--yes has to name what it approves of: ${why}`, { hint: `--yes=${id}` })
}

function nobody({ of, role, other }: Asked, confirm: string | undefined, { id }: Target): string {
  if (other) return `nobody to ask: no terminal, and only ${of} answers for the role ${role}`
  const flag = confirm === undefined ? `--yes ${id}` : `--confirm ${confirm}`
  return `nobody to ask: no terminal, and ${flag} was not given`
}

/** Whoever is asked because of a rule in a file is told what that says of itself. */
function questionOf({ title }: Step, { rule, reason }: Decision, { id }: Target): string {
  return terminalLine(`${title} (on ${id}${reason === undefined ? '' : `; ${rule}: ${reason}`})`)
}

/** The operator, asked with one key where the terminal has keys. */
export async function askPerson({ what, word, asked }: Question, signal: AbortSignal): Promise<Approval | 'cancelled'> {
  const { confirm, isCancel, text } = await import('@clack/prompts')
  const by = asked.of
  const output = process.stderr
  if (word === undefined) {
    const answer = await confirm({ message: `${what}?`, initialValue: false, output, signal })
    if (isCancel(answer)) return 'cancelled'
    return answer ? { granted: true, by, how: 'answered yes' } : { granted: false, reason: 'answered no' }
  }
  // A slip of the finger is neither, and must not end the run.
  const validate = (typed = '') => (typed === word || typed === 'no' ? undefined : `that is neither ${word} nor no`)
  const typed = await text({ message: `${what}: type ${word} to go on, or no`, output, signal, validate })
  if (isCancel(typed)) return 'cancelled'
  return typed === word ? { granted: true, by, how: `typed ${word}` } : { granted: false, reason: 'answered no' }
}
