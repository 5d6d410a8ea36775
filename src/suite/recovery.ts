import { client, type Ran } from '../daemon/client.ts'
import { ROUTE_SLOT } from '../daemon/make-site.ts'
import { randomSecret } from '../daemon/random-secret.ts'
import { capture } from '../model/capture.ts'
import type { CheckContext } from '../model/check.ts'
import type { Secret } from '../model/secret.ts'
import type { SlotView } from '../model/target.ts'
import { keySha256 } from './live-recipe.ts'
import { makeProbeRun, type ProbeRun } from './probe-run.ts'
import { switchProvider, withoutProvider } from './provider.ts'

/** A slot that was blocked, set again, and the run that was made with it. */
export interface Recovery {
  readonly set: Ran<SlotView>
  readonly run: ProbeRun
}

export const recovery = capture<Recovery>('recovery', 'how the route’s slot was set again')

/**
 * Sets the slot of the route again and has a run done.
 *
 * @param kept - the credential there is, where the provider knows no other one
 */
export async function recoverSlot(
  context: CheckContext,
  kept: Secret,
  sessionId: string,
  timeoutMs: number,
): Promise<Recovery> {
  const own = withoutProvider(context) === undefined
  const credential = own ? randomSecret('route-credential-anew') : kept
  context.protect(credential)
  if (own) await switchProvider(context, { key_sha256: keySha256(credential) })
  const set = await client(
    context,
    ['secrets', 'set', ROUTE_SLOT, '--provider', 'openai', '--stdin'],
    document => context.target.read.slots([document])[0]!,
    { stdin: credential },
  )
  return { set, run: await makeProbeRun(context, sessionId, timeoutMs) }
}
