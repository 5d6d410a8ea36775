import { createPublicKey } from 'node:crypto'
import { RunproofError } from '../model/error.ts'
import type { BucketHead } from './verify.ts'

/** DER prefix of an Ed25519 SubjectPublicKeyInfo, RFC 8410 section 4; the 32 key bytes follow. */
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex')

/** What has to be kept of an audit key for as long as records that it signed are: nothing of it is secret. */
export interface ArchivedAuditKey {
  readonly schema: 'runproof-audit-key-1'
  readonly algorithm: 'ed25519'
  /** Lowercase hex of the public key, as records name it. */
  readonly keyId: string
  readonly publicKeyPem: string
  readonly archivedAt: string
  /** Every chain as it ended then: what is behind these heads was signed later. */
  readonly heads: readonly BucketHead[]
}

export function archiveAuditKey(keyId: string, archivedAt: string, heads: readonly BucketHead[]): string {
  const key = createPublicKey({
    key: Buffer.concat([SPKI_PREFIX, Buffer.from(keyId, 'hex')]),
    format: 'der',
    type: 'spki',
  })
  const archived: ArchivedAuditKey = {
    schema: 'runproof-audit-key-1',
    algorithm: 'ed25519',
    keyId,
    publicKeyPem: key.export({ format: 'pem', type: 'spki' }) as string,
    archivedAt,
    heads,
  }
  return `${JSON.stringify(archived, null, 2)}\n`
}

/**
 * The key id that follows from the public key in an archived document, which is not taken from its own word for it.
 *
 * @throws RunproofError STATE_MALFORMED
 */
export function keyIdOfArchived(text: string): string {
  try {
    const { publicKeyPem } = JSON.parse(text) as ArchivedAuditKey
    const jwk = createPublicKey(publicKeyPem).export({ format: 'jwk' })
    if (jwk.crv === 'Ed25519') return Buffer.from(jwk.x!, 'base64url').toString('hex')
  } catch {
    // told below
  }
  throw new RunproofError('STATE_MALFORMED', 'the archived document holds no Ed25519 public key')
}
