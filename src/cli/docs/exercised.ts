import type { Exercised } from '../../docs/judge/coverage.ts'
import { argvOf } from '../../docs/template.ts'
import { citingSteps, planRunbooks } from '../planned-runbooks.ts'

/** Every command that a runbook or suite of this installation runs, in any of the ways that its page shows. */
export async function exercisedByRunbooks(): Promise<readonly Exercised[]> {
  const steps = await Promise.all((await planRunbooks()).map(citingSteps))
  return steps
    .flat()
    .flatMap(({ runbook, commands, at }) => commands.map(text => ({ argv: argvOf(text), at, by: runbook })))
}
