#!/usr/bin/env -S sh -c 'exec "$(dirname "$(readlink -f "$0")")/../bin/runproof" run "$0" "$@"'
import { instanceReady } from '../src/checks/daemon/instance-ready.ts'
import { noSecretWritten } from '../src/checks/daemon/no-secret-written.ts'
import { nothingLeft } from '../src/checks/daemon/tear-down.ts'
import { consumersAsked, consumersWork } from '../src/checks/slots/consumers.ts'
import { handedOver } from '../src/checks/slots/handed-over.ts'
import { newKeyWorks, oldKeyWorks, stillAnswered, whereNobodySees } from '../src/checks/slots/route-canary.ts'
import {
  containedRefuses,
  keyChanged,
  keyLeasesDead,
  newKeyFits,
  slotContained,
  slotRead,
} from '../src/checks/slots/route-key.ts'
import { runsWentOn } from '../src/checks/slots/runs-meanwhile.ts'
import { ROUTE_SLOT } from '../src/daemon/make-site.ts'
import { defineRunbook, type PlanInput, type Step } from '../src/model/runbook.ts'
import { consumersBeforeStep, consumersStep } from '../src/rotation/consumers.ts'
import { deliverStep } from '../src/rotation/deliver.ts'
import { newSecret, takeNewSecret } from '../src/rotation/new-secret.ts'
import {
  containment,
  findRouteKey,
  keySet,
  lastCanary,
  nameKeys,
  newCanary,
  oldCanary,
  revokeRouteSlot,
  routeKey,
  setRouteKey,
  slotNamed,
  tryCanary,
} from '../src/rotation/slots/route-key.ts'
import { ROUTE_KEY_WAYS, routeKeyConflict, routeKeyParams } from '../src/rotation/slots/route-key-params.ts'
import { setGuarded } from '../src/rotation/slots/set-guarded.ts'
import { keySha256, liveRecipe, routeCredential } from '../src/suite/live-recipe.ts'
import { PROVIDER_KEY } from '../src/suite/own-recipe.ts'
import { isIsolated, suiteInUse, suiteLacks, suiteUnresumable } from '../src/suite/params.ts'
import { switchProvider, withoutProvider } from '../src/suite/provider.ts'
import { daemonStep, endSteps } from '../src/suite/steps.ts'

const PAGE = 'production-runbooks'
const RUN_STEP_MS = 120_000
const LOOKING = ['kheish-daemon doctor routes --check-auth', 'kheish-daemon secrets get <auth_ref>']
const STAYS = 'a session cannot be deleted; its run stays on record, and the provider charges for it'

/** The provider beside the daemon is told which keys it takes; any other is somebody’s. */
const isRehearsal = (input: PlanInput) =>
  isIsolated(input) && !input.target.real && input.params['provider-url'] === undefined
const isContained = ({ params }: PlanInput) => params['contain'] === 'yes'

export default defineRunbook({
  id: 'rotate-route-key',
  title: 'Replace the API key behind a route, and prove by a run through the provider that the new one works',
  purpose: 'rotation',
  params: routeKeyParams,
  secrets: ['new', PROVIDER_KEY],
  conflict: routeKeyConflict,
  lacks: suiteLacks,
  inUse: suiteInUse,
  unresumable: suiteUnresumable,
  ways: ROUTE_KEY_WAYS,
  limits: input => [
    'other programs that use the same key at the provider: they are not asked, and stop working once it is revoked there',
    'an organization or a project that the slot had: setting it replaces them, too, and nothing shows them',
    ...(isIsolated(input)
      ? []
      : [
          'that the new key is another one than before: the daemon shows neither',
          'which key the provider is shown: only that a run still works once the old key is revoked there says so',
        ]),
  ],
  steps: input => [
    daemonStep(input, { recipe: liveRecipe, yields: [routeCredential], verify: [instanceReady] }),
    look,
    ...beforehand(input),
    ...deliverStep(input, { handedOver }),
    ...consumersBeforeStep(input, { consumersAsked }),
    set(input),
    prove(input),
    ...consumersStep(input, { consumersWork }),
    ...withdraw(input),
    ...endSteps(input, { nothingLeft, noSecretWritten }),
  ],
})

/**
 * A leak is contained before anything is tried. The new key is looked at even before: one that cannot be set would leave the slot
 * blocked. Where it is only rehearsed, leases have to be made first.
 */
function beforehand(input: PlanInput): readonly Step[] {
  if (!isContained(input)) return [newKey, tryOld]
  return isIsolated(input) ? [newKey, tryOld, contain] : [newKey, contain]
}

export const look: Step = {
  id: 'look',
  title: 'Look at the slot, and at the routes that read it',
  effect: 'read',
  docs: { page: PAGE, command: 'secrets get <auth_ref>' },
  timeoutMs: 60_000,
  yields: [routeKey],
  run: {
    describe:
      'read when the slot was changed last, and which routes read it; choose the route that canaries go through',
    commands: LOOKING,
    async execute(context) {
      const found = await findRouteKey(context, context.params['auth-ref'] ?? ROUTE_SLOT, context.params['route'])
      context.set(routeKey, found)
      context.run.fact('rotation.slot', found.slot)
      if (found.route !== undefined) context.run.fact('rotation.route', found.route.id)
    },
  },
  verify: [slotRead],
}

export const newKey: Step = {
  id: 'new-key',
  title: 'Look at the new key',
  effect: 'read',
  docs: { page: PAGE, command: 'secrets set <auth_ref> --provider <provider> --stdin' },
  timeoutMs: 30_000,
  yields: [newSecret],
  run: {
    describe: 'take the new key from --secret new=; a provider beside the daemon takes both keys from now on',
    async execute(context) {
      takeNewSecret(context)
      await nameKeys(context)
    },
  },
  verify: [newKeyFits],
}

export const tryOld: Step = {
  id: 'old-canary',
  title: 'Have a run answered with the old key',
  effect: 'write',
  docs: { page: PAGE, command: 'doctor routes --check-auth' },
  timeoutMs: RUN_STEP_MS,
  resume: 'repeatable',
  irreversible: STAYS,
  yields: [oldCanary],
  run: {
    describe: 'submit a prompt with a marker through the route, and wait for the end; it takes a lease on the old key',
    commands: LOOKING,
    execute: async context => context.set(oldCanary, await tryCanary(context)),
  },
  verify: [oldKeyWorks],
}

export const contain: Step = {
  id: 'contain',
  title: 'Revoke the slot first: from now on no run gets a key',
  effect: 'write',
  docs: { page: PAGE, command: 'runtime auth revoke-slot <auth_ref>' },
  timeoutMs: RUN_STEP_MS,
  role: 'security-owner',
  resume: 'repeatable',
  irreversible: 'the slot is blocked until it is set again, which a later step does; every run on its routes fails',
  yields: [containment],
  run: {
    describe: 'revoke the slot: its leases die, and every run that needs it fails until it is set again',
    commands: ['kheish-daemon runtime auth revoke-slot <auth_ref>'],
    async execute(context) {
      const { leases = [] } = context.values.find(oldCanary) ?? {}
      const contained = await revokeRouteSlot(context, leases)
      context.set(containment, contained)
      if (contained.leases.length === 0)
        context.run.notTested('that leases on the slot die with its revocation: none was known to be good before')
      const at = context.tools.clock.now().toISOString()
      context.run.fact('rotation.containedAt', at)
      context.run.assume(
        `from ${at} on the slot ${slotNamed(context)} was blocked: every run on its routes fails until it is set, whatever became of this run`,
      )
    },
  },
  verify: [slotContained, containedRefuses],
}

export const set = (input: PlanInput): Step => {
  // A blocked slot fails every run anyway, and runs on a daemon in use are somebody's money.
  const goOn = !isContained(input) && (isIsolated(input) || input.params['runs-meanwhile'] === 'yes')
  return {
    id: 'set',
    title: goOn ? 'Set the slot to the new key while runs go on' : 'Set the slot to the new key',
    effect: 'write',
    docs: { page: PAGE, command: 'secrets set <auth_ref> --provider <provider> --stdin' },
    timeoutMs: 2 * RUN_STEP_MS,
    role: 'operator',
    resume: 'repeatable',
    irreversible:
      'the old key is never stored: rolling back means rotating again, to the old one where you still have it',
    yields: [keySet],
    run: {
      describe: `${goOn ? 'submit runs all the time; ' : ''}store the new key, which comes on standard input; leases on the old one die, and a block by a revocation is lifted`,
      commands: [['kheish-daemon secrets set <auth_ref> --provider <provider> --stdin', ...accountOf(input)].join(' ')],
      async execute(context) {
        const { leases = [] } = context.values.find(oldCanary) ?? {}
        const { slot, status } = context.values.get(routeKey)
        const looked = { slot, changedAtMs: status!.updatedAtMs, what: 'key' }
        context.set(keySet, await setGuarded(context, looked, onSet => setRouteKey(context, leases, goOn, onSet)))
      },
    },
    verify: [keyChanged, keyLeasesDead, ...(goOn ? [runsWentOn] : [])],
  }
}

/** Whose account the key is for, where somebody said so. */
const accountOf = ({ params }: PlanInput) =>
  ['organization', 'project'].flatMap(name => (params[name] === undefined ? [] : [`--${name} <${name}>`]))

const canary = {
  id: 'canary',
  title: 'Have a run answered with the new key: nothing else says that the slot works',
  effect: 'write',
  docs: { page: PAGE, command: 'doctor routes --check-auth' },
  timeoutMs: RUN_STEP_MS,
  resume: 'repeatable',
  irreversible: STAYS,
  yields: [newCanary],
  run: {
    describe: 'submit a prompt with a marker through the route, and wait for the end; look at every light meanwhile',
    commands: LOOKING,
    execute: async context => context.set(newCanary, await tryCanary(context)),
  },
  verify: [newKeyWorks],
} satisfies Step

/** Also where a lease on the old key is still good: whether the slot works has to be known then, too. */
export const prove = (input: PlanInput): Step => ({
  ...canary,
  afterFailure: [keySet],
  verify: [isIsolated(input) ? newKeyWorks : whereNobodySees(newKeyWorks)],
})

/** The old key is good until its provider says otherwise: that is what a leak is about. */
function withdraw(input: PlanInput): readonly Step[] {
  return isRehearsal(input) ? [onceMore(input)] : [revokeAtProvider, onceMore(input)]
}

/** A run with the new key, when the old one is good nowhere. */
export const onceMore = (input: PlanInput): Step => ({
  ...canary,
  id: isRehearsal(input) ? 'withdraw' : 'still-works',
  title: isRehearsal(input)
    ? 'Have the provider refuse the old key, and a run answered once more'
    : 'Have a run answered once more, whatever became of the old key',
  yields: [lastCanary],
  run: {
    describe: isRehearsal(input)
      ? 'tell the provider to take the new key only, submit a prompt with a marker, and wait for the end'
      : 'submit a prompt with a marker through the route, and wait for the end',
    commands: LOOKING,
    async execute(context) {
      if (withoutProvider(context) === undefined)
        await switchProvider(context, { key_sha256: keySha256(context.values.get(newSecret)) })
      context.set(lastCanary, await tryCanary(context))
    },
  },
  verify: [isIsolated(input) ? stillAnswered : whereNobodySees(stillAnswered)],
})

export const revokeAtProvider: Step = {
  id: 'revoke-at-provider',
  title: 'Revoke the old key where it was issued',
  effect: 'write',
  docs: { page: PAGE },
  timeoutMs: 30_000,
  role: 'security-owner',
  resume: 'repeatable',
  irreversible: 'a provider gives no revoked key back',
  run: {
    instruction:
      'In the provider’s console revoke the old key, and only that: look at its name, its last characters and when it was used last. First see who else uses it.',
    confirm: 'The old key is revoked at the provider, and the new one is not.',
    attachment: 'the provider’s list of keys after it, without values, or the ticket',
  },
  verify: [],
}
