import { RunproofError, toRunproofError } from '../../model/error.ts'
import type { StepContext } from '../../model/runbook.ts'
import { type SlotSet, slotChangedAtMs } from './slot.ts'

const BEGUN_AT = 'rotation.setBegunAt'

/** Whether a run that goes on after a break may have set its slot already. */
export const mayBeSet = ({ run }: StepContext) => run.known(BEGUN_AT) !== undefined

/** What is taken on trust where the old value is given to a run that goes on: before the slot was set it could be tried. */
export function trustOld(context: StepContext, slot: string): void {
  if (context.secrets['old'] !== undefined && mayBeSet(context))
    context.run.assume(`that --secret old= is what the slot ${slot} held before: after the break nobody can try it`)
}

export interface Looked {
  readonly slot: string
  /** When it had been changed last, when it was looked at. */
  readonly changedAtMs: number
  /** What it holds, for people: `key`, `token`, `value`. */
  readonly what: string
}

/**
 * Sets a slot, unless somebody else has set it since it was looked at; and puts on record which value it holds then, also where
 * setting it goes wrong. A run that broke off in the middle of it sets it once more: the same value, and nothing depends on how often.
 *
 * @param work - calls back once the slot was seen set, where it goes on after that
 * @throws RunproofError NOT_EMPTY where somebody else was faster, and nothing was set; what the work throws
 */
export async function setGuarded<Made extends Pick<SlotSet, 'set'>>(
  context: StepContext,
  { slot, changedAtMs, what }: Looked,
  work: (onSet: () => void) => Promise<Made>,
): Promise<Made> {
  const { run, tools } = context
  if (!mayBeSet(context) && (await slotChangedAtMs(context, slot)) !== changedAtMs)
    throw new RunproofError(
      'NOT_EMPTY',
      `${slot} was changed since it was looked at: somebody else rotates it, and it was left as it is`,
      { hint: 'wait for the other rotation to end, and look what it did, before running again' },
    )
  run.fact(BEGUN_AT, tools.clock.now().toISOString())
  let setAt: string | undefined
  const onSet = () => {
    if (setAt !== undefined) return
    setAt = tools.clock.now().toISOString()
    run.fact('rotation.setAt', setAt)
    run.assume(`since ${setAt} the slot ${slot} holds the new ${what}, and the old one is stored nowhere here`)
  }
  try {
    const made = await work(onSet)
    if (made.set.exitCode === 0) onSet()
    return made
  } finally {
    if (setAt === undefined) run.assume(await stateOf(context, { slot, changedAtMs, what }))
  }
}

/** What the slot holds after something went wrong, from when it says it was changed. */
async function stateOf(context: StepContext, { slot, changedAtMs, what }: Looked): Promise<string> {
  const before = new Date(changedAtMs).toISOString()
  try {
    const nowMs = await slotChangedAtMs(context, slot)
    if (nowMs === undefined) return `the slot ${slot} is gone`
    return nowMs > changedAtMs
      ? `the slot ${slot} was set at ${new Date(nowMs).toISOString()} and holds the new ${what}, although the command did not end well`
      : `the slot ${slot} was not set: it holds the old ${what} of ${before}`
  } catch (thrown) {
    const { code } = toRunproofError(thrown)
    return `whether the slot ${slot} holds the old or the new ${what} is not known (${code}): it holds the old one if it says that it was changed at ${before}`
  }
}
