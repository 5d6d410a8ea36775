#!/usr/bin/env -S sh -c 'exec "$(dirname "$(readlink -f "$0")")/../bin/runproof" run "$0" "$@"'
import { factCheck } from '../src/checks/daemon/contract-fact.ts'
import { instanceReady } from '../src/checks/daemon/instance-ready.ts'
import { noSecretWritten } from '../src/checks/daemon/no-secret-written.ts'
import { nothingLeft } from '../src/checks/daemon/tear-down.ts'
import { isolated } from '../src/daemon/subjects.ts'
import type { AnyCheck, NonEmpty } from '../src/model/check.ts'
import type { Fact } from '../src/model/contract.ts'
import { defineRunbook, type Step } from '../src/model/runbook.ts'
import { onlyChecks } from '../src/suite/acts.ts'
import { reachOf, suiteConflict, suiteParams } from '../src/suite/params.ts'
import { daemonStep, endSteps } from '../src/suite/steps.ts'

export default defineRunbook({
  id: 'contract',
  title: 'A binary does what the contract says, fact by fact',
  purpose: 'smoke',
  params: { own: suiteParams['own']!, binary: suiteParams['binary']! },
  conflict: input =>
    reachOf(input) === 'running'
      ? { message: 'nothing says which binary is asked', hint: 'runproof target conformance --binary FILE' }
      : suiteConflict(input),
  steps: input =>
    [
      daemonStep(input, { verify: [instanceReady] }),
      ...sections(input.target.contract),
      ...endSteps(input, { nothingLeft, noSecretWritten }),
    ] as unknown as NonEmpty<Step>,
})

/** One step a section, in the order of the contract; the facts of a section are asked side by side. */
function sections(facts: readonly Fact[]): readonly Step[] {
  const bySection = Map.groupBy(facts, fact => fact.section)
  return [...bySection].map(([section, some]) => ({
    id: section.replaceAll(/[^a-z0-9]+/gi, '-'),
    title: `What ${section} says`,
    effect: 'read',
    timeoutMs: 120_000,
    afterFailure: [isolated],
    run: onlyChecks('nothing: each fact is asked by itself'),
    verify: some.map(factCheck) as unknown as NonEmpty<AnyCheck>,
  }))
}
