import { join } from 'node:path'
import { makeSite } from '../daemon/make-site.ts'
import type { Recipe, Site } from '../daemon/subjects.ts'
import type { StepContext } from '../model/runbook.ts'
import type { Secret } from '../model/secret.ts'
import { startCompanion } from './companion.ts'

/** Where the master key lies, which a search for secrets is not to find there. */
export const OWN_KEYS = 'own-keys'

/** The secret that is a real provider's key, for suites that take one. */
export const PROVIDER_KEY = 'provider-key'

/** The tunnel that leads to the model provider. */
export const PROVIDER = 'provider'

export interface OwnSite {
  readonly site: Site
  /** The credential of its route, which its provider has to be shown. */
  readonly credential: Secret
  /** For what each daemon gets of its own; removed with it. */
  readonly keysDir: string
  /** Of this run, with room for what else a suite keeps. */
  readonly scratchDir: string
}

/** What a suite's own daemon and every counterproof of it is started from. */
export async function makeOwnSite(context: StepContext): Promise<OwnSite> {
  const { scratchDir } = context.run
  const { credential, ...site } = await makeSite(
    context,
    join(scratchDir, 'own'),
    join(scratchDir, OWN_KEYS),
    context.secrets[PROVIDER_KEY],
    context.params['model'],
  )
  return { site, credential, keysDir: join(scratchDir, 'keys'), scratchDir }
}

/**
 * A daemon on these roots with a model provider beside it, behind the same barrier. A suite adds what else it needs.
 */
export function recipeWithProvider(context: StepContext, own: OwnSite): Recipe {
  return {
    ...own.site,
    scratchDir: own.scratchDir,
    tunnels: [PROVIDER],
    extras: place => ({ providerUrl: `http://127.0.0.1:${place.tunnels[PROVIDER]}/v1` }),
    beforeStart: inside => startCompanion(context, inside, PROVIDER),
  }
}
