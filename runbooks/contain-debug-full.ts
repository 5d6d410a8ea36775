#!/usr/bin/env -S sh -c 'exec "$(dirname "$(readlink -f "$0")")/../bin/runproof" run "$0" "$@"'
import { join } from 'node:path'
import { everythingCaptured, inventoryTaken, nothingCaptured } from '../src/checks/incident/debug-capture.ts'
import { courseChecks } from '../src/checks/incident/incident-course.ts'
import { daemon } from '../src/daemon/subjects.ts'
import type { Closing } from '../src/incident/close.ts'
import { courseOf } from '../src/incident/course.ts'
import {
  INCIDENT_WAYS,
  incidentConflict,
  incidentParams,
  incidentUnresumable,
  sinceMs,
} from '../src/incident/params.ts'
import { evenSo, person } from '../src/incident/people.ts'
import { smokeLine } from '../src/incident/regression.ts'
import {
  capturedRun,
  captureEverything,
  debugInventory,
  makeRun,
  takeInventory,
  uncapturedRun,
} from '../src/incident/scenarios/debug-capture.ts'
import { snapshotAction } from '../src/incident/snapshot/snapshot.ts'
import { defineRunbook, type PlanInput, type Step, type StepContext } from '../src/model/runbook.ts'
import { reachOf, suiteInUse, suiteLacks } from '../src/suite/params.ts'

const PAGE = 'production-runbooks'
const INVENTORY = 'debug-inventory.json'

const about = ({ values }: StepContext) => ({
  runs: [values.find(capturedRun), values.find(uncapturedRun)].flatMap(run => (run === undefined ? [] : [run.runId])),
})

export default defineRunbook({
  id: 'contain-debug-full',
  title: 'Debug capture was left on at full: stop it, list what it kept, and prove that nothing more is kept',
  purpose: 'containment',
  params: incidentParams,
  conflict: input => incidentConflict(input),
  lacks: suiteLacks,
  inUse: suiteInUse,
  unresumable: incidentUnresumable,
  snapshot: snapshotAction('kheish-daemon', about),
  ways: INCIDENT_WAYS,
  limits: input => [
    'what stands in the payloads that were captured: names and sizes are listed, nothing of them is read',
    'where copies of the captured files went: backups and snapshots of the state root have them, too',
    'whether credentials were captured that lie in no slot, for instance those that a tool printed',
    ...(reachOf(input) === 'running' ? ['what it looks like when capture goes on: the daemon is in use'] : []),
  ],
  steps: input =>
    courseOf(input, courseChecks, {
      make: [leaveOn],
      about,
      decide: 'what was captured is kept as evidence or pruned, and which credentials are rotated',
      contain: [inventory(input)],
      verify: [runAfter],
      tell: 'debug capture wrote down what runs exchanged, from when on, and which credentials may stand in it',
      // Also where no run could be made: what was captured before is there all the same.
      recover: [evenSo(rotateExposed), evenSo(keepOrPrune)],
      closing: context => closing(input, context),
    }),
})

const leaveOn: Step = {
  id: 'leave-on',
  title: 'Set the debug level to full, and have a run captured',
  effect: 'write',
  timeoutMs: 90_000,
  resume: 'repeatable',
  irreversible: 'the daemon is the rehearsal’s own',
  yields: [capturedRun],
  run: {
    describe: 'set the debug level to full, and have a run answered meanwhile',
    execute: async context => context.set(capturedRun, await captureEverything(context)),
  },
  verify: [everythingCaptured],
}

const inventory = (input: PlanInput): Step => ({
  id: 'inventory',
  title: 'List what debug capture kept, and whose credentials it may show',
  effect: 'read',
  docs: { page: PAGE, command: 'doctor routes --check-auth' },
  timeoutMs: 120_000,
  role: 'operator',
  afterFailure: [daemon],
  yields: [debugInventory],
  run: {
    describe: `ask of each run, 200 at most, what was captured; list the files of the state root; write ${INVENTORY}`,
    commands: ['kheish-daemon doctor routes --check-auth'],
    async execute(context) {
      const { run, tools } = context
      const taken = await takeInventory(context, sinceMs(input))
      context.set(debugInventory, taken)
      run.fact('debug.capturedRuns', taken.captured.length)
      run.fact('debug.files', taken.files?.files.length ?? 'nobody said where the state root is')
      if (taken.notAsked > 0) run.notTested(`${taken.notAsked} older runs: only the newest are asked what was captured`)
      if (taken.files?.cut === true) run.notTested('all files of debug capture: there are more than were listed')
      if (taken.files === null) run.notTested('files of debug capture: no state-root= was given')
      await tools.files.write(join(run.artifactsDir, INVENTORY), `${JSON.stringify(taken, null, 2)}\n`)
    },
  },
  verify: [inventoryTaken],
})

const runAfter: Step = {
  id: 'run-after',
  title: 'Have a run made now, and see that nothing of it is kept',
  effect: 'write',
  docs: { page: PAGE, command: 'runs debug <run_id>' },
  timeoutMs: 90_000,
  role: 'operator',
  resume: 'repeatable',
  irreversible: 'a session cannot be deleted; the run stays on record, and its provider charges for it',
  yields: [uncapturedRun],
  run: {
    describe: 'have a run of a few words answered, in the session runproof-after',
    execute: async context => context.set(uncapturedRun, await makeRun(context, 'runproof-after')),
  },
  verify: [nothingCaptured],
}

const rotateExposed = person('rotate-exposed', 'Rotate what may have been captured', 'security-owner', {
  instruction: `Rotate every credential that artifacts/${INVENTORY} gives a reason for: runproof run rotate-route-key, rotate-connector-credential and their siblings; at the provider, too.`,
  confirm: 'Every credential that may have been captured was rotated, or it was decided which ones are not.',
  attachment: 'the list with who decided what',
})

const keepOrPrune = person('keep-or-prune', 'Keep or remove what was captured', 'incident-commander', {
  instruction:
    'Decide by your retention policy. To keep: copy the debug directory of the state root into restricted storage. To remove: runs prune --older-than-ms <ms> --dry-run, read what it names, then again without --dry-run.',
  confirm: 'What was captured is kept in a restricted place, or it was removed.',
})

function closing(input: PlanInput, { values }: StepContext): Closing {
  const taken = values.find(debugInventory)
  const suspect = (taken?.slots ?? []).filter(({ why }) => why.length > 0)
  return {
    scenario: 'Debug capture was left on at full',
    rotated: [],
    revoked: [],
    restored: [],
    open: [
      ...suspect.map(({ id, why }) => `rotate slot ${id}: ${why[0]}`),
      ...(taken === undefined ? ['what was captured was not listed'] : []),
      ...(taken !== undefined && taken.notAsked > 0 ? [`${taken.notAsked} older runs were not asked about`] : []),
      'find the copies: backups of the state root that were made meanwhile hold what was captured',
    ],
    regression: [smokeLine(input, 'slo-probe')],
  }
}
