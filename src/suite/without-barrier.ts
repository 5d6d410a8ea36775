import type { StepContext } from '../model/runbook.ts'

/** A daemon of the suite's own holds nothing of anybody's, so it runs without a barrier, too: evidence says so. */
export async function tellWithoutBarrier({ tools, run }: Pick<StepContext, 'tools' | 'run'>): Promise<void> {
  const { kind, reason } = await tools.instances.detectBarrier()
  if (kind === 'none') run.assume(`the daemon acted on nothing outside, although nothing kept it from it: ${reason}`)
}
