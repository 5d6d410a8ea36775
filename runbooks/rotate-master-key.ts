#!/usr/bin/env -S sh -c 'exec "$(dirname "$(readlink -f "$0")")/../bin/runproof" run "$0" "$@"'
import { routesDiagnosed } from '../src/checks/daemon/client-commands.ts'
import { instanceReady } from '../src/checks/daemon/instance-ready.ts'
import { egressRefused } from '../src/checks/daemon/isolation.ts'
import { nothingLeft } from '../src/checks/daemon/tear-down.ts'
import { nothingReEncrypts, otherKeyOpensNothing } from '../src/checks/restore/master-key-stays.ts'
import { slotsRestored } from '../src/checks/restore/restored-records.ts'
import { slotsNotBlocked } from '../src/checks/restore/slots-not-blocked.ts'
import { tearDownStep } from '../src/daemon/tear-down.ts'
import { seedParams } from '../src/drill/backup-params.ts'
import { makeOtherMasterKey, otherMasterKey } from '../src/drill/other-master-key.ts'
import { conflict, hasBaseline, originOf, restoreParams, untested } from '../src/drill/restore-params.ts'
import type { NonEmpty } from '../src/model/check.ts'
import { defineRunbook, type PlanInput, type Step } from '../src/model/runbook.ts'
import { onlyChecks } from '../src/suite/acts.ts'
import { backupSteps } from './backup.ts'
import { receive, search, start, unpack } from './restore-drill.ts'

const PAGE = 'production-runbooks'
const { keep: _keep, 'restore-dir': _place, ...restoring } = restoreParams

export default defineRunbook({
  id: 'rotate-master-key',
  title: 'Refuse to rotate the master key: show that another one opens nothing, and restore with the original',
  purpose: 'rotation',
  params: {
    ...seedParams,
    ...restoring,
    binary: { describe: 'the daemon’s binary; the stand-in brings its own', example: '/usr/local/bin/daemon' },
  },
  requires: ['restore'],
  conflict: ({ params, target }) => conflict(params, target),
  limits: ({ params, target }) => [
    'a change of the master key: there is none that keeps the stored secrets, so this run changes nothing',
    'a migration to a store of another key, into which every secret would be set anew from where it is issued',
    ...untested(params, target),
  ],
  unresumable: () => 'its daemon ended with it, and it changes nothing: run it again',
  ways: [
    {
      title: 'With the archives of last night',
      params: {
        binary: '/usr/local/bin/daemon',
        'backup-set': '/backup/tonight',
        'master-key-file': '/keys/master-key',
        'routes-file': '/etc/daemon/routes.toml',
      },
    },
    {
      title: 'With a copy of the state root',
      params: {
        binary: '/usr/local/bin/daemon',
        'state-dir': '/mnt/snapshot/state',
        'master-key-file': '/keys/master-key',
        'routes-file': '/etc/daemon/routes.toml',
      },
    },
  ],
  steps(input) {
    const steps: NonEmpty<Step> = [
      receive(input),
      unpack(input),
      // The rest is for a restore drill to prove, which this is not instead of.
      { ...start(input), verify: [instanceReady, egressRefused] },
      original(input),
      refuse(input),
      tearDownStep(nothingLeft),
      search,
    ]
    return originOf(input.params) === 'this-run' ? [...backupSteps(input), ...steps] : steps
  },
})

const original = ({ params, target }: PlanInput): Step => ({
  id: 'original',
  title: 'See that the original key opens every secret there was',
  effect: 'read',
  docs: { page: PAGE, command: 'doctor routes --check-auth' },
  timeoutMs: 120_000,
  run: onlyChecks(
    'nothing: its checks ask the isolated daemon, which was given the original key',
    ['doctor routes --check-auth', ...(hasBaseline(params) ? ['secrets list', 'runs list', 'sessions list'] : [])].map(
      words => `${target.program} ${words}`,
    ),
  ),
  verify: [routesDiagnosed, slotsNotBlocked, ...(hasBaseline(params) ? [slotsRestored] : [])],
})

const refuse = ({ target }: PlanInput): Step => ({
  id: 'refuse',
  title: 'See on copies that another key opens nothing, and that nothing re-encrypts for it',
  effect: 'read',
  docs: {
    page: PAGE,
    command: 'secrets set runproof.probe --offline --state-root $COPY --provider generic --stdin',
  },
  timeoutMs: 120_000,
  yields: [otherMasterKey],
  run: {
    describe:
      'make another key, which is given to nothing but copies of what was restored; write down what to do instead',
    commands: [
      'secrets set runproof.probe --offline --state-root <copy> --provider generic --stdin',
      'secrets list',
      'serve --bind 127.0.0.1:<port> --state-root <view> --workspace-root <view> …',
    ].map(words => `${target.program} ${words}`),
    execute: makeOtherMasterKey,
  },
  verify: [otherKeyOpensNothing, nothingReEncrypts],
})
