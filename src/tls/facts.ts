import { X509Certificate } from 'node:crypto'
import { RunproofError } from '../model/error.ts'
import type { KeyUsage } from './template.ts'
import { readUsage } from './usage.ts'

export const SERVER_AUTH = '1.3.6.1.5.5.7.3.1'
export const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2'
export const ANY_PURPOSE = '2.5.29.37.0'

/** What is judged of one certificate. */
export interface CertificateFacts {
  readonly subject: string
  readonly sha256: string
  readonly validFrom: Date
  readonly validTo: Date
  readonly key: { readonly kind: 'rsa' | 'ec' | 'other'; readonly name: string; readonly bits: number }
  /** `sha256`, `md5`, …; of algorithms with a hash of their own (Ed25519) their name. */
  readonly signatureHash: string
  /** Null without the extension. */
  readonly isAuthority: boolean | null
  readonly pathLength: number | undefined
  /** Null without the extension, which allows everything. */
  readonly keyUsage: readonly KeyUsage[] | null
  /** Object identifiers; null without the extension, which allows everything. */
  readonly purposes: readonly string[] | null
  /** As they stand there, `DNS:a, IP Address:127.0.0.1`; null without any. */
  readonly names: string | null
  /** For what only the whole certificate answers: names, signatures. */
  readonly certificate: X509Certificate
}

/**
 * @param encoded - one certificate, DER or PEM
 * @param where - for messages
 * @throws RunproofError CERTIFICATE_INVALID
 */
export function readCertificate(encoded: Uint8Array | string, where: string): CertificateFacts {
  try {
    return factsOf(new X509Certificate(encoded))
  } catch (cause) {
    throw new RunproofError('CERTIFICATE_INVALID', `${where} cannot be read as a certificate`, {
      cause,
      hint: 'openssl x509 -text says what it finds',
    })
  }
}

function factsOf(certificate: X509Certificate): CertificateFacts {
  const { signatureHash, ...usage } = readUsage(certificate.raw)
  return {
    subject: oneLine(certificate.subject),
    sha256: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
    validFrom: certificate.validFromDate,
    validTo: certificate.validToDate,
    key: keyOf(certificate),
    signatureHash: signatureHash ?? hashIn(certificate.signatureAlgorithm ?? 'unknown'),
    purposes: certificate.keyUsage ?? null,
    names: certificate.subjectAltName ?? null,
    ...usage,
    certificate,
  }
}

function keyOf({ publicKey }: X509Certificate): CertificateFacts['key'] {
  const type = publicKey.asymmetricKeyType ?? 'unknown'
  const { modulusLength = 0, namedCurve = '' } = publicKey.asymmetricKeyDetails ?? {}
  if (type === 'rsa' || type === 'rsa-pss') return { kind: 'rsa', name: `RSA ${modulusLength}`, bits: modulusLength }
  // The curves' names end in, or hold, the size of their field.
  if (type === 'ec') return { kind: 'ec', name: `EC ${namedCurve}`, bits: Number(/\d{3}/.exec(namedCurve)?.[0] ?? 0) }
  return { kind: 'other', name: type, bits: 0 }
}

/** `sha1WithRSAEncryption`, `ecdsa-with-SHA256`, `RSA-MD5` → the hash. */
function hashIn(algorithm: string): string {
  return /(?:sha-?3-?|sha-?|md)\d+/i.exec(algorithm)?.[0].toLowerCase().replace('-', '') ?? algorithm
}

/** OpenSSL puts each part of a name on a line of its own; it is shown on one, and cannot act on a terminal. */
function oneLine(name: string | undefined): string {
  return name === undefined || name === '' ? '(no subject)' : name.replaceAll('\n', ', ').slice(0, 200)
}
