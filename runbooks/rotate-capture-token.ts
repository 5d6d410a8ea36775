#!/usr/bin/env -S sh -c 'exec "$(dirname "$(readlink -f "$0")")/../bin/runproof" run "$0" "$@"'
import {
  agentResumes,
  machineRotated,
  oldAgentRefused,
  oldFileFits,
  oldTokensOpen,
  outDirFits,
} from '../src/checks/capture/capture-token.ts'
import { captureReadable, captureViews } from '../src/checks/capture/capture-views.ts'
import { instanceReady } from '../src/checks/daemon/instance-ready.ts'
import { noSecretWritten } from '../src/checks/daemon/no-secret-written.ts'
import { nothingLeft } from '../src/checks/daemon/tear-down.ts'
import { consumersAsked, consumersWork } from '../src/checks/slots/consumers.ts'
import { formatCommand } from '../src/model/command.ts'
import { parseCommand } from '../src/model/command-param.ts'
import { RunproofError } from '../src/model/error.ts'
import { defineRunbook, type PlanInput, type Step } from '../src/model/runbook.ts'
import { Secret } from '../src/model/secret.ts'
import { captureTokenConflict, captureTokenParams } from '../src/rotation/capture/capture-params.ts'
import {
  agentUrlOf,
  alsoOf,
  lookAtMachine,
  machineBefore,
  makeMachine,
  oldAgentTokens,
  openedAfter,
  openedBefore,
  outDirOf,
  playAgent,
  REHEARSED,
  readAgentFile,
  rotated,
  rotateMachine,
} from '../src/rotation/capture/capture-token.ts'
import { consumersBeforeStep, consumersStep, type FirstLook } from '../src/rotation/consumers.ts'
import { withinMsOf } from '../src/rotation/wait-until.ts'
import { onlyChecks } from '../src/suite/acts.ts'
import { isIsolated, suiteInUse, suiteLacks } from '../src/suite/params.ts'
import { daemonStep, endSteps } from '../src/suite/steps.ts'

const PAGE = 'capture'
const DELIVER_MS = 60_000

/** Whoever uses what the machine records gets nothing of it then. */
const FIRST_LOOK: FirstLook = {
  title: 'Ask the consumers while the machine has no good token',
  when: 'while the machine had no good token',
  withValue: false,
}

const machineOf = ({ params }: Pick<PlanInput, 'params'>) => params['machine'] ?? REHEARSED

export default defineRunbook({
  id: 'rotate-capture-token',
  title: 'Replace every token of a capture agent, and hear from its machine again',
  purpose: 'rotation',
  params: captureTokenParams,
  conflict: captureTokenConflict,
  lacks: suiteLacks,
  inUse: suiteInUse,
  unresumable: input => (isIsolated(input) ? 'the daemon of the rehearsal ended with its run' : undefined),
  ways: [
    {
      title: 'On a running daemon',
      params: {
        'base-url': 'https://daemon.example.com',
        'admin-token-file': '/keys/admin-token',
        machine: 'laptop-01',
        'out-dir': '/keys/capture',
      },
    },
  ],
  limits: input =>
    isIsolated(input)
      ? []
      : [
          'capture intervals, limits, retention and names of cameras and microphones: no view shows them, and without also= they become the daemon’s defaults',
          'uploads with the new tokens: they would be data of that machine',
          ...(input.params['old-file'] === undefined
            ? [
                'with which token the machine reports: a daemon that still takes the old one hears it as well; old-file= asks',
              ]
            : []),
          'what a rotation on this daemon looks like when it goes wrong: it is in use, and nothing of it is broken',
        ],
  steps: input => [
    daemonStep(input, {
      // Nothing here asks a model, so none stands beside the daemon.
      recipe: (_context, { site, scratchDir }) => ({ ...site, scratchDir }),
      verify: [instanceReady],
    }),
    ...(isIsolated(input) ? [machine] : []),
    look,
    ...(input.params['old-file'] === undefined ? [] : [oldFile]),
    rotate,
    ...consumersBeforeStep(input, { consumersAsked }, FIRST_LOOK),
    // The old tokens are dead, so the machine gets its file whatever the checks say.
    ...(isIsolated(input)
      ? [play]
      : [input.params['deliver-command'] === undefined ? bring(input) : deliver(input), hear(input)]
    ).map((step): Step => ({ ...step, afterFailure: [rotated] })),
    ...consumersStep(input, { consumersWork }, FIRST_LOOK),
    views,
    ...endSteps(input, { nothingLeft, noSecretWritten }),
  ],
})

const machine: Step = {
  id: 'machine',
  title: 'Provision a machine, and let it report and upload',
  effect: 'read',
  docs: { page: PAGE, command: 'capture provision --batch-id <batch-id> --agent-id <machine-id>' },
  timeoutMs: 30_000,
  yields: [oldAgentTokens, openedBefore],
  run: {
    describe: 'provision it with two sources, send a heartbeat, and upload once for each source',
    async execute(context) {
      const tokens = await makeMachine(context, REHEARSED)
      context.set(oldAgentTokens, tokens)
      context.set(openedBefore, await playAgent(context, tokens))
      await context.tools.files.makeDirectory(outDirOf(context))
    },
  },
  verify: [oldTokensOpen],
}

const look: Step = {
  id: 'look',
  title: 'Look at the machine, and at where the file with its new tokens will go',
  effect: 'read',
  docs: { page: PAGE, command: 'capture agents get <machine-id>' },
  timeoutMs: 30_000,
  yields: [machineBefore],
  run: {
    describe: 'ask for the machine: its sources, settings and leases, which are to be the same afterwards',
    async execute(context) {
      const before = await lookAtMachine(context, machineOf(context))
      context.set(machineBefore, before)
      context.run.fact('rotation.machine', before.machineId)
      const guessed = context.target.captureAgents.guessed(before.sourceIds)
      if (guessed !== undefined && alsoOf(context)['sources'] === undefined) context.run.assume(guessed)
    },
  },
  verify: [outDirFits],
}

const oldFile: Step = {
  id: 'old-file',
  title: 'Read the tokens of now from a copy of the machine’s file',
  effect: 'read',
  docs: { page: PAGE },
  timeoutMs: 30_000,
  yields: [oldAgentTokens],
  run: {
    describe:
      'read old-file=; nothing of it is shown, and its tokens are shown to the daemon only once they are replaced',
    execute: async context => context.set(oldAgentTokens, await readAgentFile(context, context.params['old-file']!)),
  },
  verify: [oldFileFits],
}

const rotate: Step = {
  id: 'rotate',
  title: 'Provision the machine under a new batch: all its old tokens are dead at once',
  effect: 'write',
  docs: { page: PAGE, command: 'capture provision --batch-id <new-batch-id> --agent-id <machine-id>' },
  timeoutMs: 60_000,
  role: 'operator',
  yields: [rotated],
  // The tokens of a batch are told once. Where they were lost, another batch takes its place.
  resume: 'repeatable',
  irreversible: 'old tokens are dead for good; the machine is silent until the new file is on it',
  run: {
    describe:
      'provision it as it was, with its sources, settings and lifetime of tokens, under a new batch id; write the file with its new tokens, mode 0600',
    async execute(context) {
      const [outDir, agentUrl, also] = [outDirOf(context), agentUrlOf(context), alsoOf(context)]
      const made = await rotateMachine(context, context.values.get(machineBefore), { outDir, agentUrl, also })
      context.set(rotated, made)
      const deadline = new Date(made.deadlineMs).toISOString()
      context.run.fact('rotation.deadlineAt', deadline)
      if (isIsolated(context)) return
      context.run.assume(
        `${made.file} holds the new tokens, and nothing else does: delete it once it is on the machine, which is missing from ${deadline} on`,
      )
    },
  },
  verify: [machineRotated, oldAgentRefused],
}

const play: Step = {
  id: 'hand-over',
  title: 'Bring the machine its file, and let it report and upload',
  effect: 'read',
  docs: { page: PAGE },
  timeoutMs: 30_000,
  yields: [openedAfter],
  run: {
    describe: 'read the tokens out of the file, remove it, send a heartbeat, and upload once for each source',
    async execute(context) {
      const tokens = await readAgentFile(context, context.values.get(rotated).file)
      await context.tools.files.remove(context.values.get(rotated).file)
      context.set(openedAfter, await playAgent(context, tokens))
    },
  },
  verify: [agentResumes],
}

const bring = (input: PlanInput): Step => ({
  id: 'bring',
  title: 'Bring the file to the machine, and start its agent again',
  effect: 'write',
  docs: { page: PAGE, command: 'capture provision --batch-id <batch-id> --agent-id <machine-id> --out-dir <dir>' },
  timeoutMs: 900_000,
  role: 'operator',
  resume: 'repeatable',
  irreversible: 'the file of before has dead tokens',
  run: {
    instruction: `bring ${input.params['out-dir']}/${input.target.captureAgents.configFile(machineOf(input))} to ${machineOf(input)}, over a channel that you would trust with a password, in the place of its old file; start the agent again; delete the copy here`,
    confirm: 'the new file is on the machine, its agent was started again, and no copy is left on the way',
  },
  verify: [],
})

const deliver = ({ params }: PlanInput): Step => {
  const argv = parseCommand(params['deliver-command']!)
  return {
    id: 'deliver',
    title: 'Hand the file over to the machine',
    effect: 'write',
    docs: { page: PAGE },
    timeoutMs: DELIVER_MS + 30_000,
    role: 'operator',
    // The file is there until somebody deletes it.
    resume: 'repeatable',
    irreversible: 'the file of before has dead tokens',
    run: {
      describe: 'run deliver-command= with the file on its standard input; what it prints is dropped',
      commands: [formatCommand({ argv })],
      async execute(context) {
        const { file } = context.values.get(rotated)
        await readAgentFile(context, file)
        const stdin = new Secret('capture-config', await context.tools.files.readText(file))
        const limits = { timeoutMs: DELIVER_MS, maxOutputBytes: 0 }
        const { exitCode, signal } = await context.runIn(context.tools.commands, { argv, stdin }, limits)
        if (exitCode !== 0)
          throw new RunproofError(
            'COMMAND_FAILED',
            `deliver-command= ended with ${exitCode ?? signal ?? 'nothing'}: the machine’s old tokens are dead, and ${file} has the new ones`,
            { hint: 'bring the file to the machine by hand' },
          )
      },
    },
    verify: [captureReadable],
  }
}

const hear = (input: PlanInput): Step => ({
  id: 'hear',
  title: 'Hear from the machine again',
  effect: 'read',
  docs: { page: PAGE, command: 'capture agents get <machine-id>' },
  timeoutMs: withinMsOf(input) + 60_000,
  run: onlyChecks('nothing: the check waits for a heartbeat of the machine; none is sent in its place'),
  verify: [agentResumes],
})

const views: Step = {
  id: 'views',
  title: 'Look at all agents once more',
  effect: 'read',
  docs: { page: PAGE, command: 'capture agents list' },
  timeoutMs: 30_000,
  run: onlyChecks('ask for agents and alerts'),
  verify: [captureReadable, captureViews],
}
