import { type KeyObject, X509Certificate } from 'node:crypto'
import { RunproofError } from '../model/error.ts'
import type { Secret } from '../model/secret.ts'
import { type Issued, isRoot } from './issue.ts'
import { CURVES } from './template.ts'

interface Read {
  readonly certificatesPem: readonly string[]
  readonly privateKey: KeyObject
  readonly privateKeyPem: Secret
}

/**
 * An authority that was made before, to issue with.
 *
 * @param read - its certificate first, then those above it; the key is known to belong to it
 * @throws RunproofError CERTIFICATE_INVALID when it is no authority, or not valid now
 */
export function authorityOf({ certificatesPem, privateKey, privateKeyPem }: Read, file: string, now: Date): Issued {
  const [first = ''] = certificatesPem
  const certificate = new X509Certificate(first)
  const invalid = (why: string, hint: string) => new RunproofError('CERTIFICATE_INVALID', `${file} ${why}`, { hint })
  if (!certificate.ca) throw invalid('is no authority', 'name the certificate that may issue others')
  if (!canSign(privateKey))
    throw invalid(
      `has a key that runproof does not sign with (${privateKey.asymmetricKeyType})`,
      'an authority with an RSA key, or an EC key on P-256, P-384 or P-521',
    )
  if (certificate.validToDate <= now)
    throw invalid(
      `ended ${certificate.validToDate.toISOString()}`,
      'make a new authority: leave --ca-cert and --ca-key out',
    )
  if (certificate.validFromDate > now)
    throw invalid(`begins only ${certificate.validFromDate.toISOString()}`, 'is the clock of this machine right?')
  const chain = certificatesPem.filter(pem => !isRoot(new X509Certificate(pem)))
  return {
    certificatePem: `${first}\n`,
    chainPem: chain.map(pem => `${pem}\n`).join(''),
    privateKey,
    privateKeyPem,
    certificate,
  }
}

function canSign({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): boolean {
  return asymmetricKeyType === 'rsa' || (asymmetricKeyDetails?.namedCurve ?? '') in CURVES
}
