#!/usr/bin/env -S sh -c 'exec "$(dirname "$(readlink -f "$0")")/../bin/runproof" run "$0" "$@"'
import { sidecarContained, sidecarRemoved } from '../src/checks/connectors/sidecar-ended.ts'
import { noExtraRun, oldLeaseDead, sidecarRotated } from '../src/checks/connectors/sidecar-rotated.ts'
import { sidecarLeased, sidecarStarted, webhookSigned } from '../src/checks/connectors/sidecar-started.ts'
import { doctorAgrees, referencesDiagnosed, routesDiagnosed } from '../src/checks/daemon/client-commands.ts'
import { instanceReady } from '../src/checks/daemon/instance-ready.ts'
import { canaryPassed, doctorCors, healthOk, runtimePrinted } from '../src/checks/daemon/live-diagnosis.ts'
import { noSecretWritten } from '../src/checks/daemon/no-secret-written.ts'
import {
  deliveriesShown,
  journalShown,
  runListed,
  runShown,
  settingsTakeHold,
  stopsHarmless,
  tasksShown,
} from '../src/checks/daemon/operator-commands.ts'
import { noDeadLetters, routesReady, storageWorks } from '../src/checks/daemon/status.ts'
import { nothingLeft } from '../src/checks/daemon/tear-down.ts'
import { actionDigests } from '../src/checks/records/action-digests.ts'
import { actionsSealed } from '../src/checks/records/actions-sealed.ts'
import { actionsSigned } from '../src/checks/records/actions-signed.ts'
import { slotRevoked, subjectRevoked } from '../src/checks/slots/leases-revoked.ts'
import { revokedAgentRefused, revokedSlotRefused } from '../src/checks/slots/revoked-refused.ts'
import { providerAsked, runAnswered, sessionMade } from '../src/checks/slots/run-answered.ts'
import { slotRecovered } from '../src/checks/slots/slot-recovered.ts'
import { cursorRefused } from '../src/checks/streams/cursor-refused.ts'
import { heartbeatComes } from '../src/checks/streams/heartbeat.ts'
import { restartGap, workKept } from '../src/checks/streams/restart-seen.ts'
import { streamReplays, streamResumes } from '../src/checks/streams/stream-replay.ts'
import { tokensRotated } from '../src/checks/tokens/tokens-rotated.ts'
import { ROUTE_SLOT } from '../src/daemon/make-site.ts'
import { answering, daemon } from '../src/daemon/subjects.ts'
import type { AnyCheck, NonEmpty } from '../src/model/check.ts'
import { defineRunbook, type PlanInput, type Step } from '../src/model/runbook.ts'
import { haveRunAnswered, lookBack, onlyChecks, RUN_MS, readRetained } from '../src/suite/acts.ts'
import { liveConflict, liveMissing, liveParams, liveRecipe, routeCredential } from '../src/suite/live-recipe.ts'
import { PROVIDER_KEY } from '../src/suite/own-recipe.ts'
import { isIsolated, mayWrite, RUNNING_WAYS, suiteInUse, suiteLacks, yes } from '../src/suite/params.ts'
import { probeRun, subjectRun } from '../src/suite/probe-run.ts'
import { recoverSlot, recovery } from '../src/suite/recovery.ts'
import { restart, restartDaemon } from '../src/suite/restart.ts'
import { holdLeases, revokeSlot, revokeSubject, slotRevocation, subjectRevocation } from '../src/suite/revocations.ts'
import {
  containedSidecar,
  containSidecar,
  placeOutside,
  removedSidecar,
  removeSidecar,
  rotatedSidecar,
  rotateSidecar,
  sidecar,
  startSidecar,
} from '../src/suite/sidecar.ts'
import { daemonStep, endSteps } from '../src/suite/steps.ts'
import { history } from '../src/suite/streams.ts'
import { rotateTokens, tokenRotation } from '../src/suite/token-rotation.ts'

const PAGE = 'production-runbooks'

const hasClient = (input: PlanInput) => suiteLacks('binary', input) === undefined
/** A sidecar is started where the daemon is, from a program that lies here, and reached over loopback. */
const canHaveSidecar = (input: PlanInput) =>
  mayWrite(input) && hasClient(input) && suiteLacks('host-files', input) === undefined

export default defineRunbook({
  id: 'live',
  title: 'A living daemon runs, streams, signs, revokes and rotates as it should',
  purpose: 'smoke',
  params: {
    ...liveParams,
    heartbeat: yes('yes: wait for the heartbeat of an idle stream, too, which takes ten seconds'),
  },
  secrets: [PROVIDER_KEY],
  conflict: liveConflict,
  missing: liveMissing,
  lacks: suiteLacks,
  inUse: suiteInUse,
  ways: RUNNING_WAYS,
  limits: input => [
    ...(input.params['heartbeat'] === 'yes' ? [] : ['the heartbeat of an idle stream: heartbeat=yes waits for it']),
    ...(isIsolated(input) ? [] : [ONLY_OWN]),
    ...(mayWrite(input)
      ? []
      : ['runs, and stopping them: allow-write=yes asks the provider once, in a session of ours']),
    ...(mayWrite(input) && !hasClient(input) ? ['the commands of an incident: no binary= was given'] : []),
    ...(canHaveSidecar(input) ? [] : ['a sidecar: it takes allow-write=yes, state-root= and binary=']),
  ],
  steps: input => [
    daemonStep(input, { recipe: liveRecipe, yields: [routeCredential], verify: [instanceReady] }),
    diagnosis(input),
    ...(mayWrite(input)
      ? [run, streams(input), records, ...(hasClient(input) ? [operate(input)] : [])]
      : [look(input)]),
    ...(isIsolated(input) ? [revokeAgent, revokeRoute] : []),
    ...(canHaveSidecar(input) ? [connector, rotateSecret, contain, remove] : []),
    ...(isIsolated(input) ? [tokens, restarted, recovered] : []),
    ...endSteps(input, { nothingLeft, noSecretWritten }),
  ],
})

const ONLY_OWN =
  'revoking an agent and the slot of a route, replacing tokens, changing settings, restarting: only on a daemon of the suite’s own'

const diagnosis = (input: PlanInput): Step => ({
  id: 'diagnosis',
  title: 'Ask the daemon how it is',
  effect: 'read',
  docs: { page: PAGE, command: 'doctor' },
  timeoutMs: 120_000,
  afterFailure: [answering],
  run: onlyChecks('nothing: its checks ask', [
    'kheish-daemon runtime get',
    'kheish-daemon doctor',
    'kheish-daemon doctor --cors-origin http://localhost:5173',
    'kheish-daemon doctor routes --check-auth',
    'kheish-daemon doctor routes --check-references',
    ...(isIsolated(input)
      ? ['kheish-daemon doctor routes --route <route> --check-auth --canary --canary-timeout-ms <ms>']
      : []),
  ]),
  verify: [
    healthOk,
    { ...storageWorks, covers: ['7.3/2', '9.A/6'] },
    { ...routesReady, covers: ['7.3/2', '9.A/6'] },
    { ...noDeadLetters, covers: ['7.3/2', '9.A/6'] },
    runtimePrinted,
    { ...doctorAgrees, covers: ['7.3/4', '9.A/7'] },
    doctorCors,
    { ...routesDiagnosed, needs: ['admin-token', 'binary'], covers: ['7.3/6', '9.A/7'] },
    {
      ...referencesDiagnosed,
      needs: ['binary'],
      title: 'No session, run or schedule refers to a route that is gone',
      covers: ['7.3/7', '9.A/7'],
    },
    // Its session is named anew each time and cannot be deleted.
    ...(isIsolated(input) ? [canaryPassed] : []),
  ],
})

/** What one run takes. */
const RUN_COMMANDS = [
  'kheish-daemon sessions create <session>',
  'kheish-daemon sessions input <session> <prompt> --provider <route> --model <model> --max-output-tokens 64 --tool-choice none',
  'kheish-daemon runs wait <run> --poll-interval-ms 50',
]

const run: Step = {
  id: 'run',
  title: 'Have a run answered by the provider of the route',
  effect: 'write',
  docs: { page: PAGE, command: 'runs wait <run_id> --poll-interval-ms <ms>' },
  timeoutMs: 90_000,
  afterFailure: [answering],
  resume: 'repeatable',
  irreversible: 'a session cannot be deleted; its run stays on record',
  yields: [probeRun, subjectRun],
  run: haveRunAnswered('client', RUN_COMMANDS),
  verify: [sessionMade, runAnswered, providerAsked],
}

const streamChecks = (input: PlanInput): NonEmpty<AnyCheck> => [
  cursorRefused,
  streamReplays('global'),
  streamReplays('session'),
  streamReplays('run'),
  streamResumes('global'),
  streamResumes('session'),
  streamResumes('run'),
  ...(input.params['heartbeat'] === 'yes' ? [heartbeatComes] : []),
]
const runChecks: readonly AnyCheck[] = [runListed, runShown, journalShown, tasksShown, deliveriesShown]

const READING = [
  'kheish-daemon runs list --session-id <session>',
  'kheish-daemon runs get <run>',
  'kheish-daemon sessions events <session>',
  'kheish-daemon tasks list <session>',
  'kheish-daemon deliveries list --run-id <run>',
]

const streams = (input: PlanInput): Step => ({
  id: 'streams',
  title: 'Replay the event streams',
  effect: 'read',
  docs: { page: PAGE, command: 'events stream --cursor 0' },
  timeoutMs: 60_000,
  afterFailure: [answering],
  yields: [history],
  run: readRetained,
  verify: streamChecks(input),
})

const records: Step = {
  id: 'records',
  title: 'Verify the signed records of the run',
  effect: 'read',
  docs: { page: PAGE, command: 'runs external-actions <run_id>' },
  timeoutMs: 60_000,
  afterFailure: [answering, subjectRun],
  run: onlyChecks(),
  verify: [actionsSigned, actionDigests, actionsSealed],
}

/** What can be asked of a daemon that nobody may write to. */
const look = (input: PlanInput): Step => ({
  id: 'look',
  title: 'Replay the event streams, and look at the newest run that ended well',
  effect: 'read',
  docs: { page: PAGE, command: 'runs list --session-id <session_id>' },
  timeoutMs: 60_000,
  afterFailure: [answering],
  yields: [history, subjectRun],
  run: hasClient(input) ? { ...lookBack, commands: READING } : lookBack,
  verify: [...streamChecks(input), actionsSigned, actionsSealed, ...runChecks],
})

const operate = (input: PlanInput): Step => ({
  id: 'operate',
  title: 'Use the commands of an incident',
  effect: 'write',
  docs: { page: PAGE, command: 'sessions interrupt <session_id>' },
  timeoutMs: 60_000,
  afterFailure: [answering, subjectRun],
  resume: 'repeatable',
  irreversible: 'what it stops has ended, and the settings are those of the suite’s own daemon',
  run: onlyChecks('nothing: its checks run the commands', [
    'kheish-daemon sessions interrupt <session>',
    'kheish-daemon runs cancel <run>',
    ...READING,
    ...(isIsolated(input)
      ? ['kheish-daemon runtime set-permission-mode dont-ask', 'kheish-daemon runtime set-debug-level off']
      : []),
  ]),
  verify: [stopsHarmless, ...runChecks, ...(isIsolated(input) ? [settingsTakeHold] : [])],
})

const revokeAgent: Step = {
  id: 'revoke-agent',
  title: 'Revoke an agent that holds leases',
  effect: 'write',
  docs: { page: PAGE, command: 'runtime auth revoke-subject <subject_id>' },
  timeoutMs: 90_000,
  afterFailure: [answering],
  resume: 'once',
  irreversible: 'the revocation of a subject is for ever; the agent was made for it',
  yields: [subjectRevocation],
  run: {
    describe: 'have an agent of its own take a lease by a run, then revoke it',
    commands: ['kheish-daemon runtime auth revoke-subject <subject>'],
    async execute(context) {
      const holder = await holdLeases(context, 'runproof-revoked', RUN_MS)
      context.set(subjectRevocation, await revokeSubject(context, holder))
    },
  },
  verify: [subjectRevoked],
}

const revokeRoute: Step = {
  id: 'revoke-slot',
  title: 'Revoke the slot of the route while leases on it are good',
  effect: 'write',
  docs: { page: PAGE, command: `runtime auth revoke-slot ${ROUTE_SLOT}` },
  timeoutMs: 90_000,
  afterFailure: [answering],
  resume: 'repeatable',
  irreversible: 'the slot is blocked until it is set again, which a later step does',
  yields: [slotRevocation],
  run: {
    describe: 'have another agent take a lease by a run, then revoke the slot',
    commands: [`kheish-daemon runtime auth revoke-slot ${ROUTE_SLOT}`],
    async execute(context) {
      const holder = await holdLeases(context, 'runproof-blocked', RUN_MS)
      context.set(slotRevocation, await revokeSlot(context, holder, ROUTE_SLOT))
    },
  },
  verify: [slotRevoked],
}

const SET_SLOT = 'kheish-daemon secrets set <slot> --provider generic --stdin'
const PUT_CONNECTOR = 'kheish-daemon connectors put-external <name> --json <json>'
const REMOVAL = ['kheish-daemon connectors delete external <name>', 'kheish-daemon secrets delete <slot>']

const connector: Step = {
  id: 'connector',
  title: 'Have the daemon start a webhook sidecar with credential slots',
  effect: 'write',
  docs: { page: PAGE, command: 'connectors put-external <name> --json <json>' },
  timeoutMs: 90_000,
  afterFailure: [answering],
  resume: 'check-first',
  undo: {
    describe: 'delete the connector and its slots of a running daemon; one of the suite’s own takes them along',
    commands: REMOVAL,
    async execute(context) {
      if (context.values.get(daemon).reached === 'running') await removeSidecar(context)
    },
  },
  yields: [sidecar],
  run: {
    describe: 'store a token and a webhook secret, put the connector, wait until it is ready and holds one lease',
    commands: [SET_SLOT, PUT_CONNECTOR],
    async execute(context) {
      const own = context.values.get(daemon).reached === 'isolated'
      context.set(sidecar, await startSidecar(context, own ? undefined : await placeOutside(context)))
    },
  },
  verify: [sidecarStarted, sidecarLeased, webhookSigned],
}

const rotateSecret: Step = {
  id: 'rotate-secret',
  title: 'Replace the webhook secret',
  effect: 'write',
  docs: { page: PAGE, command: 'secrets set <slot> --provider generic --stdin' },
  timeoutMs: 90_000,
  afterFailure: [sidecar],
  resume: 'repeatable',
  irreversible: 'the slot is the suite’s own and is deleted later',
  yields: [rotatedSidecar],
  run: {
    describe: 'overwrite the slot, look at the old lease, put the connector again with another environment',
    commands: [SET_SLOT, PUT_CONNECTOR],
    execute: async context => context.set(rotatedSidecar, await rotateSidecar(context, context.values.get(sidecar))),
  },
  verify: [oldLeaseDead, sidecarRotated],
}

const contain: Step = {
  id: 'contain-sidecar',
  title: 'Revoke the slot of the sidecar',
  effect: 'write',
  docs: { page: PAGE, command: 'runtime auth revoke-slot <slot>' },
  timeoutMs: 90_000,
  afterFailure: [sidecar, rotatedSidecar],
  resume: 'repeatable',
  irreversible: 'the slot is the suite’s own and is deleted later',
  yields: [containedSidecar],
  run: {
    describe: 'revoke the slot that the sidecar lives on',
    commands: ['kheish-daemon runtime auth revoke-slot <slot>'],
    execute: async context => context.set(containedSidecar, await containSidecar(context)),
  },
  verify: [sidecarContained],
}

const remove: Step = {
  id: 'remove-sidecar',
  title: 'Delete the connector and its slots',
  effect: 'write',
  docs: { page: PAGE, command: 'connectors delete <kind> <name>' },
  timeoutMs: 60_000,
  afterFailure: [sidecar],
  resume: 'repeatable',
  irreversible: 'they were made by the suite',
  yields: [removedSidecar],
  run: {
    describe: 'delete the connector and both slots',
    commands: REMOVAL,
    execute: async context => context.set(removedSidecar, await removeSidecar(context)),
  },
  // Asked when every webhook was answered long ago: what one of them brought about has happened by now.
  verify: [sidecarRemoved, noExtraRun],
}

const tokens: Step = {
  id: 'tokens',
  title: 'Replace the admin token in its file, and take the first one back',
  effect: 'write',
  docs: { page: PAGE },
  timeoutMs: 90_000,
  afterFailure: [answering],
  resume: 'repeatable',
  irreversible: 'the first token is back afterwards',
  yields: [tokenRotation],
  run: {
    describe: 'replace the token file, ask with both tokens until the old one is refused, and back again',
    async execute(context) {
      const rotation = await rotateTokens(context)
      context.run.assume(`${rotation.refusals} requests with a token that was not valid are in the daemon’s audit log`)
      context.set(tokenRotation, rotation)
    },
  },
  verify: [
    tokensRotated,
    { ...healthOk, covers: ['7.3/44'] },
    { ...storageWorks, covers: ['7.3/44'] },
    { ...routesReady, covers: ['7.3/44'] },
    { ...noDeadLetters, covers: ['7.3/44'] },
  ],
}

const restarted: Step = {
  id: 'restart',
  title: 'Start the daemon once more on what it has written',
  effect: 'write',
  docs: { page: PAGE, command: 'runs external-actions <run_id>' },
  timeoutMs: 90_000,
  afterFailure: [answering, probeRun],
  resume: 'repeatable',
  irreversible: 'the daemon is the suite’s own',
  yields: [restart],
  run: {
    describe: 'SIGTERM, start at the same place, wait until ready, make a session so that there are events',
    commands: ['kheish-daemon runs external-actions <run>'],
    execute: async context => context.set(restart, await restartDaemon(context)),
  },
  verify: [restartGap, workKept, revokedSlotRefused],
}

const recovered: Step = {
  id: 'recover',
  title: 'Set the revoked slot again',
  effect: 'write',
  docs: { page: PAGE, command: `secrets set ${ROUTE_SLOT} --provider openai --stdin` },
  timeoutMs: 90_000,
  afterFailure: [answering, slotRevocation, subjectRevocation],
  resume: 'repeatable',
  irreversible: 'the slot is the suite’s own',
  yields: [recovery],
  run: {
    describe: 'store another credential, tell the provider to expect it, have a run done',
    commands: [`kheish-daemon secrets set ${ROUTE_SLOT} --provider openai --stdin`, ...RUN_COMMANDS],
    async execute(context) {
      const kept = context.values.get(routeCredential)
      context.set(recovery, await recoverSlot(context, kept, 'runproof-recovered', RUN_MS))
    },
  },
  verify: [slotRecovered, revokedAgentRefused],
}
