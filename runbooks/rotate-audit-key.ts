#!/usr/bin/env -S sh -c 'exec "$(dirname "$(readlink -f "$0")")/../bin/runproof" run "$0" "$@"'
import { instanceReady } from '../src/checks/daemon/instance-ready.ts'
import { egressRefused } from '../src/checks/daemon/isolation.ts'
import { noSecretWritten } from '../src/checks/daemon/no-secret-written.ts'
import { nothingLeft } from '../src/checks/daemon/tear-down.ts'
import { archivedVerifies, missingKeyRefused, verifiesAcross } from '../src/checks/records/audit-boundary.ts'
import { daemon } from '../src/daemon/subjects.ts'
import { tearDownStep } from '../src/daemon/tear-down.ts'
import {
  AUDIT_SECRETS,
  archivedKey,
  archiveKey,
  auditRoot,
  boundary,
  makeBoundary,
} from '../src/drill/audit-boundary.ts'
import { seedParams } from '../src/drill/backup-params.ts'
import { conflict, originOf, restoreParams, untested } from '../src/drill/restore-params.ts'
import { searchEverything } from '../src/drill/search-everything.ts'
import { restored } from '../src/drill/subjects.ts'
import type { NonEmpty } from '../src/model/check.ts'
import { defineRunbook, type PlanInput, type Step } from '../src/model/runbook.ts'
import { suiteConflict, suiteInUse, suiteLacks, suiteParams } from '../src/suite/params.ts'
import { daemonStep, endSteps } from '../src/suite/steps.ts'
import { backupSteps } from './backup.ts'
import { receive, search, start, unpack } from './restore-drill.ts'

const PAGE = 'production-runbooks'
const { keep: _keep, 'restore-dir': _place, ...restoring } = restoreParams
const { own: _own, 'allow-write': _write, ...reaching } = suiteParams
const OF_COPIES = [...Object.keys(restoring).filter(name => restoring[name]!.default === undefined)]

const isRunning = ({ params }: PlanInput) => params['base-url'] !== undefined

export default defineRunbook({
  id: 'rotate-audit-key',
  title:
    'Refuse to rotate the audit key: archive its public half, and prove what it signed on both sides of a boundary',
  purpose: 'rotation',
  params: { ...seedParams, ...restoring, ...reaching },
  conflict(input) {
    const { params, target } = input
    if (!isRunning(input)) {
      const stray = ['token-file', 'admin-token-file', 'ca-file', 'state-root'].find(name => params[name] !== undefined)
      return stray === undefined
        ? conflict(params, target)
        : {
            message: `${stray}= belongs to a running daemon, and no base-url= says which`,
            hint: '--param base-url=URL',
          }
    }
    const stray = OF_COPIES.find(name => params[name] !== undefined)
    if (stray !== undefined)
      return { message: `${stray}= is about a copy, and base-url= about a daemon that runs`, hint: 'give one of them' }
    if (params['state-root'] === undefined)
      return {
        message: 'state-root= is not given: the audit key and the records lie there',
        hint: '--param state-root=/var/lib/daemon/state',
      }
    return suiteConflict(input)
  },
  lacks: (need, input) => (isRunning(input) ? suiteLacks(need, input) : undefined),
  inUse: input => (isRunning(input) ? suiteInUse(input) : undefined),
  unresumable: input =>
    isRunning(input) ? undefined : 'its daemon ended with it, and it changes nothing: run it again',
  limits: input => [
    'a change of the audit key: none is made, neither on a daemon that runs nor on a state root that one will use',
    ...(isRunning(input)
      ? ['what a boundary comes to: that is shown on a copy only; run it with backup-set= or state-dir=']
      : untested(input.params, input.target)),
  ],
  ways: [
    {
      title: 'Of a running daemon: archive, and verify',
      params: {
        'base-url': 'http://127.0.0.1:4000',
        'token-file': '/keys/readonly-token',
        'state-root': '/var/lib/daemon/state',
      },
    },
    {
      title: 'On a copy of the state root: what a boundary comes to as well',
      params: {
        binary: '/usr/local/bin/daemon',
        'state-dir': '/mnt/snapshot/state',
        'master-key-file': '/keys/master-key',
        'routes-file': '/etc/daemon/routes.toml',
      },
    },
  ],
  steps(input) {
    if (isRunning(input))
      return [
        daemonStep(input, { verify: [instanceReady] }),
        archive(context => context.values.get(daemon).stateRoot!),
        ...endSteps(input, { nothingLeft, noSecretWritten }),
      ]
    const steps: NonEmpty<Step> = [
      receive(input),
      unpack(input),
      archive(context => context.values.get(restored).stateRoot),
      { ...start(input), verify: [instanceReady, egressRefused] },
      beyond(input),
      tearDownStep(nothingLeft),
      searchBesides,
    ]
    return originOf(input.params) === 'this-run' ? [...backupSteps(input), ...steps] : steps
  },
})

/** The audit key belongs into a state root, so that is no place to be surprised by it; the evidence is. */
const searchBesides: Step = {
  ...search,
  run: {
    describe:
      'list what the run wrote and the secrets it knew, but the audit keys, which lie in copies of the state root',
    execute: context => searchEverything(context, AUDIT_SECRETS),
  },
  verify: [noSecretWritten],
}

const archive = (rootOf: (context: Parameters<typeof archiveKey>[0]) => string): Step => ({
  id: 'archive-key',
  title: 'Archive the public half of the audit key, and verify with it what was signed so far',
  effect: 'read',
  docs: { page: PAGE, command: 'runs external-actions <run_id>' },
  timeoutMs: 300_000,
  yields: [auditRoot, archivedKey],
  run: {
    describe:
      'read the audit key, and write its id, its public half, the time and the end of every chain into the evidence; never its seed',
    execute: context => archiveKey(context, rootOf(context)),
  },
  verify: [archivedVerifies],
})

const beyond = ({ target }: PlanInput): Step => ({
  id: 'boundary',
  title: 'See on copies what a boundary comes to, and what becomes of a daemon that lost its key',
  effect: 'read',
  docs: { page: PAGE },
  timeoutMs: 180_000,
  yields: [boundary],
  run: {
    describe: 'make an audit key for copies of what was restored: one daemon gets it, another one gets none',
    commands: [`${target.program} serve --bind 127.0.0.1:<port> --state-root <view> --workspace-root <view> …`],
    execute: makeBoundary,
  },
  verify: [missingKeyRefused, verifiesAcross],
})
