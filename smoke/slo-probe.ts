#!/usr/bin/env -S sh -c 'exec "$(dirname "$(readlink -f "$0")")/../bin/runproof" run "$0" "$@"'
import { doctorAgrees } from '../src/checks/daemon/client-commands.ts'
import { instanceReady } from '../src/checks/daemon/instance-ready.ts'
import { noSecretWritten } from '../src/checks/daemon/no-secret-written.ts'
import { routesReady } from '../src/checks/daemon/status.ts'
import { nothingLeft } from '../src/checks/daemon/tear-down.ts'
import { answeringSignals } from '../src/checks/slo/slo-answering.ts'
import { backlogSignals } from '../src/checks/slo/slo-backlog.ts'
import { hostSignals } from '../src/checks/slo/slo-host.ts'
import { provokeRefusal, refusalsRecorded } from '../src/checks/slo/slo-refusals.ts'
import { refusals } from '../src/checks/slo/slo-sampling.ts'
import { debugNotFull, noBacklog, notExposed, routesClean, statusPrinted } from '../src/checks/slo/slo-statements.ts'
import { answering } from '../src/daemon/subjects.ts'
import type { NonEmpty } from '../src/model/check.ts'
import { defineRunbook, type Step } from '../src/model/runbook.ts'
import { signalParams } from '../src/slo/params.ts'
import { onlyChecks } from '../src/suite/acts.ts'
import { RUNNING_WAYS, suiteConflict, suiteInUse, suiteLacks, suiteParams } from '../src/suite/params.ts'
import { daemonStep, endSteps } from '../src/suite/steps.ts'

const PAGE = 'production-runbooks'

export default defineRunbook({
  id: 'slo-probe',
  title: 'The daemon’s service level signals are within their thresholds',
  purpose: 'smoke',
  params: { ...suiteParams, ...signalParams },
  conflict: suiteConflict,
  lacks: suiteLacks,
  inUse: suiteInUse,
  ways: RUNNING_WAYS,
  steps: input =>
    [
      daemonStep(input, {
        // Nothing here asks a model, so none stands beside the daemon.
        recipe: (_context, { site, scratchDir }) => ({ ...site, scratchDir }),
        verify: [instanceReady],
      }),
      // Before anything is refused on purpose in a counterproof: whatever stands in the audit log is then accounted for.
      signals,
      statements,
      ...endSteps(input, { nothingLeft, noSecretWritten }),
    ] as NonEmpty<Step>,
})

const statements: Step = {
  id: 'statements',
  title: 'What the daemon says of itself, in its status and its diagnoses',
  effect: 'read',
  docs: { page: PAGE, command: 'doctor routes --check-auth' },
  timeoutMs: 60_000,
  afterFailure: [answering],
  run: onlyChecks('ask for the status and for both diagnoses', [
    'kheish-daemon status',
    'kheish-daemon doctor',
    'kheish-daemon doctor routes --check-auth',
  ]),
  verify: [statusPrinted, doctorAgrees, routesClean, routesReady, noBacklog, debugNotFull, notExposed],
}

const signals: Step = {
  id: 'signals',
  title: 'Every signal of the service level table, against its thresholds',
  effect: 'read',
  docs: { page: PAGE, command: 'status' },
  timeoutMs: 30_000,
  afterFailure: [answering],
  yields: [refusals],
  run: {
    describe: 'on a daemon of the suite’s own, ask once without a token, for its audit log to be made',
    execute: provokeRefusal,
  },
  verify: [...answeringSignals, ...backlogSignals, ...hostSignals, refusalsRecorded],
}
