import type { StepContext } from '../../model/runbook.ts'
import type { Secret } from '../../model/secret.ts'
import { ask } from '../../suite/ask.ts'
import { waitUntil, withinMsOf } from '../wait-until.ts'
import { exchange, REPLACED_AT, rotation, swapBegun } from './subjects.ts'

/**
 * Whether a run that goes on had replaced the token before it broke off: its journal says so, or the file holds the value that
 * was given and was about to be written. A value that was made here and died with its process is in the file, or nowhere.
 *
 * @param inFile - what the file holds now
 */
export function wasReplaced({ values, secrets, run }: StepContext, inFile: Secret): boolean {
  if (run.known(REPLACED_AT) !== undefined) return true
  return values.find(swapBegun) !== undefined && secrets['new']?.reveal() === inFile.reveal()
}

/** Tells what a break leaves unknown, once it is known where it was. */
export function tellAfterBreak({ run, values, secrets }: StepContext, replaced: boolean, token: string): void {
  if (!replaced && values.find(swapBegun) !== undefined)
    run.notTested(
      `whether the ${token} of before the run is refused: the run broke off while it was replaced; if it was, the one that is replaced now is the one in between`,
    )
  if (replaced && secrets['old'] === undefined)
    run.notTested(
      `after the break, whether the old ${token} is refused: no run keeps it; --secret old=file:PATH shows it to the daemon once more`,
    )
  if (replaced && secrets['old'] !== undefined)
    run.assume(`that --secret old= is the ${token} of before: no run keeps it, and after the break nobody can try it`)
  if (replaced && values.find(rotation) === undefined)
    run.notTested(`what clients saw while the ${token} was replaced: the run broke off before it was written down`)
}

/** Whether the token was replaced before the break. The daemon is given the time that any replacement has to accept the new one. */
export async function tookEffect(context: StepContext): Promise<boolean> {
  const { role, file, to } = context.values.get(exchange)
  const now = await context.tools.files.readSecret(file, 'token-of-now')
  if (!wasReplaced(context, now)) return false
  const { secrets, cheap } = context.target.http
  await waitUntil(
    context,
    withinMsOf(context),
    async () => (await ask(context, role === 'admin' ? secrets : cheap, { bearer: to })).status,
    status => status === 200,
  )
  return true
}
