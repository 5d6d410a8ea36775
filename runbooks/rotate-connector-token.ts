#!/usr/bin/env -S sh -c 'exec "$(dirname "$(readlink -f "$0")")/../bin/runproof" run "$0" "$@"'
import { connectorFound, connectorKept, newTokenFits } from '../src/checks/connectors/connector.ts'
import { newTokenTaken, oldTokenGood, oldTokenRefused } from '../src/checks/connectors/connector-token.ts'
import { processReplaced } from '../src/checks/connectors/process-replaced.ts'
import { sidecarLeased, sidecarStarted } from '../src/checks/connectors/sidecar-started.ts'
import { instanceReady } from '../src/checks/daemon/instance-ready.ts'
import { noSecretWritten } from '../src/checks/daemon/no-secret-written.ts'
import { nothingLeft } from '../src/checks/daemon/tear-down.ts'
import { consumersAsked, consumersWork } from '../src/checks/slots/consumers.ts'
import { handedOver } from '../src/checks/slots/handed-over.ts'
import { oldLeasesDead, slotNewer } from '../src/checks/slots/slot-set.ts'
import { defineRunbook, type Step } from '../src/model/runbook.ts'
import {
  connectorBefore,
  connectorDoor,
  lookAtConnector,
  openDoor,
  setSharedToken,
  tokenSet,
} from '../src/rotation/connectors/connector.ts'
import { connectorParams } from '../src/rotation/connectors/connector-params.ts'
import { connectorStep } from '../src/rotation/connectors/connector-step.ts'
import { consumersBeforeStep, consumersStep } from '../src/rotation/consumers.ts'
import { deliverStep } from '../src/rotation/deliver.ts'
import { newSecret, takeNewSecret } from '../src/rotation/new-secret.ts'
import { setGuarded, trustOld } from '../src/rotation/slots/set-guarded.ts'
import { slotRotationConflict, wayOnRunning } from '../src/rotation/slots/slot-params.ts'
import { liveRecipe, routeCredential } from '../src/suite/live-recipe.ts'
import { isIsolated, suiteInUse, suiteLacks, suiteUnresumable } from '../src/suite/params.ts'
import { CONNECTOR } from '../src/suite/sidecar.ts'
import { daemonStep, endSteps } from '../src/suite/steps.ts'

const PAGE = 'production-runbooks'

export default defineRunbook({
  id: 'rotate-connector-token',
  title:
    'Replace the token that a connector’s process shares with the daemon, and prove the old one dead on both sides',
  purpose: 'rotation',
  params: connectorParams,
  secrets: ['new', 'old'],
  conflict: input => slotRotationConflict(input, ['connector']),
  lacks: suiteLacks,
  inUse: suiteInUse,
  unresumable: suiteUnresumable,
  ways: wayOnRunning({ connector: 'ops-webhook' }),
  limits: input => [
    'events that somebody hands in with the old token meanwhile: they are refused, and nobody told the sender',
    ...(isIsolated(input) ? [] : ['a process that runs elsewhere: it is asked by nobody, only the daemon’s side is']),
  ],
  steps: input => [
    daemonStep(input, { recipe: liveRecipe, yields: [routeCredential], verify: [instanceReady] }),
    ...connectorStep(input, [sidecarStarted, sidecarLeased]),
    look,
    newToken,
    ...deliverStep(input, { handedOver }),
    ...consumersBeforeStep(input, { consumersAsked }),
    set,
    ...consumersStep(input, { consumersWork }),
    ...endSteps(input, { nothingLeft, noSecretWritten }),
  ],
})

const look: Step = {
  id: 'look',
  title: 'Look at the connector, the slot of its token, and the leases it holds',
  effect: 'read',
  docs: { page: PAGE, command: 'secrets get <auth_ref>' },
  timeoutMs: 30_000,
  yields: [connectorBefore],
  run: {
    describe: 'read the connector, which slot its shared token is in, and which leases are good now',
    commands: ['kheish-daemon secrets get <auth_ref>'],
    async execute(context) {
      const name = context.params['connector'] ?? CONNECTOR
      const found = await lookAtConnector(context, name, view => view.sharedSlot)
      context.set(connectorBefore, found)
      context.run.fact('rotation.connector', name)
      if (found.slot !== undefined) context.run.fact('rotation.slot', found.slot)
    },
  },
  verify: [connectorFound],
}

const newToken: Step = {
  id: 'new-token',
  title: 'Look at the new token',
  effect: 'read',
  docs: { page: PAGE, command: 'secrets set <slot> --provider generic --stdin' },
  timeoutMs: 30_000,
  yields: [newSecret, connectorDoor],
  run: {
    describe:
      'take the new token from --secret new=, or make one of 32 random bytes; find the way to the process, and show it the old one',
    async execute(context) {
      takeNewSecret(context)
      context.set(connectorDoor, await openDoor(context, context.secrets['old']))
      trustOld(context, context.values.get(connectorBefore).slot!)
    },
  },
  verify: [newTokenFits, oldTokenGood],
}

const set: Step = {
  id: 'set',
  title: 'Set the slot: the daemon starts the connector’s process anew by itself',
  effect: 'write',
  docs: { page: PAGE, command: 'secrets set <slot> --provider generic --stdin' },
  timeoutMs: 120_000,
  role: 'operator',
  resume: 'repeatable',
  irreversible: 'the old token is never stored: rolling back means rotating again',
  yields: [tokenSet],
  run: {
    describe:
      'store the new token, which comes on standard input; wait until a new process answers and holds one lease',
    commands: ['kheish-daemon secrets set <slot> --provider generic --stdin', 'kheish-daemon secrets get <auth_ref>'],
    async execute(context) {
      const { slot, status } = context.values.get(connectorBefore)
      const looked = { slot: slot!, changedAtMs: status!.updatedAtMs, what: 'token' }
      context.set(tokenSet, await setGuarded(context, looked, onSet => setSharedToken(context, onSet)))
    },
  },
  verify: [
    slotNewer(tokenSet),
    newTokenTaken,
    oldTokenRefused,
    processReplaced(tokenSet, 'By itself the daemon has replaced the process, once, by one with a lease of its own'),
    oldLeasesDead(
      tokenSet,
      () =>
        'no lease of the connector was good any more: they run out five minutes after its start, and a break may have come after the value was set',
    ),
    connectorKept(),
  ],
}
