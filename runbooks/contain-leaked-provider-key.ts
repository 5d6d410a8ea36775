#!/usr/bin/env -S sh -c 'exec "$(dirname "$(readlink -f "$0")")/../bin/runproof" run "$0" "$@"'
import { noSecretWritten } from '../src/checks/daemon/no-secret-written.ts'
import { nothingLeft } from '../src/checks/daemon/tear-down.ts'
import { containedFirst, settingsNoted, settingsRestored } from '../src/checks/incident/first-containment.ts'
import { stolenKeyRefused, subjectBanned } from '../src/checks/incident/leaked-key.ts'
import { fileTokenOpens } from '../src/checks/incident/leaked-token.ts'
import { postIncidentWritten } from '../src/checks/incident/post-incident.ts'
import { snapshotWhole } from '../src/checks/incident/snapshot-whole.ts'
import { answering, daemon } from '../src/daemon/subjects.ts'
import { closeStep, resultOf } from '../src/incident/close.ts'
import { firstContainment, readSettings, restoreSettings } from '../src/incident/first-containment.ts'
import { incidentUnresumable } from '../src/incident/params.ts'
import { evenSo, tellStakeholders } from '../src/incident/people.ts'
import { smokeLine } from '../src/incident/regression.ts'
import {
  asContainment,
  banned,
  banSubject,
  PROVIDER_KEY_WAYS,
  providerKeyConflict,
  providerKeyParams,
} from '../src/incident/scenarios/provider-key.ts'
import { snapshotAction, snapshotStep } from '../src/incident/snapshot/snapshot.ts'
import type { NonEmpty } from '../src/model/check.ts'
import { defineRunbook, type PlanInput, type Step, type StepContext } from '../src/model/runbook.ts'
import { containment, keySet, oldCanary } from '../src/rotation/slots/route-key.ts'
import { onlyChecks } from '../src/suite/acts.ts'
import { liveRecipe, routeCredential } from '../src/suite/live-recipe.ts'
import { PROVIDER_KEY } from '../src/suite/own-recipe.ts'
import { isIsolated, suiteInUse, suiteLacks } from '../src/suite/params.ts'
import { daemonStep, endSteps } from '../src/suite/steps.ts'
import { contain, look, newKey, onceMore, prove, revokeAtProvider, set, tryOld } from './rotate-route-key.ts'

const PAGE = 'production-runbooks'

const about = ({ values }: StepContext) => ({
  leases: values.find(oldCanary)?.leases ?? [],
  runs: [values.find(oldCanary)?.run?.id].filter(id => id !== undefined),
})

export default defineRunbook({
  id: 'contain-leaked-provider-key',
  title: 'A provider key leaked: block its slot first, then replace the key and prove that the new one works',
  purpose: 'containment',
  params: providerKeyParams,
  secrets: ['new', PROVIDER_KEY],
  conflict: providerKeyConflict,
  lacks: suiteLacks,
  inUse: suiteInUse,
  unresumable: incidentUnresumable,
  snapshot: snapshotAction('kheish-daemon', about),
  ways: PROVIDER_KEY_WAYS,
  limits: input => [
    'what was done with the stolen key: only the provider’s own usage log tells',
    'other programs that use the same key at the provider',
    ...(isIsolated(input)
      ? []
      : ['whether the provider refuses the stolen key: only a person who has it, or its console, can tell']),
    ...(input.params['subject'] === undefined
      ? [
          'revoking an agent, a session or a connector, which is for ever: it is contained by its slot; subject= revokes one',
        ]
      : []),
  ],
  steps,
})

function steps(given: PlanInput): NonEmpty<Step> {
  const input = asContainment(given)
  const contained: readonly Step[] = [
    ...(isIsolated(input) ? [asOperator(newKey), asOperator(tryOld)] : []),
    // Before anything else, and without waiting for a new key: runs that fail cost less than a key that works for somebody else.
    // Nor for a diagnosis: a slot that could not be looked at is blocked by its name.
    { ...contain, afterFailure: [answering] },
    readSettings(settingsNoted),
    firstContainment(input, containedFirst),
    snapshotStep('before', input, snapshotWhole('before'), about),
    ...(input.params['subject'] === undefined ? [] : [ban(input)]),
    evenSo(revokeAtProvider),
    ...(isIsolated(input) ? [] : [asOperator(newKey)]),
    set(input),
    asOperator(prove(input)),
    asOperator(onceMore(input)),
    ...(isIsolated(input) ? [attackersView] : []),
    snapshotStep('after', input, snapshotWhole('after'), about),
    tellStakeholders('a provider key leaked; runs failed from its revocation on until the new one was set'),
    restoreSettings(input, settingsRestored),
  ]
  return [
    asOperator(daemonStep(input, { recipe: liveRecipe, yields: [routeCredential], verify: [fileTokenOpens] })),
    asOperator(look),
    ...contained,
    close(input, contained),
    ...endSteps(input, { nothingLeft, noSecretWritten }).map(asOperator),
  ]
}

const asOperator = (step: Step): Step => ({ ...step, role: step.role ?? 'operator' })

const ban = ({ params, target }: PlanInput): Step => ({
  id: 'revoke-subject',
  title: `Revoke ${params['subject']} for ever: there is no way back`,
  effect: 'destroy',
  docs: { page: PAGE, command: 'runtime auth revoke-subject <subject_id>' },
  timeoutMs: 60_000,
  role: 'security-owner',
  afterFailure: [answering],
  yields: [banned],
  resume: 'repeatable',
  irreversible:
    'by contract a revoked subject is revoked for ever: whoever needs it again needs another one, of another name',
  run: {
    describe: `revoke ${params['subject']}: it is never given a credential again, and no command takes that back`,
    commands: [`${target.program} runtime auth revoke-subject <subject_id>`],
    execute: banSubject,
  },
  verify: [subjectBanned],
})

const attackersView: Step = {
  id: 'attackers-view',
  title: 'Show the stolen key to the provider, past the daemon',
  effect: 'read',
  timeoutMs: 60_000,
  role: 'security-owner',
  afterFailure: [daemon],
  run: onlyChecks('nothing: its check asks the provider beside the daemon'),
  verify: [stolenKeyRefused],
}

/** Also where the recovery failed, for instance for want of a new key: what is open is then asked for most. */
const close = (input: PlanInput, all: readonly Step[]): Step => ({
  ...closeStep(input, {
    written: postIncidentWritten,
    steps: all,
    closing(context) {
      const { values } = context
      const { slot, printed } = values.get(containment)
      const gone = values.find(banned)
      const made = values.find(keySet)
      return {
        scenario: 'A provider key leaked',
        rotated:
          made === undefined
            ? []
            : [{ what: `slot ${slot}`, result: resultOf(context, 'set', `set anew at ${made.endedAt}`) }],
        revoked: [
          {
            what: `slot ${slot}`,
            result: resultOf(context, 'contain', `revoked, with ${printed.view?.revokedLeases ?? 0} leases`),
          },
          ...(gone === undefined
            ? []
            : [{ what: gone.before.id, result: resultOf(context, 'revoke-subject', 'revoked for ever') }]),
        ],
        restored: [],
        open: [
          ...(made === undefined ? [`slot ${slot} is blocked, and its runs fail, until a new key is set`] : []),
          'the key itself, until somebody says that it is revoked at the provider',
          'what the provider’s usage log shows since the key leaked',
        ],
        regression: [
          smokeLine(input, 'live'),
          `bin/runproof run contain-leaked-provider-key --target ${input.target.id}`,
        ],
      }
    },
  }),
  afterFailure: [containment],
})
