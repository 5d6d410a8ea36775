#!/usr/bin/env -S sh -c 'exec "$(dirname "$(readlink -f "$0")")/../bin/runproof" run "$0" "$@"'
import { instanceReady } from '../src/checks/daemon/instance-ready.ts'
import { noSecretWritten } from '../src/checks/daemon/no-secret-written.ts'
import { nothingLeft } from '../src/checks/daemon/tear-down.ts'
import { withoutInstances } from '../src/checks/daemon/without-instances.ts'
import {
  bearerConnected,
  bearerFits,
  bearerInUse,
  bearerStored,
  oldBearerRefused,
  peerTakesNew,
  peerTakesOld,
} from '../src/checks/mcp/bearer-rotated.ts'
import { mcpConnected, mcpToolCall } from '../src/checks/mcp/mcp-bearer.ts'
import { mcpReadable } from '../src/checks/mcp/mcp-servers.ts'
import { consumersAsked, consumersWork } from '../src/checks/slots/consumers.ts'
import { handedOver } from '../src/checks/slots/handed-over.ts'
import { slotNewer } from '../src/checks/slots/slot-set.ts'
import { defineRunbook, type PlanInput, type Step } from '../src/model/runbook.ts'
import { consumersBeforeStep, consumersStep } from '../src/rotation/consumers.ts'
import { deliverStep } from '../src/rotation/deliver.ts'
import {
  bearerUse,
  formerBearer,
  lookAtUse,
  modelCall,
  oldBearer,
  storedBearer,
  storeNew,
  useByModel,
} from '../src/rotation/mcp/mcp-bearer.ts'
import { restartParams, restartStep } from '../src/rotation/mcp/restart-step.ts'
import { newSecret, takeNewSecret } from '../src/rotation/new-secret.ts'
import { setGuarded, trustOld } from '../src/rotation/slots/set-guarded.ts'
import { slotRotationConflict, slotRotationParams, wayOnRunning } from '../src/rotation/slots/slot-params.ts'
import { withinMsOf } from '../src/rotation/wait-until.ts'
import { onlyChecks } from '../src/suite/acts.ts'
import { expectBearer, keepFormerBearer, mcpRecipe, mcpSite } from '../src/suite/mcp-site.ts'
import { isIsolated, suiteInUse, suiteLacks } from '../src/suite/params.ts'
import { restartAs } from '../src/suite/restart-as.ts'
import { daemonStep, endSteps } from '../src/suite/steps.ts'

const PAGE = 'mcp'
const SET = 'secrets set <ref> --provider generic --stdin'
const START_WITH = 'serve --mcp-config <mcp-config> --state-root <state-root> --mcp-discovery disabled ...'

/** Asking, and in a rehearsal a run of a model and two daemons more. */
const BESIDES_MS = 60_000

export default defineRunbook({
  id: 'rotate-mcp-bearer',
  title: 'Replace the bearer token of an MCP server, and end with a server that is connected and shown nothing else',
  purpose: 'rotation',
  params: {
    ...slotRotationParams,
    server: { describe: 'the MCP server, as the daemon calls it', example: 'secretHttp' },
    slot: { describe: 'its slot, where it draws on several', example: 'mcp.custom.secretHttp.BEARER_TOKEN' },
    'server-url': {
      describe: 'where the MCP server itself is asked whether it takes a value; from here, not from the daemon',
      example: 'https://mcp.example.com/mcp',
      refuse: value => (/^https?:\/\/[^\s?#@]+$/.test(value) ? undefined : 'expected http:// or https:// and a host'),
    },
    tool: { describe: 'a tool of it that does no harm, called at the end', example: 'echo' },
    'tool-input': {
      describe: 'what that tool is given, a JSON object',
      default: '{}',
      refuse: refuseObject,
    },
    ...restartParams,
  },
  secrets: ['new', 'old'],
  conflict: input => slotRotationConflict(input, ['server'], ['slot', 'server-url', 'tool', 'restart-command']),
  lacks: suiteLacks,
  inUse: suiteInUse,
  unresumable: input => (isIsolated(input) ? 'the daemon of the rehearsal ended with its run' : undefined),
  ways: wayOnRunning({ server: 'secretHttp', 'restart-command': 'systemctl restart daemon' }),
  limits: input =>
    isIsolated(input)
      ? []
      : [
          'leases on the slot, and what the MCP server was shown: only the rehearsal’s own server can be looked into',
          ...(input.params['tool'] === undefined ? ['a tool call with the new value: no tool= was given'] : []),
          'what a rotation on this daemon looks like when it goes wrong: it is in use, and nothing of it is broken',
        ],
  steps: input => [
    daemonStep(input, {
      recipe: (context, own) => mcpRecipe(context, own, 'bearer'),
      commands: [
        'secrets set mcp.custom.secretHttp.BEARER_TOKEN --offline --state-root <state-root> --provider generic --stdin',
      ],
      yields: [mcpSite],
      verify: [instanceReady],
    }),
    look(input),
    take(input),
    ...deliverStep(input, { handedOver }),
    ...consumersBeforeStep(input, { consumersAsked }),
    store(input),
    // There is no way back to the old value, so also a slot that was set in an odd way is put to use.
    ...[
      isIsolated(input) ? startAgain : restartStep(input, { page: PAGE, command: START_WITH }, instanceReady),
      use(input),
    ].map((step): Step => ({ ...step, afterFailure: [storedBearer] })),
    ...consumersStep(input, { consumersWork }),
    isIsolated(input) ? withdraw : withdrawThere(input),
    ...(isIsolated(input) ? [] : [lookBack(input)]),
    ...endSteps(input, { nothingLeft, noSecretWritten }),
  ],
})

const look = (input: PlanInput): Step => ({
  id: 'look',
  title: 'Find the slot of the server, and who else draws on it',
  effect: 'read',
  docs: { page: PAGE, command: 'runtime get' },
  timeoutMs: 30_000,
  yields: [bearerUse],
  run: {
    describe: 'ask for the MCP servers and for the slot of the one that is named',
    async execute(context) {
      const found = await lookAtUse(context)
      context.set(bearerUse, found)
      context.run.fact('rotation.slot', found.slot)
      context.run.fact('rotation.servers', found.users.join(', '))
    },
  },
  verify: isIsolated(input) ? [mcpReadable, withoutInstances(mcpConnected), mcpToolCall] : [mcpReadable],
})

const take = (input: PlanInput): Step => ({
  id: 'new',
  title: 'Take the new value, and ask the MCP server whether it knows it',
  effect: 'read',
  docs: { page: PAGE },
  timeoutMs: 30_000,
  role: 'security-owner',
  yields: [newSecret, formerBearer],
  run: {
    describe: isIsolated(input)
      ? 'make a value of 32 random bytes, which the server beside the daemon takes from now on, as well as the old one'
      : 'take --secret new=, issued where the MCP server looks bearers up; its old one stays good meanwhile',
    async execute(context) {
      const next = takeNewSecret(context)
      const former = oldBearer(context)
      if (former !== undefined) context.protect(former)
      context.set(formerBearer, former)
      if (context.values.find(storedBearer) !== undefined) trustOld(context, context.values.get(bearerUse).slot)
      if (!isIsolated(input)) return
      await expectBearer(context, next)
      await keepFormerBearer(context, former)
    },
  },
  verify: [bearerFits, peerTakesNew, peerTakesOld],
})

const store = ({ target }: PlanInput): Step => ({
  id: 'set',
  title: 'Set the slot; every server that draws on it is disconnected until the daemon is started again',
  effect: 'write',
  docs: { page: PAGE, command: SET },
  timeoutMs: 60_000,
  role: 'operator',
  yields: [storedBearer],
  // The same value once more disconnects what is disconnected already.
  resume: 'repeatable',
  irreversible: 'the old value cannot be read back: going back means setting it again from where it was issued',
  run: {
    describe: 'store the new value, which travels on standard input',
    commands: [`${target.program} secrets set <ref> --provider generic --stdin`],
    async execute(context) {
      const { slot, updatedAtMs } = context.values.get(bearerUse)
      const looked = { slot, changedAtMs: updatedAtMs, what: 'value' }
      const stored = await setGuarded(context, looked, () => storeNew(context))
      context.set(storedBearer, stored)
      context.run.assume(`since ${stored.at} its servers are disconnected until the daemon is started again`)
    },
  },
  verify: [slotNewer(storedBearer), bearerStored],
})

const startAgain: Step = {
  id: 'restart',
  title: 'Start the daemon again: it reads its list of MCP servers at start only',
  effect: 'read',
  docs: { page: PAGE, command: START_WITH },
  timeoutMs: 60_000,
  run: {
    describe: 'SIGTERM, and a start on the same state and port',
    commands: ['kheish-daemon serve --mcp-config <mcp-config> --state-root <view> --mcp-discovery disabled …'],
    execute: context => restartAs(context, 'bearer'),
  },
  verify: [withoutInstances(instanceReady)],
}

const use = (input: PlanInput): Step => ({
  id: 'use',
  title: 'See that the server is connected with the new value, and call a tool of it',
  effect: 'read',
  docs: { page: PAGE, command: 'mcp tools call <name> --input-json <json>' },
  timeoutMs: withinMsOf(input) + BESIDES_MS,
  yields: isIsolated(input) ? [modelCall] : [],
  run: isIsolated(input)
    ? { describe: 'have the model beside the daemon call a tool of the server', execute: useByModel }
    : onlyChecks('nothing: the check waits until the server is connected, and calls tool= where that was given'),
  verify: [isIsolated(input) ? bearerInUse : bearerConnected],
})

const withdraw: Step = {
  id: 'withdraw',
  title: 'Have the MCP server take the old value no longer, and show it once more',
  effect: 'read',
  docs: { page: PAGE },
  timeoutMs: 30_000,
  run: {
    describe: 'tell the server beside the daemon to take the old value no longer',
    execute: context => keepFormerBearer(context, undefined),
  },
  verify: [oldBearerRefused, mcpToolCall],
}

const withdrawThere = ({ params }: PlanInput): Step => ({
  id: 'withdraw',
  title: 'Withdraw the old value where it was issued',
  effect: 'write',
  docs: { page: PAGE },
  timeoutMs: 900_000,
  role: 'security-owner',
  resume: 'repeatable',
  irreversible: 'a value that was withdrawn is issued no more: go on with the new one',
  run: {
    instruction: `withdraw the old bearer token of ${params['server']} where it was issued, and nothing else there`,
    confirm: 'the old bearer token is withdrawn',
    attachment: 'what the issuer shows of it',
  },
  verify: [],
})

const lookBack = (input: PlanInput): Step => ({
  id: 'withdrawn',
  title: 'See that the server goes on with the new value, and refuses the old one',
  effect: 'read',
  docs: { page: PAGE, command: 'runtime get' },
  timeoutMs: withinMsOf(input) + BESIDES_MS,
  run: onlyChecks(),
  verify: [bearerConnected, oldBearerRefused],
})

function refuseObject(value: string): string | undefined {
  try {
    const parsed: unknown = JSON.parse(value)
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)
      ? undefined
      : 'expected a JSON object, such as {"text":"hello"}'
  } catch {
    return 'expected a JSON object, such as {"text":"hello"}'
  }
}
