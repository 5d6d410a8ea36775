import { join } from 'node:path'
import { offline } from '../../daemon/offline.ts'
import { randomSecret } from '../../daemon/random-secret.ts'
import { isolated } from '../../daemon/subjects.ts'
import { deployment } from '../../drill/backup-subjects.ts'
import { restored } from '../../drill/subjects.ts'
import { capture } from '../../model/capture.ts'
import type { CheckContext } from '../../model/check.ts'
import { parseJson } from '../../model/json-answer.ts'
import type { StepContext } from '../../model/runbook.ts'
import type { Secret } from '../../model/secret.ts'
import type { SlotView } from '../../model/target.ts'
import { preserved } from './preserve.ts'
import { openStore, siteOf } from './stolen-state.ts'

/** What is told wherever the master key leaked with the state root. */
export const MASTER_KEY_STAYS =
  'the slots are encrypted under the master key of before: there is no re-encryption, so whoever took that key opens every later copy of this state root, too, until a new one is begun with a new key'

/** What became of the credentials that the backup had brought back. */
export interface Rotated {
  readonly sinceMs: number
  readonly slots: readonly {
    readonly id: string
    readonly provider: string
    readonly restoredAtMs: number
    readonly why?: string
  }[]
  /** Stolen, and not in the backup: nothing of this daemon uses them, and they work where they were issued. */
  readonly onlyStolen: readonly string[]
  /** Copy of the store in which the last slot is still as it was restored. */
  readonly oneLeftFile: string
}
/** Not kept: after a break the backup is unpacked again, with the stolen credentials in it. */
export const rotatedSlots = capture<Rotated>('rotated-slots', 'what became of the credentials in the backup')

/**
 * Sets every slot of the restored tree anew, before any daemon runs on it: not one request goes out with what was stolen. A slot for
 * which there is no new value is left, and told; the check finds it.
 *
 * @param newValue - of a slot; undefined where nobody gave one
 * @throws RunproofError COMMAND_FAILED
 */
export async function rotateRestored(
  context: StepContext,
  sinceMs: number,
  newValue: (slot: SlotView) => Promise<Secret | undefined>,
): Promise<void> {
  const { tools, target, run, values } = context
  const { stateRoot } = values.get(restored)
  const site = siteOf(context)
  const { slots } = await readRestored(context)
  const oneLeftFile = join(run.scratchDir, 'one-left.json')
  const done: { id: string; provider: string; restoredAtMs: number; why?: string }[] = []
  for (const [index, slot] of slots.entries()) {
    if (index === slots.length - 1)
      await tools.files.write(oneLeftFile, await tools.files.readBytes(join(stateRoot, target.layout.slotStoreFile)))
    const { id, provider, updatedAtMs: restoredAtMs } = slot
    const leave = (why: string) => done.push({ id, provider, restoredAtMs, why })
    const option = target.access.providerOption(provider)
    if (option === undefined) {
      leave('it is an account, which only a new login replaces')
      continue
    }
    const value = await newValue(slot)
    if (value === undefined) {
      leave('no new value was given for it')
      continue
    }
    context.protect(value)
    const words = ['secrets', 'set', id, '--offline', '--state-root', stateRoot, '--provider', option, '--stdin']
    await offline(context, site, words, value)
    done.push({ id, provider, restoredAtMs })
  }
  const onlyStolen = values
    .get(preserved)
    .slots.filter(({ id }) => !slots.some(one => one.id === id))
    .map(({ id }) => id)
  context.set(rotatedSlots, { sinceMs, slots: done, onlyStolen, oneLeftFile })
  run.fact('rotated.slots', done.filter(({ why }) => why === undefined).length)
  run.fact('rotated.left', done.filter(({ why }) => why !== undefined).length)
  run.assume(MASTER_KEY_STAYS)
  if (context.params['new-dir'] !== undefined)
    run.assume(
      'that no value in new-dir= is the one of before: what a slot holds can be read by nobody, and not be compared',
    )
  for (const id of onlyStolen)
    run.notTested(`slot ${id} was stolen and is not in the backup: revoke it where it was issued`)
}

/** Slots of the restored tree, read without a daemon. */
export async function readRestored(context: CheckContext): Promise<{ readonly slots: readonly SlotView[] }> {
  const { stateRoot } = context.values.get(restored)
  const { binary, masterKeyFile } = siteOf(context)
  const place = join(context.values.get(deployment).scratchDir, `restored-store-${crypto.randomUUID()}`)
  return openStore(context, stateRoot, binary, masterKeyFile, place)
}

/** New values from a directory with a file for each slot; without one they are made up, which only a rehearsal can do. */
export function newValues(
  { params, tools }: StepContext,
  isOwn: boolean,
): (slot: SlotView) => Promise<Secret | undefined> {
  const directory = params['new-dir']
  return async ({ id }) => {
    if (directory === undefined) return isOwn ? randomSecret(`new-${id}`) : undefined
    // Whoever took the state root may have named a slot, and a path would lead to another secret.
    if (!/^[^./\0][^/\0]*$/.test(id)) return undefined
    const file = join(directory, id)
    return (await tools.files.facts(file)) === undefined ? undefined : tools.files.readSecret(file, `new-${id}`)
  }
}

/** Slots as the restored daemon tells them. */
export async function servedSlots(context: CheckContext): Promise<readonly SlotView[]> {
  const { instance, adminToken } = context.values.get(isolated)
  const path = context.target.http.secrets
  const { text } = await instance.request(path, { bearer: adminToken, timeoutMs: 10_000, signal: context.signal })
  return context.target.read.slots(parseJson(text, `${path} answered`))
}
