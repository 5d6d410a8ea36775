import type { X509Certificate } from 'node:crypto'
import { type CertificateFacts, readCertificate } from './facts.ts'

/** More than any chain in use has; whoever sends a crowd of them does not keep a client busy. */
const MOST_CERTIFICATES = 30

/** From a server's certificate up to where it is trusted, or as far as it goes. */
export interface Path {
  readonly certificates: readonly CertificateFacts[]
  /** Whether its last certificate is one of the roots. */
  readonly anchored: boolean
  /** Why it stops. */
  readonly broken: 'no-issuer' | 'signature' | 'self-signed' | null
  /** Those in it that the server did not send: they came from the roots. */
  readonly supplied: readonly CertificateFacts[]
}

type Walked = Omit<Path, 'supplied'>

/**
 * The shortest way from the first certificate to a root; without one, the longest way up.
 *
 * Issuers are found by name and signature alone, so that one which must not issue is in the path, and can be named there.
 * Every certificate is visited once.
 *
 * @param sent - in the order of the server; at least one
 * @param roots - all that is trusted; those that are not self-signed only help to find the way
 * @throws RunproofError CERTIFICATE_INVALID for a root on the way that cannot be read
 */
export function buildPath(sent: readonly CertificateFacts[], roots: readonly X509Certificate[]): Path {
  const rooted = new Set(roots.map(root => root.fingerprint256))
  const candidates = [...roots, ...sent.slice(0, MOST_CERTIFICATES).map(one => one.certificate)]
  const seen = new Set<string>()
  const ends: Walked[] = []

  const queue: (readonly CertificateFacts[])[] = [[sent[0]!]]
  for (let way = queue.shift(); way !== undefined; way = queue.shift()) {
    const { certificate } = way.at(-1)!
    if (isSelfSigned(certificate)) {
      const anchored = rooted.has(certificate.fingerprint256)
      ends.push({ certificates: way, anchored, broken: anchored ? null : 'self-signed' })
      continue
    }
    const named = candidates.filter(one => one.subject === certificate.issuer && !seen.has(one.fingerprint256))
    const issuers = named.filter(one => isSigned(certificate, one))
    if (issuers.length === 0)
      ends.push({ certificates: way, anchored: false, broken: named.length > 0 ? 'signature' : 'no-issuer' })
    for (const issuer of issuers) {
      if (seen.has(issuer.fingerprint256)) continue
      seen.add(issuer.fingerprint256)
      queue.push([...way, readCertificate(issuer.raw, `the issuer of ${way.at(-1)!.subject}`)])
    }
  }

  const best =
    ends.find(end => end.anchored) ?? ends.toSorted((a, b) => b.certificates.length - a.certificates.length)[0]!
  const known = new Set(sent.map(one => one.sha256))
  return { ...best, supplied: best.certificates.filter(one => !known.has(one.sha256)) }
}

function isSelfSigned(certificate: X509Certificate): boolean {
  return certificate.issuer === certificate.subject && isSigned(certificate, certificate)
}

/** False also for a key of another kind than the signature, or an algorithm that is no longer known. */
export function isSigned(issued: X509Certificate, issuer: X509Certificate): boolean {
  try {
    return issued.verify(issuer.publicKey)
  } catch {
    return false
  }
}
