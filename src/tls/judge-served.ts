import { X509Certificate } from 'node:crypto'
import type { Peer } from '../model/http.ts'
import { readCertificate } from './facts.ts'
import type { Finding } from './finding.ts'
import { judgeExpiry, judgeKeys, judgeName, judgePurpose, judgeSignatures, judgeValidity } from './judge-certificate.ts'
import { judgeAuthorities, judgeTrust } from './judge-chain.ts'
import { buildPath } from './path.ts'

/**
 * What a client was shown, judged without that client.
 *
 * @returns whose certificates were sent, the server's own first, and what is said of them; both empty where none was
 * @throws RunproofError CERTIFICATE_INVALID
 */
export function judgeServed(
  { chain, roots }: Peer,
  host: string,
  now: Date,
): { readonly chain: readonly string[]; readonly findings: readonly Finding[] } {
  const sent = chain.map((der, index) => readCertificate(der, `certificate ${index + 1}`))
  const [own] = sent
  if (own === undefined) return { chain: [], findings: [] }
  const path = buildPath(
    sent,
    roots.map(pem => new X509Certificate(pem)),
  )
  const { certificates, anchored } = path
  return {
    chain: sent.map(({ subject }) => subject),
    findings: [
      judgeTrust(path, 'an authority that is trusted'),
      judgeAuthorities(path),
      judgeName(own, host),
      judgeValidity(certificates, now),
      judgeExpiry(certificates, now),
      judgePurpose(certificates),
      judgeKeys(certificates),
      judgeSignatures(certificates, anchored),
    ],
  }
}
