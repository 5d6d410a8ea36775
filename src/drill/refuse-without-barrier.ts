import { RunproofError } from '../model/error.ts'
import type { StepContext } from '../model/runbook.ts'

/**
 * A restored daemon holds real credentials, pending deliveries and schedules: without a barrier it would act on the world.
 *
 * @throws RunproofError DENIED on a real target unless the operator gave a reason
 */
export async function refuseWithoutBarrier({ target, params, tools, run }: StepContext): Promise<void> {
  const { kind, reason } = await tools.instances.detectBarrier()
  if (kind !== 'none') return
  const why = params['allow-egress']
  if (target.real && why === undefined) {
    throw new RunproofError('DENIED', `a restored daemon would not be isolated here: ${reason}`, {
      hint: 'run it where namespaces can be made, or --param allow-egress=REASON',
    })
  }
  run.assume(
    `the restored daemon acted on nothing outside, although nothing kept it from it: ${why ?? 'it is the stand-in'}`,
  )
}
