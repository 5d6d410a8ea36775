import { createHash } from 'node:crypto'
import type { Recipe } from '../daemon/subjects.ts'
import { capture } from '../model/capture.ts'
import type { PlanInput, StepContext } from '../model/runbook.ts'
import type { Secret } from '../model/secret.ts'
import { startCompanion } from './companion.ts'
import { type OwnSite, PROVIDER, recipeWithProvider } from './own-recipe.ts'

/** The tunnel that leads to the sidecar which the daemon starts. */
export const SIDECAR = 'sidecar'

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
