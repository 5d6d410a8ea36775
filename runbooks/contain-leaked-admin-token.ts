#!/usr/bin/env -S sh -c 'exec "$(dirname "$(readlink -f "$0")")/../bin/runproof" run "$0" "$@"'
import { instanceReady } from '../src/checks/daemon/instance-ready.ts'
import { noSecretWritten } from '../src/checks/daemon/no-secret-written.ts'
import { nothingLeft } from '../src/checks/daemon/tear-down.ts'
import { attackTookHold } from '../src/checks/incident/attack-took-hold.ts'
import { containedFirst, settingsNoted, settingsRestored } from '../src/checks/incident/first-containment.ts'
import { attackerShutOut, fileTokenOpens, leakedTokenRefused } from '../src/checks/incident/leaked-token.ts'
import {
  baselineSound,
  nothingSinceSweep,
  plantedFound,
  sweepComplete,
} from '../src/checks/incident/persistence-sweep.ts'
import { postIncidentWritten } from '../src/checks/incident/post-incident.ts'
import { refusalsCounted } from '../src/checks/incident/refusals-counted.ts'
import { snapshotWhole } from '../src/checks/incident/snapshot-whole.ts'
import { ROUTE_SLOT } from '../src/daemon/make-site.ts'
import { answering, daemon } from '../src/daemon/subjects.ts'
import { closeStep } from '../src/incident/close.ts'
import { firstContainment, readSettings, restoreSettings } from '../src/incident/first-containment.ts'
import { incidentUnresumable, sinceMs } from '../src/incident/params.ts'
import { person, tellStakeholders } from '../src/incident/people.ts'
import { smokeLine } from '../src/incident/regression.ts'
import {
  containment,
  isShutOut,
  leaked,
  leakedAfterBreak,
  replaceLeakedToken,
  replacementBegun,
  tellHeldStream,
  whatWasSeen,
} from '../src/incident/scenarios/leaked-token.ts'
import {
  LEAKED_TOKEN_WAYS,
  leakedTokenConflict,
  leakedTokenParams,
} from '../src/incident/scenarios/leaked-token-params.ts'
import { ADMIN_ACTIONS_UNKNOWN, refusalsByAddress, tellRefusals } from '../src/incident/scenarios/refusals.ts'
import { snapshotAction, snapshotStep } from '../src/incident/snapshot/snapshot.ts'
import { attack, attackDaemon } from '../src/incident/sweep/attack.ts'
import { sweep, takeSweep } from '../src/incident/sweep/sweep.ts'
import type { NonEmpty } from '../src/model/check.ts'
import { parseDuration } from '../src/model/duration.ts'
import { toRunproofError } from '../src/model/error.ts'
import { defineRunbook, type PlanInput, type Step, type StepContext } from '../src/model/runbook.ts'
import { isIsolated, suiteInUse, suiteLacks } from '../src/suite/params.ts'
import { daemonStep, endSteps } from '../src/suite/steps.ts'

const PAGE = 'production-runbooks'
/** Asking before and after the wait for the new token. */
const BESIDES_MS = 60_000

export default defineRunbook({
  id: 'contain-leaked-admin-token',
  title: 'Shut out whoever holds a leaked admin token, and find what they left behind',
  purpose: 'containment',
  params: leakedTokenParams,
  secrets: ['new', 'leaked'],
  conflict: leakedTokenConflict,
  lacks: suiteLacks,
  inUse: suiteInUse,
  unresumable: incidentUnresumable,
  snapshot: snapshotAction('kheish-daemon'),
  ways: LEAKED_TOKEN_WAYS,
  limits: input => [
    ADMIN_ACTIONS_UNKNOWN,
    'a slot that was overwritten together with the time it had before: by contract whoever sets a slot gives its time of change; in doubt set every slot anew',
    'what the intruder took away: prompts, answers and files that an admin may read count as read',
    ...(input.params['base-url'] === undefined
      ? ['an intruder who hides: the one of the rehearsal leaves its things where they are listed']
      : []),
  ],
  steps,
})

function steps(input: PlanInput): NonEmpty<Step> {
  const contain: readonly Step[] = [
    replace(input),
    readSettings(settingsNoted),
    sweepFor(input),
    firstContainment(input, containedFirst),
    snapshotStep('before', input, snapshotWhole('before')),
    attackersView,
    decideFindings,
    lookAgain(input),
    restoreSettings(input, settingsRestored),
    tellStakeholders('the admin token leaked, was replaced, and has to be taken anew from where it is kept'),
  ]
  if (input.params['baseline-only'] === 'yes')
    return [
      byOperator(daemonStep(input, { knocks: false, verify: [fileTokenOpens] })),
      sweepFor(input),
      ...endSteps(input, { nothingLeft, noSecretWritten }).map(byOperator),
    ]
  return [
    byOperator(daemonStep(input, { knocks: false, verify: [fileTokenOpens] })),
    ...(isIsolated(input) ? [intrude(input)] : []),
    ...contain,
    close(input, contain),
    ...endSteps(input, { nothingLeft, noSecretWritten }).map(byOperator),
  ]
}

const byOperator = (step: Step): Step => ({ ...step, role: 'operator' })

const intrude = ({ target }: PlanInput): Step => ({
  id: 'intrude',
  title: 'Leave behind, with the admin token, one of everything that lasts',
  effect: 'write',
  docs: { page: PAGE, command: `secrets set ${ROUTE_SLOT} --provider openai --stdin` },
  timeoutMs: 60_000,
  role: 'operator',
  afterFailure: [answering],
  yields: [attack],
  resume: 'once',
  irreversible: 'the daemon is the rehearsal’s own, and ends with it',
  run: {
    describe:
      'note what lasts, signed; then make a connector, a hook, a schedule, a capture agent, allow everything, and overwrite the slot of the route',
    commands: [`${target.program} secrets set ${ROUTE_SLOT} --provider openai --stdin`],
    execute: attackDaemon,
  },
  verify: [attackTookHold],
})

/** The first thing that is done. The rest of the evidence is taken right afterwards: nothing of it is changed by this. */
const replace = ({ params }: PlanInput): Step => ({
  id: 'replace',
  title: 'Replace the leaked token in its file, and see it refused',
  effect: 'write',
  docs: { page: PAGE, command: 'mv $KEYS/admin-token.next $KEYS/admin-token' },
  timeoutMs: BESIDES_MS + parseDuration(params['within']!),
  role: 'operator',
  afterFailure: [answering],
  yields: [replacementBegun, leaked, containment],
  resume: 'repeatable',
  reestablish: leakedAfterBreak,
  irreversible: 'the leaked token is stored nowhere, and should not be: rotate again instead',
  run: {
    describe: `note owner and mode of the token file; hold an event stream open with the leaked token; replace the token (${params['style']}) by --secret new=, or by 32 random bytes; show the leaked one until it is refused`,
    execute: replaceLeakedToken,
  },
  verify: [leakedTokenRefused],
})

const sweepFor = (input: PlanInput): Step => ({
  id: 'sweep',
  title: 'List what lasts in the daemon, and what of it came with the intruder',
  effect: 'read',
  docs: { page: PAGE, command: 'schedules list' },
  timeoutMs: 60_000,
  role: 'security-owner',
  afterFailure: [containment],
  yields: [sweep],
  run: {
    describe:
      'list connectors, hooks, settings, revisions, schedules, MCP servers, capture agents and slots; hold them against baseline= and since=; write sweep.md, and the list itself, signed',
    async execute(context) {
      const rehearsed = context.values.find(attack)
      const given = {
        baselineDir: context.params['baseline'] ?? rehearsed?.baselineDir,
        sinceMs: sinceMs(context) ?? rehearsed?.sinceMs,
      }
      context.set(sweep, await takeSweep(context, given))
    },
  },
  verify: [sweepComplete, baselineSound, ...(isIsolated(input) ? [plantedFound] : [])],
})

/** Right before the settings are put back: until then whatever came late is contained. */
function lookAgain(input: PlanInput): Step {
  const step = snapshotStep('after', input, snapshotWhole('after'))
  return { ...step, verify: [snapshotWhole('after'), nothingSinceSweep] } as Step
}

const attackersView: Step = {
  id: 'attackers-view',
  title: 'Try the door with the leaked token once more, and count who else did',
  effect: 'read',
  docs: { page: PAGE, command: '--token-file $KEYS/admin-token status' },
  timeoutMs: 60_000,
  role: 'security-owner',
  afterFailure: [leaked],
  yields: [refusalsByAddress],
  run: {
    describe: 'look what became of the stream that was held; count the refusals of the audit log by address',
    async execute(context) {
      tellHeldStream(context)
      if (context.values.get(daemon).stateRoot === undefined)
        context.run.notTested('how often each address was refused: no state-root= was given')
      // Who is still let in is asked all the same.
      else await tellRefusals(context, sinceMs(context)).catch(thrown => withoutLog(context, thrown))
    },
  },
  verify: [attackerShutOut, refusalsCounted, instanceReady],
}

function withoutLog({ run, signal }: StepContext, thrown: unknown): void {
  if (signal.aborted) throw thrown
  run.notTested(`how often each address was refused: ${toRunproofError(thrown).message}`)
}

/** Also where one kind could not be read: the others were. */
const decideFindings: Step = {
  ...person('decide-findings', 'Decide about each finding of the sweep, one by one', 'security-owner', {
    instruction:
      'Read artifacts/sweep.md. For each finding say: ours, or take it away by the command that stands there. Nothing is taken away by itself.',
    confirm: 'Each finding of the sweep was decided about, and what was not ours was taken away.',
    attachment: 'sweep.md, with a decision and a name beside each finding',
  }),
  afterFailure: [sweep],
}

/** Of the findings, in the list that is left behind: all of them are in sweep.md, and what else is open must be seen. */
const MOST_LISTED = 100

/** Also where something after the replacement failed: what is open is then asked for most. */
const close = (input: PlanInput, all: readonly Step[]): Step => ({
  ...closeStep(input, {
    written: postIncidentWritten,
    steps: all,
    closing({ values, target }) {
      const contained = values.get(containment)
      const { refusedAfterMs } = contained
      const { file, held } = values.get(leaked)
      const { findings } = values.find(sweep) ?? {}
      return {
        scenario: 'The admin token leaked',
        rotated: [
          {
            what: `admin token in ${file}`,
            result: isShutOut(contained)
              ? `the leaked one is refused, ${refusedAfterMs} ms after the run began`
              : `the file has a new one; ${whatWasSeen(contained)}`,
          },
        ],
        revoked: [],
        restored: [],
        open: [
          ...(isShutOut(contained)
            ? []
            : ['the leaked token: restart the daemon, and show it once by hand; until it is refused it may be good']),
          ...(findings === undefined ? ['what was left behind: the sweep could not be made'] : []),
          ...(findings ?? [])
            .slice(0, MOST_LISTED)
            .map(({ kind, id, how }) => `${kind} ${id} (${how.join(', ')}): ours, or taken away?`),
          ...(findings !== undefined && findings.length > MOST_LISTED
            ? [`${findings.length - MOST_LISTED} more findings, in artifacts/sweep.md: ours, or taken away?`]
            : []),
          ...(held?.isOpen() === true
            ? ['whoever holds an event stream since before still reads it, until the daemon restarts']
            : []),
          ADMIN_ACTIONS_UNKNOWN,
        ],
        regression: [smokeLine(input, 'live'), `bin/runproof run contain-leaked-admin-token --target ${target.id}`],
      }
    },
  }),
  afterFailure: [containment, leaked],
})
