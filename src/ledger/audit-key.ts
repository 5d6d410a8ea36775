import { createPrivateKey, createPublicKey } from 'node:crypto'
import { RunproofError } from '../model/error.ts'

/** DER prefix of an Ed25519 PrivateKeyInfo, RFC 8410 section 7; the 32 seed bytes follow. */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex')

/**
 * The key id (lowercase hex of the public key) that belongs to an audit key file.
 *
 * @throws RunproofError STATE_MALFORMED when the file is no Ed25519 seed; its content is not repeated
 */
export function keyIdOfAuditKey(text: string, place: string): string {
  const key = createPrivateKey({
    key: Buffer.concat([PKCS8_PREFIX, Buffer.from(seedOfAuditKey(text, place), 'hex')]),
    format: 'der',
    type: 'pkcs8',
  })
  const jwk = createPublicKey(key).export({ format: 'jwk' })
  return Buffer.from(jwk.x!, 'base64url').toString('hex')
}

/**
 * The seed in an audit key file, 64 hexadecimal digits: what must never leave it.
 *
 * @throws RunproofError STATE_MALFORMED when the file is no Ed25519 seed; its content is not repeated
 */
export function seedOfAuditKey(text: string, place: string): string {
  let seed: string | undefined
  try {
    const value = JSON.parse(text) as { algorithm?: unknown; secret_key_hex?: unknown }
    if (value.algorithm === 'ed25519' && typeof value.secret_key_hex === 'string') seed = value.secret_key_hex
  } catch {
    // told below, without the content
  }
  if (seed === undefined || !/^[0-9a-f]{64}$/.test(seed)) {
    throw new RunproofError('STATE_MALFORMED', `${place} holds no Ed25519 seed`)
  }
  return seed
}
