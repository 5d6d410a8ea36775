// The library's container reads decorators' metadata, and throws where nothing has put it there.
import 'reflect-metadata'
import { BasicConstraintsExtension, KeyUsageFlags, KeyUsagesExtension, X509Certificate } from '@peculiar/x509'
import type { CertificateFacts } from './facts.ts'
import type { KeyUsage } from './template.ts'

const USAGES: readonly KeyUsage[] = ['digitalSignature', 'keyEncipherment', 'keyAgreement', 'keyCertSign', 'cRLSign']

/** What Node's own reader does not say of a certificate. */
export function readUsage(
  der: Buffer,
): Pick<CertificateFacts, 'isAuthority' | 'pathLength' | 'keyUsage'> & { signatureHash: string | undefined } {
  const certificate = new X509Certificate(der)
  const constraints = certificate.getExtension(BasicConstraintsExtension)
  const bits = certificate.getExtension(KeyUsagesExtension)?.usages
  const hash = (certificate.signatureAlgorithm as { hash?: { name?: string } }).hash?.name
  return {
    isAuthority: constraints?.ca ?? null,
    pathLength: constraints?.pathLength,
    keyUsage: bits === undefined ? null : USAGES.filter(usage => (bits & KeyUsageFlags[usage]) !== 0),
    signatureHash: hash?.toLowerCase().replace('-', ''),
  }
}
