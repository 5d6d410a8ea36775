import type { Secret } from '../../model/secret.ts'
import type { Issued } from '../../tls/issue.ts'
import { writePkcs12 as write } from '../../tls/pkcs12.ts'

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g

/** Key, certificate and everything above it as one archive under a password; all of RSA keys. */
export function writePkcs12(leaf: Issued, authority: Issued, password: Secret): Uint8Array {
  const chain = `${leaf.chainPem}${authority.certificatePem}`.match(CERTIFICATE) ?? []
  return write(leaf.privateKey, [...new Set(chain)], password.reveal(), leaf.certificate.subject)
}
