import { join } from 'node:path'
import { ROUTE_SLOT } from '../daemon/make-site.ts'
import { randomSecret } from '../daemon/random-secret.ts'
import { capture } from '../model/capture.ts'
import type { CheckContext } from '../model/check.ts'
import type { Instance } from '../model/instance.ts'
import type { SlotView } from '../model/target.ts'
import type { Source } from './subjects.ts'
import { askSource } from './take-facts.ts'

/** What a daemon said and stored while the credential of its route was replaced, revoked and set again. */
export interface Rotation {
  readonly slot: string
  /** The slot's time of change: at first, after it was replaced, and after it was set once more. */
  readonly changedAtMs: readonly [number, number, number]
  readonly revocation: { readonly slotId: string; readonly revokedLeases: number }
  /** Slots that the daemon's own file lists as revoked: after the revocation, and after the new value. */
  readonly blocked: readonly [readonly string[], readonly string[]]
  /** What the daemon says of itself at the end. */
  readonly ready: {
    readonly activeRouteReady: boolean
    readonly routeErrorCount: number /** Of the routes it runs with, and of its routes file. */
    readonly diagnosed: readonly boolean[]
  }
}

export const rotation = capture<Rotation>('rotation', 'how the source took the rotation of its route’s credential')

/**
 * Replaces the credential of the source's route, revokes it, and sets it once more: a revocation blocks the slot until then,
 * which no status of the daemon shows.
 */
export async function rotateCredential(context: CheckContext, source: Source, instance: Instance): Promise<Rotation> {
  const { read, layout } = context.target
  const online = {
    runner: instance,
    binary: source.binary,
    baseUrl: instance.place.baseUrl,
    tokenFile: source.adminTokenFile,
  }
  const ask = (words: readonly string[]) => askSource(context, online, words)
  const listed = async () => slotIn(read.slots(await ask(['secrets', 'list']))).updatedAtMs
  const shown = async () => slotIn(read.slots([await ask(['secrets', 'get', ROUTE_SLOT])])).updatedAtMs
  const blocked = async () => {
    const path = join(source.stateRoot, layout.brokerStateFile)
    return read.revokedSlots(await context.tools.files.readJson(path))
  }
  const replace = async (name: string) => {
    const value = randomSecret(name)
    context.protect(value)
    await askSource(context, online, ['secrets', 'set', ROUTE_SLOT, '--provider', 'openai', '--stdin'], value)
  }

  const first = await listed()
  await replace('rotated-credential')
  const second = await shown()
  const revocation = read.slotRevocation(await ask(['runtime', 'auth', 'revoke-slot', ROUTE_SLOT]))
  const whileRevoked = await blocked()
  await replace('known-good-credential')
  const status = read.status(await ask(['status']))
  return {
    slot: ROUTE_SLOT,
    changedAtMs: [first, second, await listed()],
    revocation,
    blocked: [whileRevoked, await blocked()],
    ready: {
      activeRouteReady: status.activeRouteReady,
      routeErrorCount: status.routeErrorCount,
      diagnosed: [
        read.routes(await ask(['doctor', 'routes', '--check-auth'])).ok,
        read.routes(await ask(['doctor', 'routes', '--routes-file', source.routesFile, '--check-auth'])).ok,
      ],
    },
  }
}

function slotIn(slots: readonly SlotView[]): SlotView {
  const slot = slots.find(({ id }) => id === ROUTE_SLOT)
  return slot ?? { id: ROUTE_SLOT, provider: '', updatedAtMs: 0 }
}
