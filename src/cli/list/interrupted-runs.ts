import { RunproofError } from '../../model/error.ts'
import type { Places } from '../places.ts'
import { findBrokenRun } from '../resume/broken-run.ts'
import { resumeCommand } from '../resume/tell.ts'
import { unseenProcess } from '../resume/unseen-process.ts'

/** A run that broke off, and that can be gone on with from here. */
export interface InterruptedRun {
  readonly id: string
  readonly title: string
  /** The command that goes on with it. */
  readonly goOn: string
}

/** Those of the stopped runs that `run --resume` would not refuse at once. Nothing is changed, and no runbook is loaded. */
export async function interruptedRuns(stopped: readonly string[], places: Places): Promise<readonly InterruptedRun[]> {
  const found = await Promise.all(stopped.map(runId => interruptedRun(runId, places)))
  return found.filter(one => one !== undefined)
}

async function interruptedRun(runId: string, places: Places): Promise<InterruptedRun | undefined> {
  try {
    const { kind, run, origin, saidEnded: unseen } = await findBrokenRun(runId, places, true)
    const goOn = resumeCommand(runId, origin, places)
    if (goOn === undefined) return undefined
    const on = `after ${run.lastRecordAt}, on ${run.target}`
    if (unseen !== undefined)
      return {
        id: runId,
        title: `goes on or died ${on}: see whether ${unseenProcess(unseen)} has ended, then`,
        goOn: `${goOn} --ended`,
      }
    return { id: runId, title: `${kind === 'died' ? 'died' : 'was interrupted'} ${on}`, goOn }
  } catch (thrown) {
    // It lives, has ended, or is nobody's to go on with; gc and --resume say which.
    if (thrown instanceof RunproofError) return undefined
    throw thrown
  }
}
