import { client, type Ran } from '../daemon/client.ts'
import { RunproofError } from '../model/error.ts'
import type { StepContext } from '../model/runbook.ts'
import { MARKER_SLOT } from './facts.ts'
import { recoveryPoint } from './subjects.ts'

/**
 * How old the newest surviving record is: from the marker that was written before the backup, read out of the restored
 * data; without it from the newest run, which is only an estimate.
 */
export async function measureRecoveryPoint(context: StepContext): Promise<void> {
  const { target, tools, run } = context
  const slots = answered(await client(context, ['secrets', 'list'], target.read.slots), 'secrets list')
  const runs = answered(await client(context, ['runs', 'list'], target.read.runs), 'runs list')
  const marker = slots.find(slot => slot.id === MARKER_SLOT)
  const newestMs = marker?.updatedAtMs ?? Math.max(...runs.map(one => one.updatedAtMs))
  if (!Number.isFinite(newestMs)) {
    throw new RunproofError(
      'STATE_MALFORMED',
      'the restored data holds neither a marker nor a run to measure a recovery point from',
    )
  }
  const rpoMs = tools.clock.now().getTime() - newestMs
  const basis =
    marker === undefined ? 'estimate: age of the newest run' : `age of the marker ${MARKER_SLOT} in the restored data`
  run.rpo(rpoMs, basis)
  context.set(recoveryPoint, { rpoMs, basis })
}

/** No answer must not turn a measured recovery point into an estimate. */
function answered<View>(ran: Ran<View>, what: string): View {
  if (ran.exitCode === 0 && ran.view !== undefined) return ran.view
  throw new RunproofError('COMMAND_FAILED', `${what} on the restored daemon ended with exit ${ran.exitCode}`)
}
