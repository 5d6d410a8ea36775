#!/usr/bin/env -S sh -c 'exec "$(dirname "$(readlink -f "$0")")/../bin/runproof" run "$0" "$@"'
import { accessMatrix } from '../src/checks/access-matrix.ts'
import { instanceReady } from '../src/checks/instance-ready.ts'
import { noSecretWritten } from '../src/checks/no-secret-written.ts'
import { nothingLeft } from '../src/checks/tear-down.ts'
import { daemon } from '../src/daemon/subjects.ts'
import type { NonEmpty } from '../src/model/check.ts'
import { defineRunbook, type Step } from '../src/model/runbook.ts'
import { suiteConflict, suiteInUse, suiteLacks, suiteParams } from '../src/suite/params.ts'
import { daemonStep, endSteps } from '../src/suite/steps.ts'

const PAGE = 'production-runbooks'

export default defineRunbook({
  id: 'reverse-proxy',
  title: 'A reverse proxy gives requests to the daemon as it says, and lets in nobody else',
  purpose: 'smoke',
  params: { ...suiteParams },
  conflict: suiteConflict,
  lacks: suiteLacks,
  inUse: suiteInUse,
  steps: input =>
    [
      daemonStep(input, {
        recipe: (_context, { site, scratchDir }) => ({ ...site, scratchDir }),
        verify: [instanceReady],
      }),
      access,
      ...endSteps(input, { nothingLeft, noSecretWritten }),
    ] as NonEmpty<Step>,
})

const access: Step = {
  id: 'access',
  title: 'Ask with every token, for every kind of thing, from every kind of origin',
  effect: 'read',
  docs: { page: PAGE, command: 'status' },
  timeoutMs: 60_000,
  afterFailure: [daemon],
  run: { describe: 'nothing: its checks ask', execute: async () => {} },
  verify: [
    accessMatrix({ way: 'direct', publicOrigin: () => 'https://kheish.example.com', reach: context => context }),
  ],
}
