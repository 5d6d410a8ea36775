import { dirname, join } from 'node:path'
import { FACTS_PAYLOAD_TYPE, parseFacts } from '../../drill/facts.ts'
import { SET } from '../../drill/write-backup-set.ts'
import type { CheckContext, Json } from '../../model/check.ts'
import { RunproofError } from '../../model/error.ts'
import { PERSISTENCE_KINDS, type PersistenceKind } from '../../model/persistence-api.ts'
import { digestOf } from '../digest.ts'
import type { Inventory, Thing } from './things.ts'

const PERSISTENCE_PAYLOAD_TYPE = 'application/vnd.runproof.persistence-1+json'
const FILE = 'persistence.json'
const ENVELOPE = 'persistence.dsse.json'
const MOST_BYTES = 16 * 1024 * 1024

/** What lasted in a daemon at a moment before. */
export interface Baseline {
  readonly from: string
  readonly takenAtMs: number
  readonly kinds: readonly PersistenceKind[]
  readonly things: readonly Thing[]
  /** `trusted`: the signature of this machine's key, or of the key that was named, holds. */
  readonly signer: 'trusted' | 'unknown' | 'none'
}

/** Writes what lasts, signed, so that a later sweep can be held against it. */
export async function writeBaseline(
  { tools, target }: CheckContext,
  directory: string,
  { takenAtMs, kinds, things }: Inventory,
): Promise<void> {
  const document = { schema: 'runproof-persistence-1', target: target.id, takenAtMs, kinds, things }
  const text = `${JSON.stringify(document, null, 2)}\n`
  await tools.files.write(join(directory, FILE), text)
  await tools.files.write(join(directory, ENVELOPE), tools.signer.envelope(PERSISTENCE_PAYLOAD_TYPE, Buffer.from(text)))
}

/**
 * What lasted before: of sealed evidence of a sweep, or of a backup set, which knows of slots only. Whatever was altered after it
 * was signed is refused; an unknown signer is told.
 *
 * @param directory - of the evidence, or of the backup set
 * @param keyFile - PEM of the key that signed it, where another machine did
 * @throws RunproofError FACTS_INVALID
 */
export async function readBaseline(context: CheckContext, directory: string, keyFile?: string): Promise<Baseline> {
  const { tools } = context
  for (const place of [join(directory, 'artifacts'), directory]) {
    const path = join(place, FILE)
    if ((await tools.files.facts(path)) === undefined) continue
    const { document, signer } = await readSigned(context, path, ENVELOPE, PERSISTENCE_PAYLOAD_TYPE, keyFile)
    return { from: path, signer, ...parseInventory(document, path, context.target.id) }
  }
  const path = join(directory, SET.facts)
  if ((await tools.files.facts(path)) === undefined)
    throw bad(`${directory} holds neither ${FILE} nor ${SET.facts}`, 'baseline= takes sealed evidence or a backup set')
  const { document, signer } = await readSigned(context, path, SET.envelope, FACTS_PAYLOAD_TYPE, keyFile)
  const { slots, takenAt, online } = parseFacts(document)
  const things = slots.map(({ id, provider, updatedAtMs }) => ({
    kind: 'slot' as const,
    id,
    changedAtMs: updatedAtMs,
    sha256: digestOf({ provider, updatedAtMs }),
  }))
  // Facts of a source that did not run know of no slot at all.
  return { from: path, signer, takenAtMs: Date.parse(takenAt), kinds: online ? ['slot'] : [], things }
}

async function readSigned(
  { tools }: CheckContext,
  path: string,
  envelopeName: string,
  payloadType: string,
  keyFile: string | undefined,
): Promise<{ readonly document: Json; readonly signer: Baseline['signer'] }> {
  const bytes = await tools.files.readBytes(path, MOST_BYTES)
  const document = parse(bytes, path)
  const envelopePath = join(dirname(path), envelopeName)
  const key = keyFile === undefined ? undefined : await tools.files.readText(keyFile)
  if ((await tools.files.facts(envelopePath)) === undefined) {
    if (key !== undefined) throw bad(`${envelopePath} is missing, so baseline-key= has nothing to verify`)
    return { document, signer: 'none' }
  }
  const envelope = await tools.files.readText(envelopePath, MOST_BYTES * 2)
  if (tools.signer.holds(envelope, payloadType, bytes, key)) return { document, signer: 'trusted' }
  if (key !== undefined || envelope.includes(tools.signer.keyId))
    throw bad(`the signature of ${path} does not hold`, 'it was changed after it was signed: take another baseline')
  return { document, signer: 'unknown' }
}

/** @throws RunproofError FACTS_INVALID naming what is wrong */
function parseInventory(
  document: Json,
  path: string,
  target: string,
): Pick<Baseline, 'takenAtMs' | 'kinds' | 'things'> {
  const { schema, takenAtMs, kinds, things, target: of } = (document ?? {}) as Record<string, unknown>
  if (schema !== 'runproof-persistence-1') throw bad(`${path}: schema is ${JSON.stringify(schema)}`)
  if (of !== target) throw bad(`${path} is about a daemon of ${JSON.stringify(of)}, and this one is of ${target}`)
  if (!Number.isSafeInteger(takenAtMs)) throw bad(`${path}: takenAtMs is no whole number`)
  if (!Array.isArray(kinds) || !kinds.every(isKind)) throw bad(`${path}: kinds are not all known`)
  if (!Array.isArray(things) || !things.every(isThing)) throw bad(`${path}: things are not all whole`)
  return { takenAtMs: takenAtMs as number, kinds, things }
}

function isKind(value: unknown): value is PersistenceKind {
  return PERSISTENCE_KINDS.some(kind => kind === value)
}

function isThing(value: unknown): value is Thing {
  if (typeof value !== 'object' || value === null) return false
  const { kind, id, changedAtMs, sha256 } = value as Record<string, unknown>
  return (
    isKind(kind) &&
    typeof id === 'string' &&
    (changedAtMs === null || Number.isSafeInteger(changedAtMs)) &&
    typeof sha256 === 'string'
  )
}

function parse(bytes: Uint8Array, path: string): Json {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch (cause) {
    throw new RunproofError('FACTS_INVALID', `${path} is not JSON`, { cause })
  }
}

function bad(why: string, hint?: string): RunproofError {
  return new RunproofError('FACTS_INVALID', why, { hint })
}
