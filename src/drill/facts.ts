import { namesInside } from '../archive/inside-path.ts'
import type { BucketHead } from '../ledger/verify.ts'
import type { Json } from '../model/check.ts'
import { RunproofError } from '../model/error.ts'
import type { RunView, SlotView } from '../model/target.ts'

export const FACTS_PAYLOAD_TYPE = 'application/vnd.runproof.facts-1+json'

/** Something a recovery needs that lies outside the archives. */
export interface Artefact {
  readonly kind: ArtefactKind
  /** Null where nobody said where it is. */
  readonly path: string | null
  readonly present: boolean
  /** Permission bits as four octal digits. */
  readonly mode: string | null
  /** Of the content; never of a key or token, since a digest is enough to try guesses against. */
  readonly sha256: string | null
}

export type ArtefactKind =
  | 'binary'
  | 'routes-file'
  | 'connectors-config'
  | 'mcp-config'
  | 'hooks-file'
  | 'skill-root'
  | 'master-key-file'
  | 'admin-token-file'
  | 'readonly-token-file'

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
  /** What a recovery needs besides the archives. */
  readonly artefacts: readonly Artefact[]
  readonly archives: Readonly<
    Record<
      string,
      { readonly file: string; readonly sha256: string; readonly sizeBytes: number; readonly manifestSha256: string }
    >
  >
}

/** The slot whose overwriting before each backup marks how new the data is. */
export const MARKER_SLOT = 'runproof.marker'

/**
 * Every member is there with its type, and no other one: facts that say less than they seem to must not pass for a baseline.
 *
 * @throws RunproofError FACTS_INVALID naming what is wrong
 */
export function parseFacts(value: Json): Facts {
  const schema = typeof value === 'object' && value !== null && 'schema' in value ? value.schema : undefined
  if (schema !== 'runproof-facts-1') throw bad(`schema is ${JSON.stringify(schema)}, expected runproof-facts-1`)
  requireShape(value, FACTS, 'facts')
  const facts = value as unknown as Facts
  if (Number.isNaN(Date.parse(facts.takenAt))) throw bad(`facts.takenAt is no instant: ${facts.takenAt}`)
  const { sentinel } = facts
  // It is opened on this machine, and facts of an unknown signer are used too.
  if (sentinel !== null && namesInside(sentinel.path) === undefined)
    throw bad(
      `facts.sentinel.path is no plain path inside the workspace: ${JSON.stringify(sentinel.path.slice(0, 60))}`,
    )
  return facts
}

type Shape =
  | 'text'
  | 'count'
  | 'flag'
  | { readonly list: Shape }
  | { readonly map: Shape }
  | { readonly orNull: Shape }
  | { readonly object: Readonly<Record<string, Shape>> }

const OPTIONAL_TEXT: Shape = { orNull: 'text' }
const FACTS: Shape = {
  object: {
    schema: 'text',
    takenAt: 'text',
    target: 'text',
    online: 'flag',
    slots: { list: { object: { id: 'text', provider: 'text', updatedAtMs: 'count' } } },
    sessions: { list: 'text' },
    runs: { list: { object: { id: 'text', status: 'text', updatedAtMs: 'count' } } },
    auditKeyId: OPTIONAL_TEXT,
    ledgerHeads: { list: { object: { bucket: 'text', recordCount: 'count', lastHash: OPTIONAL_TEXT } } },
    warnings: { list: 'text' },
    newestEventAtMs: { orNull: 'count' },
    marker: { orNull: { object: { slot: 'text', updatedAtMs: 'count' } } },
    sentinel: { orNull: { object: { path: 'text', sha256: 'text' } } },
    binarySha256: OPTIONAL_TEXT,
    routesSha256: OPTIONAL_TEXT,
    artefacts: {
      list: {
        object: { kind: 'text', path: OPTIONAL_TEXT, present: 'flag', mode: OPTIONAL_TEXT, sha256: OPTIONAL_TEXT },
      },
    },
    archives: { map: { object: { file: 'text', sha256: 'text', sizeBytes: 'count', manifestSha256: 'text' } } },
  },
}

function requireShape(value: Json | undefined, shape: Shape, path: string): void {
  const wrong = (expected: string) =>
    bad(`${path} should be ${expected}, it is ${value === undefined ? 'missing' : JSON.stringify(value).slice(0, 60)}`)
  if (shape === 'text') {
    if (typeof value !== 'string') throw wrong('text')
  } else if (shape === 'count') {
    if (!Number.isSafeInteger(value)) throw wrong('a whole number')
  } else if (shape === 'flag') {
    if (typeof value !== 'boolean') throw wrong('true or false')
  } else if ('orNull' in shape) {
    if (value !== null) requireShape(value, shape.orNull, path)
  } else if ('list' in shape) {
    if (!Array.isArray(value)) throw wrong('a list')
    value.forEach((item: Json, index) => {
      requireShape(item, shape.list, `${path}[${index}]`)
    })
  } else {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong('an object')
    const members = value as Readonly<Record<string, Json | undefined>>
    if ('map' in shape) {
      for (const [name, member] of Object.entries(members)) requireShape(member, shape.map, `${path}.${name}`)
      return
    }
    const unknown = Object.keys(members).find(name => !Object.hasOwn(shape.object, name))
    if (unknown !== undefined) throw bad(`${path}.${unknown} is not known`)
    for (const [name, member] of Object.entries(shape.object)) requireShape(members[name], member, `${path}.${name}`)
  }
}

function bad(why: string): RunproofError {
  return new RunproofError('FACTS_INVALID', why, { hint: 'facts.json is made by runproof run backup' })
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
