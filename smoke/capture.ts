#!/usr/bin/env -S sh -c 'exec "$(dirname "$(readlink -f "$0")")/../bin/runproof" run "$0" "$@"'
import { join } from 'node:path'
import { captureClientFiles, clientPlace } from '../src/checks/capture/capture-client.ts'
import { captureDeprovisioned, deprovision, deprovisioned } from '../src/checks/capture/capture-deprovisioned.ts'
import { captureHeartbeat, captureUpload, firstBeat, sendFirstBeat } from '../src/checks/capture/capture-heartbeat.ts'
import { alertsBefore, captureBack, captureMissed, lastBeat } from '../src/checks/capture/capture-late.ts'
import { captureBatchOnce, captureProvisioned, captureTokenKinds } from '../src/checks/capture/capture-provisioned.ts'
import {
  captureOldRefused,
  captureResumes,
  captureSuperseded,
  captureTokensHidden,
} from '../src/checks/capture/capture-rotation.ts'
import { captureAccess, captureReadable, captureViews } from '../src/checks/capture/capture-views.ts'
import { instanceReady } from '../src/checks/daemon/instance-ready.ts'
import { noSecretWritten } from '../src/checks/daemon/no-secret-written.ts'
import { nothingLeft } from '../src/checks/daemon/tear-down.ts'
import { answering, isolated } from '../src/daemon/subjects.ts'
import { defineRunbook, type PlanInput, type Step, type StepContext, type Undo } from '../src/model/runbook.ts'
import { onlyChecks } from '../src/suite/acts.ts'
import { ask } from '../src/suite/ask.ts'
import {
  beatWell,
  enrol,
  enrolled,
  enrolledAgain,
  enrolledLate,
  FILES_MACHINE,
  HASTY,
  LATE_MACHINE,
  MACHINE,
  PATIENT,
  revoke,
} from '../src/suite/capture-agents.ts'
import { making } from '../src/suite/making.ts'
import {
  isIsolated,
  mayWrite,
  RUNNING_WAYS,
  reachOf,
  suiteConflict,
  suiteInUse,
  suiteLacks,
  suiteParams,
} from '../src/suite/params.ts'
import { daemonStep, endSteps } from '../src/suite/steps.ts'

const PAGE = 'capture'

export default defineRunbook({
  id: 'capture',
  title: 'Machines that record get tokens of their own, lose them by rotation, and are missed when they fall silent',
  purpose: 'smoke',
  params: suiteParams,
  conflict: suiteConflict,
  lacks: suiteLacks,
  inUse: suiteInUse,
  ways: RUNNING_WAYS,
  limits(input) {
    if (!mayWrite(input))
      return ['provisioning, heartbeats, uploads, rotation and revocation: they take allow-write=yes']
    const lacking = suiteLacks('binary', input)
    return lacking === undefined ? [] : [`provisioning by the client, into files: ${lacking}`]
  },
  steps: input => [
    daemonStep(input, {
      // Nothing here asks a model, so none stands beside the daemon.
      recipe: (_context, { site, scratchDir }) => ({ ...site, scratchDir }),
      verify: [instanceReady],
    }),
    ...(mayWrite(input) ? life(input) : [look]),
    ...endSteps(input, { nothingLeft, noSecretWritten }),
  ],
})

/** What can be asked of a daemon without making anything, not even a refusal, which would stand in its audit. */
const look: Step = {
  id: 'views',
  title: 'Look at the capture agents that are there',
  effect: 'read',
  docs: { page: PAGE, command: 'capture agents list' },
  timeoutMs: 30_000,
  afterFailure: [answering],
  run: onlyChecks('ask for agents and alerts'),
  verify: [captureReadable, captureViews],
}

const endAll: Undo = {
  describe: `revoke the machines ${MACHINE}, ${LATE_MACHINE} and ${FILES_MACHINE}, where they were provisioned`,
  async execute(context) {
    for (const machine of [MACHINE, LATE_MACHINE, FILES_MACHINE]) await revoke(context, machine)
  },
}

/** One machine from its first token to its end, and another one that falls silent. */
function life(input: PlanInput): readonly Step[] {
  const made = making(input, endAll)
  return [
    {
      ...made,
      id: 'provision',
      title: 'Provision a machine, and one that will be late',
      docs: { page: PAGE, command: 'capture provision --batch-id <batch-id> --agent-id <machine-id>' },
      timeoutMs: 60_000,
      afterFailure: [answering],
      yields: [enrolled, enrolledLate],
      run: {
        describe: 'provision both, each with a batch of its own; their tokens are secrets of the run from then on',
        async execute(context) {
          assumeRefusals(context, input)
          context.set(enrolled, await enrol(context, MACHINE, PATIENT))
          context.set(enrolledLate, await enrol(context, LATE_MACHINE, HASTY))
        },
      },
      verify: [captureProvisioned, captureTokenKinds, captureBatchOnce, captureAccess],
    },
    ...(suiteLacks('binary', input) === undefined ? [provisionByClient(input, made)] : []),
    {
      ...made,
      id: 'report',
      title: 'Send the first heartbeat and upload',
      docs: { page: PAGE },
      timeoutMs: 60_000,
      afterFailure: [answering, enrolled, enrolledLate],
      yields: [firstBeat],
      run: {
        describe: 'send a heartbeat with the token of the machine',
        execute: async context => context.set(firstBeat, await sendFirstBeat(context)),
      },
      verify: [captureHeartbeat, captureUpload, captureReadable, captureViews],
    },
    {
      ...made,
      id: 'rotate',
      title: 'Rotate every token of the machine by a new batch',
      docs: { page: PAGE, command: 'capture provision --batch-id <new-batch-id> --agent-id <machine-id>' },
      timeoutMs: 60_000,
      afterFailure: [answering, enrolled, enrolledLate],
      yields: [enrolledAgain],
      run: {
        describe: 'provision the same machine again',
        execute: async context => context.set(enrolledAgain, await enrol(context, MACHINE, PATIENT)),
      },
      verify: [captureOldRefused, captureSuperseded, captureResumes, captureTokensHidden],
    },
    {
      ...made,
      id: 'late',
      title: 'Let a machine fall silent',
      docs: { page: PAGE, command: 'capture alerts' },
      timeoutMs: 60_000,
      afterFailure: [answering, enrolledLate],
      yields: [lastBeat],
      run: {
        describe: 'send its last heartbeat',
        execute: async context => context.set(lastBeat, await beatWell(context, context.values.get(enrolledLate))),
      },
      verify: [captureMissed],
    },
    {
      ...made,
      id: 'back',
      title: 'Let it report again',
      docs: { page: PAGE, command: 'capture alerts' },
      timeoutMs: 60_000,
      afterFailure: [answering, enrolledLate],
      yields: [alertsBefore],
      run: {
        // A short interval would make it late again before anybody looks.
        describe: 'provision it again, with time enough, and send a heartbeat',
        async execute(context) {
          context.set(alertsBefore, (await ask(context, context.target.captureAgents.paths.alerts)).text)
          await beatWell(context, await enrol(context, LATE_MACHINE, PATIENT))
        },
      },
      verify: [captureBack],
    },
    {
      ...made,
      id: 'deprovision',
      title: 'Revoke the machine, and then the others',
      docs: { page: PAGE, command: 'capture revoke <machine-id> --reason <reason>' },
      timeoutMs: 60_000,
      afterFailure: [answering, enrolledAgain],
      yields: [deprovisioned],
      run: {
        describe: 'revoke it twice, look at another one, and revoke that one, too',
        async execute(context) {
          const files = context.values.find(clientPlace) === undefined ? [] : [FILES_MACHINE]
          context.set(deprovisioned, await deprovision(context, [LATE_MACHINE, ...files]))
        },
      },
      verify: [captureDeprovisioned],
    },
  ]
}

/** Where there is a client. */
function provisionByClient(input: PlanInput, made: ReturnType<typeof making>): Step {
  return {
    ...made,
    id: 'client',
    title: 'Provision a third machine with the client, into files',
    docs: { page: PAGE, command: 'capture provision --batch-id <batch-id> --agent-id <machine-id> --out-dir <dir>' },
    timeoutMs: 60_000,
    afterFailure: [answering],
    yields: [clientPlace],
    run: {
      describe: 'choose a directory for its files; the check runs the client and removes them',
      commands: ['kheish-daemon capture provision --batch-id <batch> --agent-id <machine> --out-dir <dir>'],
      execute: async context => context.set(clientPlace, await placeFor(context, input)),
    },
    verify: [captureClientFiles],
  }
}

function assumeRefusals({ run }: StepContext, input: PlanInput): void {
  run.assume(
    'about fourteen requests with tokens that had to be refused were made on purpose; they stand in the daemon’s audits',
  )
  if (reachOf(input) === 'running')
    run.assume(
      `the machines ${MACHINE}, ${LATE_MACHINE} and ${FILES_MACHINE} stay listed as revoked: nothing removes one`,
    )
}

/** Outside the search for secrets: what is written there holds tokens on purpose, until the check has read it. */
async function placeFor({ values, run, tools }: StepContext, input: PlanInput): Promise<string> {
  if (isIsolated(input)) return values.get(isolated).instance.place.tmp
  const directory = join(run.scratchDir, 'client')
  await tools.files.makeDirectory(directory)
  return directory
}
