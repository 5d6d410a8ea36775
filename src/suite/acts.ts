import { daemon } from '../daemon/subjects.ts'
import type { Action } from '../model/runbook.ts'
import { makeProbeRun, newestRun, openSession, probeRun, subjectRun } from './probe-run.ts'
import { history, readHistory } from './streams.ts'

/** The one session of a running daemon that is ours; sessions cannot be deleted, so it is taken again each time. */
export const PROBE = 'runproof-probe'
const NEIGHBOUR = 'runproof-neighbour'
/** Within which a run has to end. */
export const RUN_MS = 60_000

/** Of a step that does nothing itself. @param commands - that its checks run */
export function onlyChecks(describe = 'nothing: its checks ask', commands?: readonly string[]): Action {
  return { describe, ...(commands === undefined ? {} : { commands }), execute: async () => {} }
}

/**
 * Yields the run that was made, also as the one that is looked at.
 *
 * @param by - who submits it
 * @param commands - that the client is given
 */
export function haveRunAnswered(by: 'client' | 'http', commands?: readonly string[]): Action {
  return {
    describe: 'make a session, submit a prompt with a marker, wait for the end of the run',
    ...(commands === undefined ? {} : { commands }),
    async execute(context) {
      // Somebody else's events come first, so that a filtered stream has something to leave out.
      if (context.values.get(daemon).reached === 'isolated') await openSession(context, NEIGHBOUR)
      const made = await makeProbeRun(context, PROBE, RUN_MS, by)
      context.set(probeRun, made)
      context.set(subjectRun, made)
    },
  }
}

/** Yields the history. */
export const readRetained: Action = {
  describe: 'read all that is retained once',
  execute: async context => context.set(history, await readHistory(context)),
}

/** Yields the history, and a run that others have made, as the one that is looked at. */
export const lookBack: Action = {
  describe: 'find the newest run that ended well, and read all events that are retained once',
  async execute(context) {
    context.set(subjectRun, await newestRun(context))
    context.set(history, await readHistory(context))
  },
}
