import type { X509Certificate } from 'node:crypto'
import { type CertificateFacts, readCertificate } from './facts.ts'
import type { Finding } from './finding.ts'
import type { Inspection } from './inspection.ts'
import {
  judgeExpected,
  judgeExpiry,
  judgeKeys,
  judgeLife,
  judgeName,
  judgePurpose,
  judgeSignatures,
  judgeValidity,
} from './judge-certificate.ts'
import { judgeAuthorities, judgeOrder, judgeTrust, withLibrary } from './judge-chain.ts'
import {
  judgeAdmission,
  judgeAlpn,
  judgeCiphers,
  judgePlain,
  judgeProtocol,
  judgeRedirect,
} from './judge-connection.ts'
import { buildPath, type Path } from './path.ts'

/** What a server is measured by. */
export interface Asked {
  /** The name or address its certificate has to be for. */
  readonly name: string
  readonly roots: readonly X509Certificate[]
  /** How the roots are called in a sentence. */
  readonly rootsName: string
  readonly now: Date
  readonly warnDays?: number | undefined
  readonly alpn?: string | undefined
  readonly expected?: { readonly certificate: CertificateFacts; readonly file: string } | undefined
  readonly redirectFrom?: string | undefined
  readonly requireClientCertificate: boolean
}

export interface Judged {
  readonly findings: readonly Finding[]
  readonly path: Path
}

/**
 * Every question about a server's TLS, answered from what was seen of it.
 *
 * @throws RunproofError CERTIFICATE_INVALID for a certificate that can't be read
 */
export function judge(seen: Inspection, asked: Asked): Judged {
  const leaf = readCertificate(seen.leaf, 'the served certificate')
  const sent =
    seen.flight.chain?.map((der, at) => readCertificate(der, `certificate ${at + 1} of the served chain`)) ?? null
  const path = buildPath(sent ?? [leaf], asked.roots)
  const { certificates, anchored } = path
  const findings = [
    judgeTrust(path, asked.rootsName),
    judgeOrder(sent),
    judgeAuthorities(path),
    judgeName(leaf, asked.name),
    judgeValidity(certificates, asked.now),
    judgeExpiry(certificates, asked.now, asked.warnDays),
    judgeLife(certificates),
    judgeKeys(certificates),
    judgeSignatures(certificates, anchored),
    judgePurpose(certificates),
    ...(asked.expected === undefined
      ? []
      : [judgeExpected(seen.served, asked.expected.certificate, asked.expected.file)]),
    judgeProtocol(seen),
    judgeCiphers(seen),
    judgeAlpn(seen, asked.alpn),
    judgePlain(seen.plain),
    judgeRedirect(seen.redirect, asked.redirectFrom, asked.name),
    judgeAdmission(seen, asked.requireClientCertificate),
  ]
  return { findings: withLibrary(findings, seen.library), path }
}
