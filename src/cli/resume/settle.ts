import type { JournalledRun } from '../../engine/broken-run.ts'
import { goingOn } from '../../engine/go-on.ts'
import type { Settled } from '../../engine/pick-up.ts'
import type { Plan } from '../../engine/plan.ts'
import { RunproofError } from '../../model/error.ts'
import { isManual, type Step } from '../../model/runbook.ts'
import { terminalLine } from '../../reporters/text/terminal.ts'

/** Asks a person whether a step took effect; undefined when there is no answer. */
export type AskWhetherDone = (step: Step) => Promise<Settled['answer'] | undefined>

/** Answers that were given on the command line. */
export interface Answers {
  readonly done: readonly string[]
  readonly repeat: readonly string[]
}

/**
 * What became of steps that must not be repeated and had begun: answered before anything goes on, so that a run is not ended by
 * a question that nobody answers.
 *
 * @param person - undefined without a terminal
 * @throws RunproofError USAGE for an answer that nothing asks for; DENIED with the flag that would have answered; INTERRUPTED
 */
export async function settleSteps(
  { steps }: Pick<Plan, 'steps'>,
  run: JournalledRun,
  answers: Answers,
  person: AskWhetherDone | undefined,
  by: string,
): Promise<ReadonlyMap<string, Settled>> {
  const open = steps.filter(step => goingOn(step, run.been.get(step.id), false).how === 'ask')
  refuseStray(answers, open, run.runId)
  const settled = new Map<string, Settled>()
  for (const step of open) {
    const { id } = step
    if (answers.done.includes(id)) settled.set(id, { answer: 'done', by, how: `--done ${id}` })
    else if (answers.repeat.includes(id)) settled.set(id, { answer: 'repeat', by, how: `--repeat ${id}` })
    else if (person === undefined) throw unanswered(step)
    else {
      const answer = await person(step)
      if (answer === undefined)
        throw new RunproofError('INTERRUPTED', `nobody said what became of step ${id}; nothing was done`)
      settled.set(id, { answer, by, how: 'asked' })
    }
  }
  return settled
}

function refuseStray({ done, repeat }: Answers, open: readonly Step[], runId: string): void {
  const ids = open.map(({ id }) => id)
  for (const [flag, names] of [['--done', done] as const, ['--repeat', repeat] as const]) {
    const stray = names.find(name => !ids.includes(name))
    if (stray !== undefined)
      throw new RunproofError('USAGE', `${flag} ${stray}: nothing is asked about that step of ${runId}`, {
        hint: ids.length === 0 ? 'leave it out' : `what is asked about: ${ids.join(', ')}`,
      })
  }
  const both = done.find(name => repeat.includes(name))
  if (both !== undefined) throw new RunproofError('USAGE', `--done ${both} and --repeat ${both} contradict each other`)
}

function unanswered(step: Step): RunproofError {
  return new RunproofError(
    'DENIED',
    `step ${step.id} had begun when the run broke off, must not be repeated, and nobody can be asked whether it took effect: ${step.title}; nothing was done`,
    { hint: `see what it came to, then --done ${step.id}, or --repeat ${step.id}` },
  )
}

/** The question at a terminal. */
export async function askWhetherDone(step: Step): Promise<Settled['answer'] | undefined> {
  const { isCancel, select } = await import('@clack/prompts')
  const what = isManual(step.run) ? step.run.instruction : step.run.describe
  const answer = await select<'done' | 'repeat' | 'stop'>({
    message: `${terminalLine(`${step.title} (${what})`)} had begun when the run broke off. Did it take effect?`,
    options: [
      { value: 'stop', label: 'I do not know yet: stop here, nothing is done' },
      { value: 'done', label: 'Yes: go on with its checks' },
      { value: 'repeat', label: 'No: do it again' },
    ],
    initialValue: 'stop',
    output: process.stderr,
  })
  return isCancel(answer) || answer === 'stop' ? undefined : answer
}
