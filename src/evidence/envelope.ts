import { createHash, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import { RunproofError } from '../model/error.ts'
import type { Signer } from '../model/signer.ts'
import { canonicalJson } from './canonical.ts'

/** DSSE v1.0.2 envelope, https://github.com/secure-systems-lab/dsse/blob/master/envelope.md */
interface Envelope {
  readonly payloadType: string
  readonly payload: string
  readonly signatures: readonly { readonly keyid: string; readonly sig: string }[]
}

/** The bytes that are signed: DSSE pre-authentication encoding, so that type and payload can't be confused. */
function preAuthentication(payloadType: string, payload: Uint8Array): Buffer {
  const type = Buffer.from(payloadType)
  return Buffer.concat([Buffer.from(`DSSEv1 ${type.length} `), type, Buffer.from(` ${payload.length} `), payload])
}

/** `sha256:<hex>` over the DER SubjectPublicKeyInfo of the public key. */
export function keyIdOf(publicKey: KeyObject): string {
  const der = publicKey.export({ type: 'spki', format: 'der' })
  return `sha256:${createHash('sha256').update(der).digest('hex')}`
}

export function signerOf(privateKey: KeyObject): Signer {
  const publicKey = createPublicKey(privateKey)
  const keyId = keyIdOf(publicKey)
  const publicKeyPem = publicKey.export({ type: 'spki', format: 'pem' }).toString()
  return {
    keyId,
    publicKeyPem,
    envelope(payloadType, payload) {
      const sig = sign(null, preAuthentication(payloadType, payload), privateKey)
      const envelope: Envelope = {
        payloadType,
        payload: Buffer.from(payload).toString('base64'),
        signatures: [{ keyid: keyId, sig: sig.toString('base64') }],
      }
      return `${canonicalJson(envelope)}\n`
    },
    holds(envelope, payloadType, payload, byKey = publicKeyPem) {
      try {
        return openEnvelope(envelope, payloadType, byKey).equals(payload)
      } catch {
        return false
      }
    },
  }
}

/**
 * Opens an envelope with the given public key.
 *
 * The text must be the canonical encoding of what it says: base64 has spare bits and JSON has spare white space, and a
 * changed byte that means the same would otherwise pass.
 *
 * @throws RunproofError EVIDENCE_TAMPERED when the form, the key id or the signature is wrong
 */
export function openEnvelope(text: string, payloadType: string, publicKeyPem: string): Buffer {
  const bad = (why: string, cause?: unknown) =>
    new RunproofError('EVIDENCE_TAMPERED', `the signature envelope ${why}`, { cause })

  let envelope: Partial<Envelope> | null
  try {
    envelope = JSON.parse(text) as Partial<Envelope> | null
  } catch (cause) {
    throw bad('is not JSON', cause)
  }
  const signature = envelope?.signatures?.[0]
  if (envelope?.payloadType !== payloadType || signature == null || envelope.signatures?.length !== 1) {
    throw bad(`is not one signature over ${payloadType}`)
  }
  const payload = Buffer.from(String(envelope.payload), 'base64')
  const sig = Buffer.from(String(signature.sig), 'base64')
  const canonical = `${canonicalJson({
    payloadType,
    payload: payload.toString('base64'),
    signatures: [{ keyid: String(signature.keyid), sig: sig.toString('base64') }],
  })}\n`
  if (canonical !== text) throw bad('is not in canonical form')

  const publicKey = ed25519Key(publicKeyPem)
  if (keyIdOf(publicKey) !== signature.keyid)
    throw bad(`was made by key ${signature.keyid}, not by ${keyIdOf(publicKey)}`)
  if (!verify(null, preAuthentication(payloadType, payload), publicKey, sig)) throw bad('does not match its payload')
  return payload
}

/** The key comes out of the document that it is to vouch for, so it may be anything. */
function ed25519Key(pem: string): KeyObject {
  try {
    const key = createPublicKey(pem)
    if (key.asymmetricKeyType === 'ed25519') return key
  } catch {
    // said below
  }
  throw new RunproofError('EVIDENCE_TAMPERED', 'the public key in the evidence is no Ed25519 key')
}
