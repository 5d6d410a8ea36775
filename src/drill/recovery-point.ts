import { RunproofError } from '../model/error.ts'
import type { StepContext } from '../model/runbook.ts'
import { client } from './client.ts'
import { MARKER_SLOT } from './facts.ts'
import { recoveryPoint } from './subjects.ts'

/**
 * How old the newest surviving record is: from the marker that was written before the backup, read out of the restored
 * data; without it from the newest run, which is only an estimate.
 */
export async function measureRecoveryPoint(context: StepContext): Promise<void> {
  const { target, tools, run } = context
  const slots = await client(context, ['secrets', 'list'], target.read.slots)
  const runs = await client(context, ['runs', 'list'], target.read.runs)
  const marker = slots.view?.find(slot => slot.id === MARKER_SLOT)
  const newestMs = marker?.updatedAtMs ?? Math.max(...(runs.view ?? []).map(one => one.updatedAtMs))
  if (!Number.isFinite(newestMs)) {
    throw new RunproofError(
      'STATE_MALFORMED',
      'the restored data holds neither a marker nor a run to measure a recovery point from',
    )
  }
  const rpoMs = Math.max(0, tools.clock.now().getTime() - newestMs)
  const basis =
    marker === undefined ? 'estimate: age of the newest run' : `age of the marker ${MARKER_SLOT} in the restored data`
  run.rpo(rpoMs, basis)
  context.set(recoveryPoint, { rpoMs, basis })
}
