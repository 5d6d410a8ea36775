import type { Json } from '../model/check.ts'
import { RunproofError } from '../model/error.ts'

/** Members of a signed action record that are hashed, in this order; `grant_id` is left out when missing, the others are null. */
const HASHED = [
  'timestamp_ms',
  'session_id',
  'agent_id',
  'run_id',
  'tool_call_id',
  'principal_id',
  'parent_principal_id',
  'grant_id',
  'phase',
  'kind',
  'target',
  'request_digest',
  'response_digest',
  'outcome',
  'prev_hash',
] as const

export interface LedgerRecord {
  readonly action_id: string
  readonly timestamp_ms: number
  readonly phase: string
  readonly prev_hash?: string
  readonly record_hash: string
  readonly signature_alg: string
  readonly key_id: string
  readonly signature: string
  readonly [member: string]: Json | undefined
}

export interface Checkpoint {
  readonly bucket: string
  readonly record_count: number
  readonly last_record_hash?: string
  readonly signature_alg: string
  readonly key_id: string
  readonly signature: string
}

/** The compact JSON whose SHA-256 is the record's hash. */
export function hashInput(record: LedgerRecord): string {
  return JSON.stringify(hashedMembers(record))
}

/** The compact JSON that is signed: identity and hash first, then the hashed members again. */
export function signedForm(record: LedgerRecord): string {
  const { action_id, signature_alg, key_id, record_hash } = record
  return JSON.stringify({ action_id, signature_alg, key_id, record_hash, ...hashedMembers(record) })
}

/** The compact JSON that a checkpoint's signature covers. */
export function checkpointForm(checkpoint: Checkpoint): string {
  const { bucket, record_count, last_record_hash, signature_alg, key_id } = checkpoint
  return JSON.stringify({ bucket, record_count, last_record_hash, signature_alg, key_id })
}

function hashedMembers(record: LedgerRecord): Record<string, Json> {
  const members: Record<string, Json> = {}
  for (const name of HASHED) {
    const value = record[name]
    if (value !== undefined) members[name] = value
    else if (name !== 'grant_id') members[name] = null
  }
  return members
}

const TEXT_MEMBERS = ['action_id', 'phase', 'record_hash', 'signature_alg', 'key_id', 'signature'] as const

/** @throws RunproofError STATE_MALFORMED naming the place and the member */
export function parseRecord(line: string, place: string): LedgerRecord {
  const value = parseObject(line, place)
  for (const name of TEXT_MEMBERS) {
    if (typeof value[name] !== 'string') throw new RunproofError('STATE_MALFORMED', `${place}: ${name} is no text`)
  }
  if (typeof value['timestamp_ms'] !== 'number')
    throw new RunproofError('STATE_MALFORMED', `${place}: timestamp_ms is no number`)
  return value as unknown as LedgerRecord
}

/** @throws RunproofError STATE_MALFORMED */
export function parseCheckpoint(text: string, place: string): Checkpoint {
  const value = parseObject(text, place)
  const { bucket, record_count, key_id, signature } = value
  if (
    typeof bucket !== 'string' ||
    typeof record_count !== 'number' ||
    typeof key_id !== 'string' ||
    typeof signature !== 'string'
  ) {
    throw new RunproofError('STATE_MALFORMED', `${place} is no checkpoint`)
  }
  return value as unknown as Checkpoint
}

function parseObject(text: string, place: string): Record<string, Json> {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, Json>
  } catch {
    // told below, with the place
  }
  throw new RunproofError('STATE_MALFORMED', `${place} is no JSON object`)
}
