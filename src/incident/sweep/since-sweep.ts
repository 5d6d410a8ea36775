import type { PersistenceKind } from '../../model/persistence-api.ts'
import { compare, type Finding, type Sweep } from './sweep.ts'
import type { Inventory, Thing } from './things.ts'

/** What is other than it was in the sweep. */
export interface SinceSweep {
  /** Nobody decided about it. */
  readonly fresh: readonly Finding[]
  /** Found in the sweep already, so that a person was asked about it, and changed since. */
  readonly decided: readonly Finding[]
}

/**
 * Holds what lasts now against what lasted in the sweep, by name and by what it says. What is gone was taken away, and what has
 * ended since acts no more: neither is here. Of revisions nothing is said, since the containment itself makes some; the settings are compared.
 */
export function sinceSweep(
  { inventory, findings }: Pick<Sweep, 'inventory' | 'findings'>,
  now: Pick<Inventory, 'things' | 'kinds'>,
): SinceSweep {
  const changes = [
    ...compare(steadyOf(now, 'revision', 'hook'), steadyOf(inventory, 'revision', 'hook'), undefined),
    ...newHooks(inventory.things, now.things),
  ].filter(({ kind, id, how }) => !how.includes('gone') && !(how.includes('changed') && hasEnded(now.things, kind, id)))
  // Taken back are settings by a rollback, which ends the containment, too: that is not passed over.
  const isDecided = ({ kind, id, how }: Finding) =>
    !how.includes('added') && kind !== 'settings' && findings.some(one => one.kind === kind && one.id === id)
  return { fresh: changes.filter(one => !isDecided(one)), decided: changes.filter(isDecided) }
}

/** All but some kinds, each as far as only somebody changes it. */
function steadyOf(
  { things, kinds }: Pick<Inventory, 'things' | 'kinds'>,
  ...without: readonly PersistenceKind[]
): Pick<Inventory, 'things' | 'kinds'> {
  return {
    kinds: kinds.filter(kind => !without.includes(kind)),
    things: things
      .filter(({ kind }) => !without.includes(kind))
      .map(thing => ({ ...thing, sha256: steadyDigest(thing) })),
  }
}

/** A hook is known by what it does: its name is its place, which is another one once a hook before it was taken away. */
function newHooks(before: readonly Thing[], now: readonly Thing[]): readonly Finding[] {
  const known = before.filter(({ kind }) => kind === 'hook').map(steadyDigest)
  return now.flatMap(thing => {
    if (thing.kind !== 'hook') return []
    const at = known.indexOf(steadyDigest(thing))
    if (at >= 0) known.splice(at, 1)
    return at >= 0 ? [] : [{ kind: thing.kind, id: thing.id, how: ['added'] as const, changedAtMs: thing.changedAtMs }]
  })
}

const steadyDigest = ({ steadySha256, sha256 }: Thing): string => steadySha256 ?? sha256

function hasEnded(things: readonly Thing[], kind: PersistenceKind, id: string): boolean {
  return things.some(thing => thing.kind === kind && thing.id === id && thing.ended === true)
}
