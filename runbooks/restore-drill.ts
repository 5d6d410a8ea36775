#!/usr/bin/env -S sh -c 'exec "$(dirname "$(readlink -f "$0")")/../bin/runproof" run "$0" "$@"'
import { archiveDigest } from '../src/checks/backup/archive-digest.ts'
import {
  doctorAgrees,
  referencesDiagnosed,
  routesDiagnosed,
  runtimeReadable,
} from '../src/checks/daemon/client-commands.ts'
import { instanceReady } from '../src/checks/daemon/instance-ready.ts'
import { daemonPrivate, egressRefused, listenersLoopback, writesKeptInside } from '../src/checks/daemon/isolation.ts'
import { noSecretWritten } from '../src/checks/daemon/no-secret-written.ts'
import { healthNoWorse, noDeadLetters, routesReady, storageWorks } from '../src/checks/daemon/status.ts'
import { nothingLeft } from '../src/checks/daemon/tear-down.ts'
import { auditKeyContinuity } from '../src/checks/records/audit-key.ts'
import { ledgerVerifies } from '../src/checks/records/ledger-verifies.ts'
import { rpoWithinBudget, rtoWithinBudget } from '../src/checks/restore/budget.ts'
import { keyPrivate } from '../src/checks/restore/key-private.ts'
import { noKeyInData } from '../src/checks/restore/no-key-in-data.ts'
import { restorePlaceFits } from '../src/checks/restore/restore-place.ts'
import { runsRestored, sessionsRestored, slotsRestored } from '../src/checks/restore/restored-records.ts'
import { slotsNotBlocked } from '../src/checks/restore/slots-not-blocked.ts'
import { treeMatches } from '../src/checks/restore/tree-matches.ts'
import { unpackedBytes } from '../src/checks/restore/unpacked-bytes.ts'
import { workspaceSentinel } from '../src/checks/restore/workspace-sentinel.ts'
import { tokensSeparate } from '../src/checks/tokens/tokens.ts'
import { startIsolated } from '../src/daemon/start-isolated.ts'
import { stopClean } from '../src/daemon/stop-clean.ts'
import { isolated, keysDir, searched } from '../src/daemon/subjects.ts'
import { tearDownStep } from '../src/daemon/tear-down.ts'
import { tellPromotion } from '../src/drill/promote.ts'
import { receiveBackup } from '../src/drill/receive-backup.ts'
import { measureRecoveryPoint } from '../src/drill/recovery-point.ts'
import { refuseWithoutBarrier } from '../src/drill/refuse-without-barrier.ts'
import {
  conflict,
  hasBaseline,
  hasDigests,
  hasWorkspace,
  originOf,
  restoreParams,
  untested,
} from '../src/drill/restore-params.ts'
import { searchEverything } from '../src/drill/search-everything.ts'
import {
  baseline,
  incoming,
  keptAuditKey,
  offLimits,
  older,
  recoveryPoint,
  restored,
  restorePlace,
  site,
  snapshot,
} from '../src/drill/subjects.ts'
import { unpackParts } from '../src/drill/unpack-parts.ts'
import type { NonEmpty } from '../src/model/check.ts'
import { parseDuration, refuseDuration } from '../src/model/duration.ts'
import { defineRunbook, type PlanInput, type ReadStep, type Step } from '../src/model/runbook.ts'
import { backupSteps, seedParams } from './backup.ts'

const PAGE = 'production-runbooks'

export default defineRunbook({
  id: 'restore-drill',
  title: 'Restore a backup into an isolated daemon and prove that it would do',
  purpose: 'drill',
  params: {
    ...seedParams,
    ...restoreParams,
    binary: { describe: 'the daemon’s binary; the stand-in brings its own', example: '/usr/local/bin/kheish-daemon' },
    rto: { describe: 'longest recovery that passes', default: '15m', refuse: refuseDuration },
    rpo: { describe: 'oldest newest record that passes', default: '24h', refuse: refuseDuration },
  },
  requires: ['restore'],
  conflict: ({ params, target }) => conflict(params, target),
  limits: ({ params, target }) => untested(params, target),
  ways: [
    {
      title: 'From the archives of last night',
      params: {
        binary: '/usr/local/bin/daemon',
        'backup-set': '/backup/tonight',
        'master-key-file': '/keys/master-key',
        'routes-file': '/etc/daemon/routes.toml',
      },
    },
  ],
  steps(input) {
    const restore: NonEmpty<Step> = [
      receive(input),
      unpack(input),
      start(input),
      validate(input),
      tearDownStep(nothingLeft),
      search,
      conclude,
    ]
    return originOf(input.params) === 'this-run' ? [...backupSteps(input), ...restore] : restore
  },
})

export const receive = ({ params }: PlanInput): ReadStep => ({
  id: 'receive',
  title: 'Receive the backup and check it before anything is unpacked',
  effect: 'read',
  timeoutMs: 3_600_000,
  phase: 'fetch',
  checksPhase: 'verify',
  yields: [incoming, snapshot, older, baseline, keptAuditKey, site, keysDir, offLimits, restorePlace].filter(
    one => originOf(params) !== 'this-run' || (one !== older && one !== baseline),
  ),
  run: {
    describe: 'take in archives, manifests, digests and facts, and settle on a fresh place to restore into',
    execute: receiveBackup,
  },
  verify: [
    keyPrivate,
    restorePlaceFits,
    ...(hasDigests(params) ? [archiveDigest('state')] : []),
    ...(hasDigests(params) && hasWorkspace(params) ? [archiveDigest('workspace')] : []),
  ],
})

export const unpack = ({ params }: PlanInput): ReadStep => ({
  id: 'unpack',
  title: 'Unpack what a strict reader accepted, and hold it against the manifest',
  effect: 'read',
  timeoutMs: 3_600_000,
  phase: 'unpack',
  checksPhase: 'verify',
  yields: [restored],
  run: {
    describe: 'read both archives strictly, re-emit accepted entries to tar, unpack into the restore place',
    execute: async context => context.set(restored, await unpackParts(context)),
  },
  verify: [
    unpackedBytes,
    treeMatches('state'),
    ...(hasWorkspace(params) ? [treeMatches('workspace')] : []),
    ...(hasWorkspace(params) && hasBaseline(params) ? [workspaceSentinel] : []),
    auditKeyContinuity,
    ledgerVerifies,
    noKeyInData,
  ],
})

export const start = ({ params }: PlanInput): ReadStep => ({
  id: 'start',
  title: 'Start an isolated daemon on a view of the restored trees',
  effect: 'read',
  docs: {
    page: PAGE,
    command: 'serve --bind <address> --state-root <state-root> --workspace-root <workspace-root> ...',
  },
  timeoutMs: parseDuration(params['ready-timeout']!) + 60_000,
  phase: 'start',
  checksPhase: 'validated',
  yields: [isolated],
  run: {
    describe:
      'start the daemon in its own network, process and mount namespaces, with a private home and no privileges',
    commands: ['kheish-daemon serve --bind 127.0.0.1:<port> --state-root <view> --workspace-root <view> …'],
    async execute(context) {
      await refuseWithoutBarrier(context)
      const { stateRoot, workspaceRoot } = context.values.get(restored)
      const recipe = { ...context.values.get(site), stateRoot, workspaceRoot, scratchDir: context.run.scratchDir }
      const made = await startIsolated(context, recipe, {
        keysDir: context.values.get(keysDir),
        readyTimeoutMs: parseDuration(params['ready-timeout']!),
        onStarted: () => context.run.phase('ready'),
      })
      context.run.defer('the socket it was not to reach', async () => made.lure[Symbol.asyncDispose]())
      for (const assumption of made.instance.uncovered) context.run.assume(assumption)
      context.run.defer('the isolated daemon', () => stopClean(made.instance, 'judged before'))
      context.set(isolated, made)
    },
  },
  verify: [instanceReady, egressRefused, listenersLoopback, daemonPrivate, writesKeptInside],
})

const validate = ({ params }: PlanInput): Step => ({
  id: 'validate',
  title: 'Hold the restored daemon against what the source was',
  effect: 'read',
  docs: { page: PAGE, command: 'doctor routes --check-auth' },
  timeoutMs: 120_000,
  phase: 'validated',
  yields: [recoveryPoint],
  run: {
    describe: 'ask the isolated daemon for its newest record',
    commands: [
      'secrets list',
      'sessions list',
      'runs list',
      'runtime get',
      'doctor',
      'doctor routes --check-auth',
      'doctor routes --check-references',
    ].map(words => `kheish-daemon ${words}`),
    execute: measureRecoveryPoint,
  },
  verify: [
    doctorAgrees,
    healthNoWorse,
    storageWorks,
    routesReady,
    noDeadLetters,
    runtimeReadable,
    routesDiagnosed,
    referencesDiagnosed,
    ...(hasBaseline(params) ? [slotsRestored, runsRestored, sessionsRestored] : []),
    slotsNotBlocked,
    tokensSeparate,
  ],
})

export const search: ReadStep = {
  id: 'search',
  title: 'Search everything that was written for known secrets',
  effect: 'read',
  timeoutMs: 1_800_000,
  yields: [searched],
  afterFailure: [restorePlace],
  run: { describe: 'list what the run wrote and the secrets it knew', execute: context => searchEverything(context) },
  verify: [noSecretWritten],
}

const conclude: Step = {
  id: 'conclude',
  title: 'Hold recovery time and recovery point against their budgets',
  effect: 'read',
  timeoutMs: 10_000,
  run: { describe: 'compare; tell how to promote trees that are kept', execute: tellPromotion },
  verify: [rtoWithinBudget, rpoWithinBudget],
}
