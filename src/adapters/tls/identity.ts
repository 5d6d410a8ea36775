import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { RunproofError } from '../../model/error.ts'
import type { Secret } from '../../model/secret.ts'
import { files } from '../files.ts'
import { rootsIn } from './roots.ts'

/** A certificate and the key that belongs to it, as they were read. */
interface ReadIdentity {
  /** The first certificate of the file is the one the key belongs to; others are its issuers. */
  readonly certificatesPem: readonly string[]
  readonly certificate: X509Certificate
  readonly privateKeyPem: Secret
  readonly privateKey: KeyObject
}

interface Flags {
  readonly certificate: string
  readonly key: string
}

/**
 * @param flags - how the files were asked for, for messages
 * @throws RunproofError FILE_UNREADABLE; KEY_UNUSABLE for no key, an encrypted one, or one of another certificate
 */
export async function readIdentity(paths: Flags, flags: Flags): Promise<ReadIdentity> {
  const certificatesPem = await rootsIn(paths.certificate, `${flags.certificate} ${paths.certificate}`)
  const privateKeyPem = await files.readSecret(paths.key, `key in ${paths.key}`)
  const unusable = (why: string, hint: string, cause?: unknown) =>
    new RunproofError('KEY_UNUSABLE', `${flags.key} ${paths.key} ${why}`, { hint, cause })
  const privateKey = readKey(privateKeyPem, unusable)
  const certificate = new X509Certificate(certificatesPem[0]!)
  if (!certificate.checkPrivateKey(privateKey))
    throw unusable(
      `does not belong to the first certificate in ${paths.certificate}`,
      'name the pair that was issued together',
    )
  return { certificatesPem, certificate, privateKeyPem, privateKey }
}

function readKey(pem: Secret, unusable: (why: string, hint: string, cause?: unknown) => RunproofError): KeyObject {
  try {
    return createPrivateKey(pem.reveal())
  } catch {
    if (/ENCRYPTED/.test(pem.reveal()))
      throw unusable('is encrypted', 'openssl pkey -in KEY -out PLAIN-KEY, then remove it again')
    // The library's text may hold a part of the file.
    throw unusable('holds no private key in PEM', 'it begins with -----BEGIN PRIVATE KEY-----')
  }
}
