#!/usr/bin/env -S sh -c 'exec "$(dirname "$(readlink -f "$0")")/../bin/runproof" run "$0" "$@"'
import { connectorFound, connectorKept } from '../src/checks/connectors/connector.ts'
import {
  configurationWhole,
  newSignatureTaken,
  newValueFits,
  oldSignatureGood,
  oldSignatureRefused,
} from '../src/checks/connectors/connector-credential.ts'
import { processReplaced } from '../src/checks/connectors/process-replaced.ts'
import { noExtraRun } from '../src/checks/connectors/sidecar-rotated.ts'
import { sidecarLeased, sidecarStarted, webhookSigned } from '../src/checks/connectors/sidecar-started.ts'
import { instanceReady } from '../src/checks/daemon/instance-ready.ts'
import { noSecretWritten } from '../src/checks/daemon/no-secret-written.ts'
import { nothingLeft } from '../src/checks/daemon/tear-down.ts'
import { consumersAsked, consumersWork } from '../src/checks/slots/consumers.ts'
import { handedOver } from '../src/checks/slots/handed-over.ts'
import { oldLeasesDead, slotNewer } from '../src/checks/slots/slot-set.ts'
import { defineRunbook, type PlanInput, type Step } from '../src/model/runbook.ts'
import { connectorBefore, connectorDoor, lookAtConnector, openDoor } from '../src/rotation/connectors/connector.ts'
import {
  configurationOf,
  connectorSetup,
  credentialSet,
  OWN_CREDENTIAL_SLOT,
  putByFile,
  putOnLine,
  restarted,
  restartProcess,
  setCredential,
  signatures,
  signaturesOf,
  takeNewCredential,
} from '../src/rotation/connectors/connector-credential.ts'
import { credentialParams } from '../src/rotation/connectors/connector-params.ts'
import { connectorStep } from '../src/rotation/connectors/connector-step.ts'
import { consumersBeforeStep, consumersStep } from '../src/rotation/consumers.ts'
import { deliverStep } from '../src/rotation/deliver.ts'
import { newSecret } from '../src/rotation/new-secret.ts'
import { setGuarded, trustOld } from '../src/rotation/slots/set-guarded.ts'
import { slotRotationConflict, wayOnRunning } from '../src/rotation/slots/slot-params.ts'
import { liveRecipe, routeCredential } from '../src/suite/live-recipe.ts'
import { isIsolated, suiteInUse, suiteLacks, suiteUnresumable } from '../src/suite/params.ts'
import { CONNECTOR } from '../src/suite/sidecar.ts'
import { daemonStep, endSteps } from '../src/suite/steps.ts'

const PAGE = 'production-runbooks'
const SET = 'kheish-daemon secrets set <slot> --provider generic --stdin'
const GET = 'kheish-daemon secrets get <auth_ref>'

export default defineRunbook({
  id: 'rotate-connector-credential',
  title: 'Replace a credential that a connector’s process fetches, start it anew, and prove the old one dead',
  purpose: 'rotation',
  params: credentialParams,
  secrets: ['new', 'old', 'shared-token'],
  conflict: input => slotRotationConflict(input, ['connector', 'auth-ref', 'connector-file']),
  lacks: suiteLacks,
  inUse: suiteInUse,
  unresumable: suiteUnresumable,
  ways: wayOnRunning({
    connector: 'ops-webhook',
    'auth-ref': 'sidecars.webhook.routes',
    'connector-file': '/etc/daemon/ops-webhook.json',
  }),
  limits: input => [
    'what comes in between the new value and the new process: it is judged by the old one, or by nobody',
    ...(isIsolated(input) ? [] : ['whether the webhooks of this run made none: others use the connector meanwhile']),
  ],
  steps: input => [
    daemonStep(input, { recipe: liveRecipe, yields: [routeCredential], verify: [instanceReady] }),
    ...connectorStep(input, [sidecarStarted, sidecarLeased, webhookSigned]),
    look,
    newValue(input),
    ...deliverStep(input, { handedOver }),
    ...consumersBeforeStep(input, { consumersAsked }),
    set,
    restart(input),
    ...consumersStep(input, { consumersWork }),
    ...endSteps(input, { nothingLeft, noSecretWritten }),
  ],
})

const look: Step = {
  id: 'look',
  title: 'Look at the connector, its slot, and the leases it holds',
  effect: 'read',
  docs: { page: PAGE, command: 'secrets get <auth_ref>' },
  timeoutMs: 30_000,
  yields: [connectorBefore],
  run: {
    describe: 'read the connector, when its slot was changed last, and which leases are good now: they are remembered',
    commands: [GET],
    async execute(context) {
      const { connector = CONNECTOR, 'auth-ref': slot = OWN_CREDENTIAL_SLOT } = context.params
      context.set(connectorBefore, await lookAtConnector(context, connector, () => slot))
      context.run.fact('rotation.connector', connector)
      context.run.fact('rotation.slot', slot)
    },
  },
  verify: [connectorFound],
}

const newValue = (input: PlanInput): Step => ({
  id: 'new-value',
  title: 'Look at the new value, and at the configuration that will be put again',
  effect: 'read',
  docs: { page: PAGE, command: SET.slice('kheish-daemon '.length) },
  timeoutMs: 30_000,
  yields: [newSecret, connectorDoor, signatures, connectorSetup],
  run: {
    describe: `${isIsolated(input) ? 'make new webhook routes' : 'take the new value from --secret new=, and the whole configuration from connector-file='}; find the way to the process, and send it a webhook that the old value signs`,
    async execute(context) {
      takeNewCredential(context)
      context.set(connectorDoor, await openDoor(context, context.secrets['shared-token']))
      context.set(signatures, signaturesOf(context, context.secrets['old']))
      context.set(connectorSetup, await configurationOf(context))
      trustOld(context, context.values.get(connectorBefore).slot!)
    },
  },
  verify: [newValueFits, configurationWhole, oldSignatureGood],
})

const set: Step = {
  id: 'set',
  title: 'Set the slot: the lease on the old value dies, and the process goes on with what it fetched',
  effect: 'write',
  docs: { page: PAGE, command: SET.slice('kheish-daemon '.length) },
  timeoutMs: 60_000,
  role: 'operator',
  resume: 'repeatable',
  irreversible: 'the old value is never stored: rolling back means rotating again',
  yields: [credentialSet],
  run: {
    describe: 'store the new value, which comes on standard input; look what became of the leases',
    commands: [SET],
    async execute(context) {
      const { slot, status } = context.values.get(connectorBefore)
      const looked = { slot: slot!, changedAtMs: status!.updatedAtMs, what: 'value' }
      context.set(credentialSet, await setGuarded(context, looked, () => setCredential(context)))
    },
  },
  verify: [
    slotNewer(credentialSet),
    oldLeasesDead(
      credentialSet,
      () =>
        'no lease of the connector was good any more: they run out five minutes after its start, and a break may have come after the value was set',
    ),
  ],
}

const restart = (input: PlanInput): Step => {
  const command = `connectors put-external <name> ${isIsolated(input) ? '--json <json>' : '--file <path>'}`
  return {
    id: 'restart',
    title: 'Put the connector again with another variable, so that its process is started anew',
    effect: 'write',
    docs: { page: PAGE, command },
    timeoutMs: 120_000,
    role: 'operator',
    // A process that goes on with the old value is worse than a lease that is still good.
    afterFailure: [credentialSet],
    resume: 'repeatable',
    irreversible: 'its process was started anew, and the variable stays until the connector is put without it',
    yields: [restarted],
    run: {
      describe:
        'put the whole configuration with one more variable that nobody reads; wait for one lease that is new, and an answer',
      commands: [`kheish-daemon ${command}`, GET],
      async execute(context) {
        const put = isIsolated(input) ? putOnLine(context) : putByFile(context)
        context.set(restarted, await restartProcess(context, put))
      },
    },
    verify: [
      processReplaced(restarted, 'The process was replaced, once, by one with a lease of its own'),
      newSignatureTaken,
      oldSignatureRefused,
      connectorKept(true),
      ...(isIsolated(input) ? [noExtraRun] : []),
    ],
  }
}
