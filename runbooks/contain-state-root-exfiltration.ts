#!/usr/bin/env -S sh -c 'exec "$(dirname "$(readlink -f "$0")")/../bin/runproof" run "$0" "$@"'
import { archiveDigest } from '../src/checks/backup/archive-digest.ts'
import { sourceStopped } from '../src/checks/backup/source-stopped.ts'
import { egressRefused } from '../src/checks/daemon/isolation.ts'
import { nothingLeft } from '../src/checks/daemon/tear-down.ts'
import {
  backupBefore,
  everySlotNewer,
  servedSlotsNewer,
  stolenListed,
  stolenOpens,
  thiefShutOut,
  tokenFilesReplaced,
} from '../src/checks/incident/exfiltration.ts'
import { containedRunningFirst } from '../src/checks/incident/first-containment.ts'
import { postIncidentWritten } from '../src/checks/incident/post-incident.ts'
import { snapshotWhole } from '../src/checks/incident/snapshot-whole.ts'
import { auditKeyContinuity } from '../src/checks/records/audit-key.ts'
import { ledgerVerifies } from '../src/checks/records/ledger-verifies.ts'
import { restorePlaceFits } from '../src/checks/restore/restore-place.ts'
import { treeMatches } from '../src/checks/restore/tree-matches.ts'
import { isolated } from '../src/daemon/subjects.ts'
import { tearDownStep } from '../src/daemon/tear-down.ts'
import { deployment } from '../src/drill/backup-subjects.ts'
import { hasDigests } from '../src/drill/restore-params.ts'
import { closeStep } from '../src/incident/close.ts'
import { evenSo, person, tellStakeholders } from '../src/incident/people.ts'
import { snapshotStep } from '../src/incident/snapshot/snapshot.ts'
import { containRunning } from '../src/incident/stolen-state/contain-running.ts'
import {
  EXFILTRATION_WAYS,
  exfiltrationConflict,
  exfiltrationParams,
  isRehearsal,
  sinceGiven,
  stillAnswers,
} from '../src/incident/stolen-state/exfiltration-params.ts'
import { keepRestored } from '../src/incident/stolen-state/keep-restored.ts'
import { preserve, preserved, stolenTree } from '../src/incident/stolen-state/preserve.ts'
import {
  replacedTokens,
  replaceTokenFiles,
  STOLEN_TOKENS,
  TOKEN_CAPTURES,
  tokensAfterBreak,
} from '../src/incident/stolen-state/replace-tokens.ts'
import {
  MASTER_KEY_STAYS,
  newValues,
  rotatedSlots,
  rotateRestored,
} from '../src/incident/stolen-state/rotate-restored.ts'
import { steal, theft } from '../src/incident/stolen-state/stolen-state.ts'
import { stillStopped, stopStolen } from '../src/incident/stolen-state/stop-stolen.ts'
import type { CheckContext, NonEmpty } from '../src/model/check.ts'
import { parseDuration } from '../src/model/duration.ts'
import { defineRunbook, type PlanInput, type Step } from '../src/model/runbook.ts'
import { backupSteps } from './backup.ts'
import { receive, search, start, unpack } from './restore-drill.ts'

const PAGE = 'production-runbooks'
const HOUR_MS = 3_600_000

export default defineRunbook({
  id: 'contain-state-root-exfiltration',
  title:
    'A state root was copied: stop, keep the evidence, recover an older backup, and replace every credential in it',
  purpose: 'containment',
  params: exfiltrationParams,
  secrets: STOLEN_TOKENS,
  requires: ['restore'],
  conflict: exfiltrationConflict,
  inUse: input => (isRehearsal(input) ? undefined : 'the state root is evidence: nothing of it is broken'),
  unresumable: input => (isRehearsal(input) ? 'the daemons of the rehearsal ended with its run' : undefined),
  ways: EXFILTRATION_WAYS,
  limits: input => [
    'what stood in journals, debug artefacts and workspaces of the state root: it counts as read, and no rotation takes it back',
    'whether the old credentials are refused where they were issued: revoke them at every provider',
    'other copies of the state root: backups, snapshots, images of the disk',
    ...(stillAnswers(input)
      ? []
      : [
          'what only the running daemon could have told: no base-url= was given, so nothing was asked before it was stopped',
        ]),
    ...(isRehearsal(input) ? ['a real daemon: the target is the stand-in'] : []),
  ],
  steps,
})

function steps(input: PlanInput): NonEmpty<Step> {
  const contain: readonly Step[] = [
    ...(stillAnswers(input)
      ? [containRunning(input, { contained: containedRunningFirst, whole: snapshotWhole('before') })]
      : []),
    // Also where it could not be contained first: then it is stopped all the more.
    ...(isRehearsal(input) ? stop(input) : stop(input).map(evenSo)),
    keepEvidence(input),
    rotateTokens,
    recover(receive(input), [
      restorePlaceFits,
      ...(hasDigests(input.params) ? [archiveDigest('state')] : []),
      backupBefore(sinceOf),
    ]),
    recover(unpack(input), [treeMatches('state'), auditKeyContinuity, ledgerVerifies]),
    rotateSlots(input),
    // That it serves, and whom, is what the thief finds out next.
    recover(start(input), [egressRefused]),
    snapshotStep('after', input, snapshotWhole('after')),
    attackersView,
    evenSo(revokeWhereIssued),
    evenSo(planMasterKey),
    tellStakeholders(
      'the state root was copied; the daemon is stopped, and comes back from a backup with new credentials',
    ),
    close(input),
  ]
  const [first, ...rest] = isRehearsal(input)
    ? ([...backupSteps(input).map(withRole), stealStep(input), ...contain] as unknown as NonEmpty<Step>)
    : (contain as NonEmpty<Step>)
  return [first, ...rest, withRole(tearDownStep(nothingLeft)), withRole(search)]
}

const withRole = (step: Step): Step => ({ ...step, role: step.role ?? 'operator' })

/** A step of the restore drill, with the checks that count here. */
function recover(step: Step, verify: Step['verify']): Step {
  return { ...step, verify, role: 'operator' } as Step
}

function sinceOf(context: CheckContext): number {
  return sinceGiven(context) ?? context.values.get(theft).atMs
}

const stealStep = ({ target }: PlanInput): Step => ({
  id: 'steal',
  title: 'Copy the state root of the rehearsal, with its master key and both tokens',
  effect: 'read',
  docs: { page: PAGE, command: 'secrets list --offline --state-root <state-root>' },
  timeoutMs: 120_000,
  role: 'operator',
  yields: [theft],
  run: {
    describe: 'have a run take a lease; copy the state root; read the master key and both tokens, as a thief would',
    commands: [
      'sessions create <session>',
      'runtime get',
      'sessions input <session> <prompt> --provider <route> --model <model> --max-output-tokens 64 --tool-choice none',
      'runs wait <run> --poll-interval-ms 50',
      'secrets list --offline --state-root <copy> --output json',
    ].map(words => `${target.program} ${words}`),
    execute: steal,
  },
  verify: [stolenOpens],
})

function stop(input: PlanInput): readonly Step[] {
  const { params } = input
  const byHand = !isRehearsal(input) && params['stop-command'] === undefined
  const stopping: Step = {
    id: 'stop-daemon',
    title: 'Stop the daemon: everything in its state root is somebody else’s, too',
    effect: 'destroy',
    timeoutMs: parseDuration(params['stop-timeout']!) + 60_000,
    role: 'incident-commander',
    ...(isRehearsal(input) ? {} : { yields: [deployment], reestablish: stillStopped }),
    resume: 'repeatable',
    irreversible:
      'it is not started again on a state root that leaked: what comes back is a backup with new credentials',
    run: {
      describe: byHand
        ? 'wait until nobody holds the lock of the state root'
        : 'stop the daemon, and wait until nobody holds the lock of its state root',
      ...(params['stop-command'] === undefined ? {} : { commands: [params['stop-command']] }),
      execute: stopStolen,
    },
    verify: [sourceStopped],
  }
  return byHand ? [stopByHand, stopping] : [stopping]
}

const stopByHand: Step = person('stop-by-hand', 'Stop the daemon', 'operator', {
  instruction: 'Stop the daemon that runs on the state root, and keep whatever restarts it from doing so.',
  confirm: 'The daemon is stopped, and nothing starts it again.',
})

const keepEvidence = ({ target }: PlanInput): Step => ({
  id: 'preserve',
  title: 'List every file, slot and lease that was stolen, and keep the public half of the audit key',
  effect: 'read',
  docs: { page: PAGE, command: 'secrets list --offline --state-root <state-root>' },
  timeoutMs: HOUR_MS,
  role: 'operator',
  afterFailure: [deployment],
  yields: [preserved, stolenTree],
  run: {
    describe:
      'write digests of all files, the audit key’s public half, slots and leases into artifacts; nothing is written to the state root, and the seed of the audit key goes only to audit-key-copy=',
    commands: [`${target.program} secrets list --offline --state-root <copy> --output json`],
    execute: preserve,
  },
  verify: [stolenListed],
})

const rotateSlots = (input: PlanInput): Step => ({
  id: 'rotate-slots',
  title: 'Replace every credential that the backup brought back, before a daemon runs on it',
  effect: 'write',
  docs: { page: PAGE, command: 'secrets set <slot> --offline --state-root <state-root> --provider <provider> --stdin' },
  timeoutMs: HOUR_MS,
  role: 'security-owner',
  yields: [rotatedSlots],
  resume: 'repeatable',
  irreversible: 'what it replaces was stolen, and lies in the backup',
  run: {
    describe: `set each slot of the restored tree to ${isRehearsal(input) ? 'a value made of 32 random bytes' : 'the value of the file of its name in new-dir='}; the master key stays: there is no re-encryption`,
    commands: [
      'secrets list --offline --state-root <copy> --output json',
      'secrets set <slot> --offline --state-root <restored> --provider <provider> --stdin',
    ].map(words => `${input.target.program} ${words}`),
    execute: context => rotateRestored(context, sinceOf(context), newValues(context, isRehearsal(input))),
  },
  verify: [everySlotNewer],
})

const rotateTokens: Step = {
  id: 'rotate-tokens',
  title: 'Replace both tokens of the control plane in their files',
  effect: 'write',
  docs: { page: PAGE, command: 'mv $KEYS/admin-token.next $KEYS/admin-token' },
  timeoutMs: 60_000,
  role: 'security-owner',
  afterFailure: [deployment],
  yields: TOKEN_CAPTURES,
  resume: 'repeatable',
  reestablish: tokensAfterBreak,
  irreversible: 'the stolen tokens are stored nowhere, and should not be',
  run: { describe: 'rename a new file of 32 random bytes over each token file', execute: replaceTokenFiles },
  verify: [tokenFilesReplaced],
}

const attackersView: Step = {
  id: 'attackers-view',
  title: 'Come back as the thief: with the stolen tokens, leases and credentials',
  effect: 'read',
  docs: { page: PAGE, command: 'runtime auth lease <lease_id>' },
  timeoutMs: 120_000,
  role: 'security-owner',
  afterFailure: [isolated, replacedTokens],
  run: {
    describe:
      'show the restored daemon each stolen token once; its checks ask for leases and slots; with keep=yes tell how to promote the trees',
    execute: keepRestored,
  },
  verify: [thiefShutOut, servedSlotsNewer],
}

const revokeWhereIssued: Step = person(
  'revoke-where-issued',
  'Revoke every stolen credential where it was issued',
  'security-owner',
  {
    instruction:
      'Read artifacts/stolen-slots.json. Revoke each credential at its provider, connector or server: they work there as long as nobody does.',
    confirm: 'Every credential of the list was revoked where it was issued.',
    attachment: 'stolen-slots.json, with a ticket beside each slot',
  },
)

const planMasterKey: Step = person('plan-master-key', 'Decide about the master key', 'incident-commander', {
  instruction: `Find out whether the master key was stolen, too. If it was, or nobody knows: ${MASTER_KEY_STAYS}. Plan the migration, and keep later backups away from whoever has it.`,
  confirm: 'It is decided whether a new state root is begun with a new master key, and when.',
})

/** Also where the recovery failed: what was done and what is open is then asked for most. */
const close = (input: PlanInput): Step => ({
  ...closeStep(input, {
    written: postIncidentWritten,
    steps: [stopByHand, revokeWhereIssued, planMasterKey],
    closing({ values }) {
      const { slots = [], onlyStolen = [] } = values.find(rotatedSlots) ?? {}
      const { files = [] } = values.find(replacedTokens) ?? {}
      return {
        scenario: 'A state root was copied',
        ...(isRehearsal(input) ? {} : { since: input.params['since'] }),
        rotated: [
          ...slots
            .filter(({ why }) => why === undefined)
            .map(({ id }) => ({ what: `slot ${id}`, result: 'set anew in the restored tree' })),
          ...files.map(file => ({ what: `token in ${file}`, result: 'replaced' })),
        ],
        revoked: [],
        restored:
          values.find(isolated) === undefined
            ? []
            : [{ what: 'state root', result: 'restored from the backup into isolation' }],
        open: [
          ...onlyStolen.map(id => `slot ${id} was stolen and is not in the backup: revoke it where it was issued`),
          ...slots
            .filter(({ why }) => why !== undefined)
            .map(({ id, why }) => `slot ${id} is as it was restored: ${why}`),
          MASTER_KEY_STAYS,
          'each stolen credential, until it is revoked where it was issued',
        ],
        regression: [`bin/runproof run restore-drill --target ${input.target.id}`],
      }
    },
  }),
  afterFailure: [],
})
