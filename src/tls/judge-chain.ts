import type { CertificateFacts } from './facts.ts'
import { answer, type Finding } from './finding.ts'
import { isSigned, type Path } from './path.ts'

/** The findings that the client library has a say in, and which of its codes they answer; all others are about trust. */
const ANSWERED_BY: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'validity',
  CERT_NOT_YET_VALID: 'validity',
  INVALID_PURPOSE: 'purpose',
  INVALID_CA: 'authorities',
  PATH_LENGTH_EXCEEDED: 'authorities',
}
const ABOUT_CHAINS = ['chain', ...Object.values(ANSWERED_BY)]

/**
 * The findings are never greener than the client library: where it refuses a chain in which nothing was found, the finding
 * that its reason belongs to fails.
 *
 * @param verdict - null when it trusts the chain, else its code
 */
export function withLibrary(findings: readonly Finding[], verdict: string | null): readonly Finding[] {
  const found = findings.some(({ id, level }) => level === 'fail' && ABOUT_CHAINS.includes(id))
  if (verdict === null || found) return findings
  const about = ANSWERED_BY[verdict] ?? 'chain'
  return findings.map(finding =>
    finding.id === about
      ? { ...finding, level: 'fail', actual: `${finding.actual}; and yet the client library says ${verdict}` }
      : finding,
  )
}

/** Is there a way from the served certificate to a root that is trusted, and does every signature on it hold? */
export function judgeTrust(path: Path, roots: string): Finding {
  const question = { id: 'chain', expected: `a chain up to ${roots}` }
  const last = path.certificates.at(-1)!
  const way = path.certificates.map(one => one.subject).join(' ← ')
  if (path.anchored) {
    const helped = path.supplied.filter(one => one !== last)
    if (helped.length === 0) return answer(question, 'ok', way)
    return answer(
      question,
      'warn',
      `${way}; the server does not send ${helped.map(one => one.subject).join(', ')}, it is known from ${roots}`,
      'clients that know only the root cannot build this chain: let the server send it',
    )
  }
  const alone = path.certificates.length === 1
  switch (path.broken) {
    case 'signature':
      return answer(
        question,
        'fail',
        `the signature of ${last.subject} is not by the issuer it names`,
        'issue it again',
      )
    case 'self-signed':
      return answer(
        question,
        'fail',
        alone ? `${last.subject} is signed by itself, and not trusted` : `${way}: that root is not trusted`,
        'is it the right --ca-file?',
      )
    default:
      return answer(
        question,
        'fail',
        `${way}; its issuer was not sent, and is not among the roots: ${oneLine(last)}`,
        'let the server send the intermediate certificates, or name the root with --ca-file',
      )
  }
}

function oneLine({ certificate }: CertificateFacts): string {
  return certificate.issuer.replaceAll('\n', ', ').slice(0, 200)
}

/** Every certificate is to be followed by the one that issued it (RFC 5246 section 7.4.2; RFC 8446 only asks for it). */
export function judgeOrder(sent: readonly CertificateFacts[] | null): Finding {
  const question = { id: 'chain-order', expected: 'each certificate followed by its issuer, and nothing else' }
  if (sent === null) return answer(question, 'unknown', 'the certificates could not be read as they were sent')
  const stray = sent.findIndex((one, at) => at > 0 && !isSigned(sent[at - 1]!.certificate, one.certificate))
  const order = sent.map(one => one.subject).join(', ')
  if (stray === -1) return answer(question, 'ok', `${sent.length}: ${order}`)
  return answer(
    question,
    'warn',
    `number ${stray + 1}, ${sent[stray]!.subject}, did not issue the one before it: ${order}`,
    'some clients give up there: put the server’s own first, then its issuer, then that one’s',
  )
}

/** Everything that issues has to be an authority, allowed to sign certificates and to have that many below it. */
export function judgeAuthorities({ certificates }: Path): Finding {
  const question = { id: 'authorities', expected: 'only authorities issue, and no more of them in a row than allowed' }
  const wrong = certificates.slice(1).flatMap((one, below) => {
    if (one.isAuthority === false) return [`${one.subject} is no authority`]
    if (one.isAuthority === null && below < certificates.length - 2) return [`${one.subject} does not say it is one`]
    if (one.keyUsage !== null && !one.keyUsage.includes('keyCertSign'))
      return [`${one.subject} may not sign certificates`]
    if (one.pathLength !== undefined && below > one.pathLength)
      return [`below ${one.subject} are ${below} authorities, ${one.pathLength} may be`]
    return []
  })
  if (wrong.length > 0) return answer(question, 'fail', wrong.join('; '), 'issue the chain again')
  const [leaf] = certificates
  if (leaf!.isAuthority === true)
    return answer(
      question,
      'warn',
      `the server’s own certificate, ${leaf!.subject}, is an authority: its key can issue any name`,
      'give the server a certificate that is none',
    )
  return answer(question, 'ok', certificates.length === 1 ? 'no issuer' : `${certificates.length - 1} in the chain`)
}
