import { RunproofError } from '../../model/error.ts'
import type { RunFlags } from '../commands/run.ts'

/** @throws RunproofError USAGE when it is not said what to run, or said twice */
export function runbookOrResume(
  name: string | undefined,
  { resume, done = [], repeat = [], ended = false }: Pick<RunFlags, 'resume' | 'done' | 'repeat' | 'ended'>,
): void {
  if (resume === undefined && name === undefined)
    throw new RunproofError('USAGE', "missing required argument 'runbook'", {
      hint: 'runproof list runbooks; --resume goes on with a run',
    })
  if (resume !== undefined && name !== undefined)
    throw new RunproofError(
      'USAGE',
      `--resume ${resume} goes on with a run, which knows its runbook: ${name} is one too many`,
      {
        hint: `runproof run --resume ${resume}`,
      },
    )
  if (resume === undefined && (ended || done.length + repeat.length > 0))
    throw new RunproofError(
      'USAGE',
      '--done, --repeat and --ended answer for a run that broke off, and --resume does not name one',
    )
}
