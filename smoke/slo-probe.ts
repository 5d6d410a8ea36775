#!/usr/bin/env -S sh -c 'exec "$(dirname "$(readlink -f "$0")")/../bin/runproof" run "$0" "$@"'
import { instanceReady } from '../src/checks/instance-ready.ts'
import { noSecretWritten } from '../src/checks/no-secret-written.ts'
import { noDeadLetters, routesReady, storageWorks } from '../src/checks/status.ts'
import { nothingLeft } from '../src/checks/tear-down.ts'
import { daemon } from '../src/daemon/subjects.ts'
import type { NonEmpty } from '../src/model/check.ts'
import { defineRunbook, type Step } from '../src/model/runbook.ts'
import { suiteConflict, suiteInUse, suiteLacks, suiteParams } from '../src/suite/params.ts'
import { daemonStep, endSteps } from '../src/suite/steps.ts'

export default defineRunbook({
  id: 'slo-probe',
  title: 'The daemon’s service level signals are within their thresholds',
  purpose: 'smoke',
  params: suiteParams,
  conflict: suiteConflict,
  lacks: suiteLacks,
  inUse: suiteInUse,
  steps: input =>
    [
      daemonStep(input, { verify: [instanceReady] }),
      signals,
      ...endSteps(input, { nothingLeft, noSecretWritten }),
    ] as NonEmpty<Step>,
})

const signals: Step = {
  id: 'signals',
  title: 'Read the signals',
  effect: 'read',
  timeoutMs: 30_000,
  afterFailure: [daemon],
  run: { describe: 'ask for the status', execute: async () => {} },
  verify: [storageWorks, routesReady, noDeadLetters],
}
