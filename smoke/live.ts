#!/usr/bin/env -S sh -c 'exec "$(dirname "$(readlink -f "$0")")/../bin/runproof" run "$0" "$@"'
import { actionDigests, actionsSealed, actionsSigned } from '../src/checks/action-records.ts'
import { instanceReady } from '../src/checks/instance-ready.ts'
import { noSecretWritten } from '../src/checks/no-secret-written.ts'
import { providerAsked, runAnswered, sessionMade } from '../src/checks/run-answered.ts'
import { noDeadLetters, routesReady, storageWorks } from '../src/checks/status.ts'
import { streamReplays, streamResumes } from '../src/checks/stream-replay.ts'
import { nothingLeft } from '../src/checks/tear-down.ts'
import { daemon } from '../src/daemon/subjects.ts'
import type { NonEmpty } from '../src/model/check.ts'
import { defineRunbook, type Step } from '../src/model/runbook.ts'
import { liveRecipe, routeCredential } from '../src/suite/live-recipe.ts'
import { suiteConflict, suiteInUse, suiteLacks, suiteParams } from '../src/suite/params.ts'
import { makeProbeRun, openSession, probeRun, subjectRun } from '../src/suite/probe-run.ts'
import { daemonStep, endSteps } from '../src/suite/steps.ts'
import { history, readHistory } from '../src/suite/streams.ts'

const PAGE = 'production-runbooks'
/** The one session of a running daemon that is ours; sessions cannot be deleted, so it is taken again each time. */
const PROBE = 'runproof-probe'
const NEIGHBOUR = 'runproof-neighbour'

export default defineRunbook({
  id: 'live',
  title: 'A living daemon runs, streams, signs, revokes and rotates as it should',
  purpose: 'smoke',
  params: suiteParams,
  conflict: suiteConflict,
  lacks: suiteLacks,
  inUse: suiteInUse,
  steps: input =>
    [
      daemonStep(input, { recipe: liveRecipe, yields: [routeCredential], verify: [instanceReady] }),
      diagnosis,
      run,
      streams,
      records,
      ...endSteps(input, { nothingLeft, noSecretWritten }),
    ] as NonEmpty<Step>,
})

const diagnosis: Step = {
  id: 'diagnosis',
  title: 'Ask the daemon how it is',
  effect: 'read',
  docs: { page: PAGE, command: 'doctor' },
  timeoutMs: 60_000,
  afterFailure: [daemon],
  run: { describe: 'nothing: its checks ask', execute: async () => {} },
  verify: [storageWorks, routesReady, noDeadLetters],
}

const run: Step = {
  id: 'run',
  title: 'Have a run answered by the provider of the route',
  effect: 'write',
  docs: { page: PAGE, command: 'runs wait <run_id>' },
  timeoutMs: 60_000,
  afterFailure: [daemon],
  resume: 'repeatable',
  irreversible: 'a session cannot be deleted; its run stays on record',
  yields: [probeRun, subjectRun],
  run: {
    describe: 'make a session, submit a prompt with a marker, wait for the end of the run',
    async execute(context) {
      // Somebody else's events come first, so that a filtered stream has something to leave out.
      if (context.values.get(daemon).reached === 'isolated') await openSession(context, NEIGHBOUR)
      const made = await makeProbeRun(context, PROBE, 45_000)
      context.set(probeRun, made)
      context.set(subjectRun, made)
    },
  },
  verify: [sessionMade, runAnswered, providerAsked],
}

const streams: Step = {
  id: 'streams',
  title: 'Replay the event streams',
  effect: 'read',
  docs: { page: PAGE, command: 'status' },
  timeoutMs: 60_000,
  afterFailure: [daemon],
  yields: [history],
  run: {
    describe: 'read all that is retained once',
    execute: async context => context.set(history, await readHistory(context)),
  },
  verify: [
    ...(['global', 'session', 'run'] as const).flatMap(scope => [streamReplays(scope), streamResumes(scope)]),
  ] as unknown as Step['verify'],
}

const records: Step = {
  id: 'records',
  title: 'Verify the signed records of the run',
  effect: 'read',
  docs: { page: PAGE, command: 'runs external-actions <run_id>' },
  timeoutMs: 60_000,
  afterFailure: [daemon],
  run: { describe: 'nothing: its checks ask', execute: async () => {} },
  verify: [actionsSigned, actionDigests, actionsSealed],
}
