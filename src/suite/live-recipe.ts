import { createHash } from 'node:crypto'
import type { Recipe } from '../daemon/subjects.ts'
import { capture } from '../model/capture.ts'
import type { ParamSpec, PlanInput, Runbook, StepContext } from '../model/runbook.ts'
import type { Secret } from '../model/secret.ts'
import { startCompanion } from './companion.ts'
import { type OwnSite, PROVIDER, PROVIDER_KEY, recipeWithProvider } from './own-recipe.ts'
import { isIsolated, suiteConflict, suiteParams } from './params.ts'

/** The tunnel that leads to the sidecar which the daemon starts. */
export const SIDECAR = 'sidecar'

/** What a suite takes that has runs done. */
export const liveParams: Readonly<Record<string, ParamSpec>> = {
  ...suiteParams,
  'provider-url': {
    describe:
      'a model provider for the suite’s own daemon, instead of a stand-in beside it or the provider’s own address',
    example: 'https://gateway.example/v1',
    refuse: value => (/^https?:\/\/[^\s?#@]+$/.test(value) ? undefined : 'expected http:// or https:// and a host'),
  },
  model: { describe: 'the model that the route of the suite’s own daemon asks for', example: 'model-x' },
}

/** Why these parameters of it do not go together, or undefined. */
export const liveConflict: NonNullable<Runbook['conflict']> = input => {
  const own = isIsolated(input)
  const stray = own ? undefined : ['provider-url', 'model'].find(name => input.params[name] !== undefined)
  return stray === undefined
    ? suiteConflict(input)
    : {
        message: `${stray}= belongs to a daemon of the suite’s own, and a running one is asked`,
        hint: 'leave it out',
      }
}

/** What it needs and was not given, or undefined. */
export const liveMissing: NonNullable<Runbook['missing']> = ({ secretNames, ...input }) =>
  isIsolated(input) && input.target.real && !secretNames.includes(PROVIDER_KEY)
    ? `no provider key: --secret ${PROVIDER_KEY}=env:NAME, for runs through the route’s provider`
    : undefined

/** What the route's slot holds. */
export const routeCredential = capture<Secret>('route-credential', 'the credential of the route')

/** The only key that a provider told of this digest accepts. */
export function keySha256(credential: Secret): string {
  return createHash('sha256').update(credential.reveal()).digest('hex')
}

/** Whether the provider is one that somebody runs, and not a companion of the daemon. */
function providerOutside({ params, target }: PlanInput): boolean {
  return target.real || params['provider-url'] !== undefined
}

/**
 * A daemon with a way to the sidecar that it will start, beside a provider that accepts the credential of its route and no
 * other; or one that may reach a provider outside, and with it everything else that this machine can.
 */
export function liveRecipe(context: StepContext, own: OwnSite): Recipe {
  context.set(routeCredential, own.credential)
  if (providerOutside(context)) {
    const providerUrl = context.params['provider-url']
    context.run.assume('the isolated daemon could reach what this machine can, since its model provider is outside')
    return {
      ...own.site,
      scratchDir: own.scratchDir,
      tunnels: [SIDECAR],
      network: 'shared',
      ...(providerUrl === undefined ? {} : { extras: () => ({ providerUrl }) }),
    }
  }
  const key = keySha256(own.credential)
  return {
    ...recipeWithProvider(context, own),
    tunnels: [PROVIDER, SIDECAR],
    beforeStart: inside => startCompanion(context, inside, PROVIDER, ['--key-sha256', key]),
  }
}
