import type { BucketHead } from '../ledger/verify.ts'
import type { Json } from '../model/check.ts'
import { RunproofError } from '../model/error.ts'
import type { RunView, SlotView } from '../model/target.ts'

export const FACTS_PAYLOAD_TYPE = 'application/vnd.runproof.facts-1+json'

/** What was true of a source at backup time. Signed, kept beside the archives, and never inside them. */
export interface Facts {
  readonly schema: 'runproof-facts-1'
  readonly takenAt: string
  readonly target: string
  /** False where the source was not running, so that only what lies on disk is known. */
  readonly online: boolean
  readonly slots: readonly SlotView[]
  readonly sessions: readonly string[]
  /** Terminal runs only: the others may change on their own. */
  readonly runs: readonly Pick<RunView, 'id' | 'status' | 'updatedAtMs'>[]
  readonly auditKeyId: string | null
  readonly ledgerHeads: readonly BucketHead[]
  readonly warnings: readonly string[]
  readonly newestEventAtMs: number | null
  readonly marker: { readonly slot: string; readonly updatedAtMs: number } | null
  readonly sentinel: { readonly path: string; readonly sha256: string } | null
  readonly binarySha256: string | null
  readonly routesSha256: string | null
  readonly archives: Readonly<
    Record<string, { readonly file: string; readonly sha256: string; readonly sizeBytes: number }>
  >
}

/** The slot whose overwriting before each backup marks how new the data is. */
export const MARKER_SLOT = 'runproof.marker'

/** @throws RunproofError FACTS_INVALID naming what is wrong */
export function parseFacts(value: Json): Facts {
  const bad = (why: string) =>
    new RunproofError('FACTS_INVALID', `facts: ${why}`, { hint: 'facts.json is made by runproof run backup' })
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw bad('no JSON object')
  const facts = value as unknown as Facts
  if (facts.schema !== 'runproof-facts-1')
    throw bad(`schema is ${JSON.stringify(facts.schema)}, expected runproof-facts-1`)
  for (const name of ['slots', 'sessions', 'runs', 'ledgerHeads', 'warnings'] as const) {
    if (!Array.isArray(facts[name])) throw bad(`${name} is no list`)
  }
  if (typeof facts.takenAt !== 'string' || Number.isNaN(Date.parse(facts.takenAt))) throw bad('takenAt is no instant')
  return facts
}

/** What differs between two lists of named things: lost, invented, changed. Names only, so that evidence stays small. */
export interface Difference {
  readonly missing: readonly string[]
  readonly extra: readonly string[]
  readonly changed: readonly string[]
}

export function difference<Item>(
  expected: readonly Item[],
  actual: readonly Item[],
  nameOf: (item: Item) => string,
): Difference {
  const wanted = new Map(expected.map(item => [nameOf(item), JSON.stringify(item)]))
  const found = new Map(actual.map(item => [nameOf(item), JSON.stringify(item)]))
  return {
    missing: [...wanted.keys()].filter(name => !found.has(name)),
    extra: [...found.keys()].filter(name => !wanted.has(name)),
    changed: [...wanted].filter(([name, text]) => found.has(name) && found.get(name) !== text).map(([name]) => name),
  }
}

/** One sentence for people, or undefined when nothing differs. */
export function describeDifference(noun: string, { missing, extra, changed }: Difference): string | undefined {
  const parts = [
    missing.length > 0 ? `${missing.length} missing (${some(missing)})` : '',
    extra.length > 0 ? `${extra.length} extra (${some(extra)})` : '',
    changed.length > 0 ? `${changed.length} changed (${some(changed)})` : '',
  ].filter(part => part !== '')
  return parts.length === 0 ? undefined : `${noun}: ${parts.join(', ')}`
}

function some(names: readonly string[]): string {
  return names.slice(0, 3).join(', ') + (names.length > 3 ? ', …' : '')
}
