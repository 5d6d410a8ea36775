import { createHash, createPublicKey, verify } from 'node:crypto'
import { type Checkpoint, checkpointForm, hashInput, type LedgerRecord, signedForm } from './record.ts'

/** One hash chain with the checkpoint that seals its head. */
export interface Bucket {
  readonly name: string
  readonly records: readonly LedgerRecord[]
  readonly checkpoint: Checkpoint | undefined
}

export interface BucketHead {
  readonly bucket: string
  readonly recordCount: number
  readonly lastHash: string | null
}

/**
 * Why a bucket is not what it was when it was signed; empty when every hash, link, signature and the checkpoint hold.
 * Our own reading of the format: the daemon's word for it is not asked.
 *
 * @param keyId - lowercase hex of the 32-byte Ed25519 public key that must have signed everything
 */
export function bucketFaults(bucket: Bucket, keyId: string): readonly string[] {
  const { name, records } = bucket
  return [...recordFaults(name, records, keyId), ...checkpointFaults(bucket, keyId, records.at(-1)?.record_hash)]
}

/** The same of the records alone, as a daemon gives them out: a tail that was cut off does not show. */
export function recordFaults(name: string, records: readonly LedgerRecord[], keyId: string): readonly string[] {
  const faults: string[] = []
  let prev: string | undefined
  for (const [index, record] of records.entries()) {
    const at = `${name} record ${index + 1}`
    const hash = createHash('sha256').update(hashInput(record)).digest('hex')
    if (record.record_hash !== hash) faults.push(`${at}: content does not match its hash`)
    if (record.action_id !== record.record_hash) faults.push(`${at}: action id is not its hash`)
    if ((record.prev_hash ?? undefined) !== prev) faults.push(`${at}: does not follow the record before it`)
    if (record.signature_alg !== 'ed25519') faults.push(`${at}: signed with ${record.signature_alg}`)
    if (record.key_id !== keyId)
      faults.push(`${at}: signed by key ${record.key_id.slice(0, 16)}…, expected ${keyId.slice(0, 16)}…`)
    if (!signatureHolds(record.key_id, signedForm(record), record.signature))
      faults.push(`${at}: signature does not hold`)
    prev = record.record_hash
  }
  return faults
}

function checkpointFaults(bucket: Bucket, keyId: string, lastHash: string | undefined): readonly string[] {
  const { checkpoint, name, records } = bucket
  if (checkpoint === undefined) return [`${name}: no checkpoint seals its end, so a cut-off tail would not show`]
  const faults: string[] = []
  if (checkpoint.bucket !== name) faults.push(`${name}: its checkpoint is for ${checkpoint.bucket}`)
  if (checkpoint.key_id !== keyId) faults.push(`${name}: its checkpoint is signed by another key`)
  if (!signatureHolds(checkpoint.key_id, checkpointForm(checkpoint), checkpoint.signature))
    faults.push(`${name}: the signature of its checkpoint does not hold`)
  if (checkpoint.record_count !== records.length)
    faults.push(`${name}: ${records.length} records, its checkpoint seals ${checkpoint.record_count}`)
  else if (checkpoint.last_record_hash !== lastHash)
    faults.push(`${name}: its last record is not the one that was sealed`)
  return faults
}

/** DER prefix of an Ed25519 SubjectPublicKeyInfo, RFC 8410 section 4; the 32 key bytes follow. */
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex')

function signatureHolds(keyId: string, signed: string, signature: string): boolean {
  if (!/^[0-9a-f]{64}$/.test(keyId) || !/^[0-9a-f]{128}$/.test(signature)) return false
  const key = createPublicKey({
    key: Buffer.concat([SPKI_PREFIX, Buffer.from(keyId, 'hex')]),
    format: 'der',
    type: 'spki',
  })
  return verify(null, Buffer.from(signed), key, Buffer.from(signature, 'hex'))
}

export function headOf(bucket: Bucket): BucketHead {
  return {
    bucket: bucket.name,
    recordCount: bucket.records.length,
    lastHash: bucket.records.at(-1)?.record_hash ?? null,
  }
}
