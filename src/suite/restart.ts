import { client, type Ran } from '../daemon/client.ts'
import { isolated } from '../daemon/subjects.ts'
import { capture } from '../model/capture.ts'
import type { CheckContext, Json } from '../model/check.ts'
import { RunproofError } from '../model/error.ts'
import type { RetainedEvents } from '../model/events-api.ts'
import type { Exit, Readiness } from '../model/instance.ts'
import { openSession, subjectRun } from './probe-run.ts'
import { type History, readHistory, retainedNow } from './streams.ts'

const READY_WITHIN_MS = 30_000

/** A restart, with what was known before it and is asked again after it. */
export interface Restart {
  readonly exit: Exit
  readonly readiness: Readiness
  readonly before: RetainedEvents
  /** All events since. */
  readonly after: History
  /** What the client prints of the run's signed records. */
  readonly recordsBefore: Ran<string>
  readonly recordsAfter: Ran<string>
}

export const restart = capture<Restart>('restart', 'how the isolated daemon was started once more')

/**
 * Starts the isolated daemon once more on what it has written, and has it publish something.
 *
 * @throws RunproofError INSTANCE_FAILED when it does not stop when asked, or does not come back
 */
export async function restartDaemon(context: CheckContext): Promise<Restart> {
  const { instance } = context.values.get(isolated)
  const { http } = context.target
  const before = await retainedNow(context)
  const recordsBefore = await printRecords(context)
  const exit = await instance.restart()
  const { signal } = context
  const readiness = await instance.waitReady({ path: http.ready, timeoutMs: READY_WITHIN_MS, signal })
  if (readiness.outcome !== 'ready')
    throw new RunproofError('INSTANCE_FAILED', `the daemon did not come back: ${readiness.outcome}`)
  await openSession(context, `after-restart-${crypto.randomUUID().slice(0, 8)}`)
  return {
    exit,
    readiness,
    before,
    after: await readHistory(context),
    recordsBefore,
    recordsAfter: await printRecords(context),
  }
}

/** As text: what is printed must be the same, member by member, in the same order. */
function printRecords(context: CheckContext): Promise<Ran<string>> {
  const { runId } = context.values.get(subjectRun)!
  return client(context, ['runs', 'external-actions', runId], (document: Json) => JSON.stringify(document))
}
