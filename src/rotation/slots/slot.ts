import { client, type Ran } from '../../daemon/client.ts'
import type { LeaseView } from '../../model/access-api.ts'
import type { CheckContext } from '../../model/check.ts'
import type { Secret } from '../../model/secret.ts'
import type { SlotView } from '../../model/target.ts'
import { ask, jsonOf } from '../../suite/ask.ts'
import { asAdmin } from '../../suite/revocations.ts'

/** Reads a slot as the client prints it; nothing ever prints its value. */
export function getSlot(context: CheckContext, slot: string): Promise<Ran<SlotView>> {
  return client(context, ['secrets', 'get', slot], document => context.target.read.slots([document])[0]!)
}

/**
 * Stores a value in a slot; it travels on standard input.
 *
 * @param options - more words of the command line
 */
export function setSlot(
  context: CheckContext,
  slot: string,
  provider: string,
  value: Secret,
  options: readonly string[] = [],
): Promise<Ran<SlotView>> {
  const words = ['secrets', 'set', slot, '--provider', provider, '--stdin', ...options]
  const read = (document: Parameters<typeof context.target.read.slots>[0]) => context.target.read.slots([document])[0]!
  return client(context, words, read, { stdin: value })
}

/** When a slot was changed last, or undefined where there is none. @throws RunproofError ANSWER_MALFORMED */
export async function slotChangedAtMs(context: CheckContext, slot: string): Promise<number | undefined> {
  const path = context.target.access.paths.slot(slot)
  const answer = await ask(context, path, asAdmin(context))
  return answer.status === 404 ? undefined : context.target.read.slots([jsonOf(path, answer.text)])[0]!.updatedAtMs
}

/** Those leases that the daemon still knows: it forgets them some time after they have run out. */
export async function knownLeases(context: CheckContext, ids: readonly string[]): Promise<readonly LeaseView[]> {
  const { paths, read } = context.target.access
  const answers = await Promise.all(
    ids.map(async id => ({ path: paths.lease(id), answer: await ask(context, paths.lease(id), asAdmin(context)) })),
  )
  return answers
    .filter(({ answer }) => answer.status !== 404)
    .map(({ path, answer }) => read.lease(jsonOf(path, answer.text)))
}

/** Leases that are good, and for how long at least. */
export interface GoodLeases {
  readonly leases: readonly string[]
  /** Until then none of them runs out; 0 where there is none. */
  readonly goodUntilMs: number
}

/** Those that are good now; with a slot, those that give access to it. */
export async function heldLeases(context: CheckContext, ids: readonly string[], slot?: string): Promise<GoodLeases> {
  const known = await knownLeases(context, ids)
  const good = known.filter(({ active, slots }) => active && (slot === undefined || slots.includes(slot)))
  return {
    leases: good.map(({ id }) => id),
    goodUntilMs: good.length === 0 ? 0 : Math.min(...good.map(({ expiresAtMs }) => expiresAtMs)),
  }
}

/** Ids of those that are good now and give access to the slot. */
export async function goodLeases(
  context: CheckContext,
  ids: readonly string[],
  slot: string,
): Promise<readonly string[]> {
  return (await heldLeases(context, ids, slot)).leases
}

/** A slot that was set, what the client printed of it, and when it had been changed before. */
export interface SlotChange {
  readonly slot: string
  readonly set: Ran<SlotView>
  readonly changedBeforeMs: number
}

/** The same with the leases on its old value. */
export interface SlotSet extends SlotChange, GoodLeases {}
