import { ANY_PURPOSE, type CertificateFacts, CLIENT_AUTH, SERVER_AUTH } from './facts.ts'
import { answer, type Finding } from './finding.ts'
import { isAddress } from './template.ts'

const DAY_MS = 86_400_000
const DEFAULT_WARN_DAYS = 21
/** Of a short life: whoever renews at two thirds of it is never warned. */
const WARN_SHARE = 1 / 3
const LEAST_BITS = { rsa: 2048, ec: 256 } as const
const MODERN_KEYS = ['ed25519', 'ed448']
const BROKEN_HASHES = ['md2', 'md4', 'md5', 'sha1']
const HANDSHAKE_USAGES = ['digitalSignature', 'keyEncipherment', 'keyAgreement'] as const

/** Names are compared with the subject alternative names alone (RFC 9525): nobody looks at the common name any more. */
export function judgeName(leaf: CertificateFacts, name: string): Finding {
  const question = { id: 'name', expected: `a certificate for ${name}` }
  const { certificate, names } = leaf
  const matched = isAddress(name)
    ? certificate.checkIP(name)
    : certificate.checkHost(name, { subject: 'never', partialWildcards: false })
  if (matched !== undefined) return answer(question, 'ok', `for ${matched}`)
  const asDns = isAddress(name) && (names ?? '').includes(`DNS:${name}`)
  return answer(
    question,
    'fail',
    names === null ? 'it names nobody: no subject alternative name' : `for ${names.slice(0, 300)}`,
    asDns
      ? 'an address has to be there as an IP address, not as a DNS name'
      : `ask by a name in it, or issue it for ${name}`,
  )
}

/** Every certificate up to the root is valid at this moment. */
export function judgeValidity(path: readonly CertificateFacts[], now: Date): Finding {
  const question = { id: 'validity', expected: `valid at ${now.toISOString()}` }
  const wrong = path.flatMap(({ subject, validFrom, validTo }) => {
    if (now < validFrom) return [`${subject} begins ${validFrom.toISOString()}, in ${span(+validFrom - +now)}`]
    if (now > validTo) return [`${subject} ended ${validTo.toISOString()}, ${span(+now - +validTo)} ago`]
    return []
  })
  if (wrong.length > 0)
    return answer(question, 'fail', wrong.join('; '), 'renew it; or is the clock of this machine wrong?')
  return answer(question, 'ok', path.length === 1 ? 'it is' : `all ${path.length} are`)
}

/**
 * Certificates are renewed before they end.
 *
 * @param warnDays - default: 21, or a third of a certificate's life where that is shorter
 */
export function judgeExpiry(path: readonly CertificateFacts[], now: Date, warnDays?: number | undefined): Finding {
  const windowMs = ({ validFrom, validTo }: CertificateFacts) =>
    warnDays === undefined
      ? Math.min(DEFAULT_WARN_DAYS * DAY_MS, (+validTo - +validFrom) * WARN_SHARE)
      : warnDays * DAY_MS
  const first = path.toSorted((a, b) => +a.validTo - +b.validTo)[0]!
  const late = path.filter(one => +one.validTo - +now < windowMs(one))
  const shown = late[0] ?? first
  const question = { id: 'expiry', expected: `more than ${span(windowMs(shown))} left` }
  const left = +shown.validTo - +now
  const actual = `${shown.subject} ends ${shown.validTo.toISOString()}, ${left < 0 ? 'which is over' : `in ${span(left)}`}`
  return answer(question, late.length > 0 ? 'warn' : 'ok', actual, 'renew it now')
}

/** A certificate that outlives its issuer stops working earlier than it says. */
export function judgeLife(path: readonly CertificateFacts[]): Finding {
  const question = { id: 'outlives-issuer', expected: 'no certificate ends after its issuer' }
  const at = path.findIndex((one, index) => index > 0 && path[index - 1]!.validTo > one.validTo)
  if (at === -1) return answer(question, 'ok', 'none does')
  const [issued, issuer] = [path[at - 1]!, path[at]!]
  return answer(
    question,
    'warn',
    `${issued.subject} ends ${issued.validTo.toISOString()}, its issuer ${issuer.subject} ${issuer.validTo.toISOString()}`,
    'what ends first counts: renew the issuer',
  )
}

export function judgeKeys(path: readonly CertificateFacts[]): Finding {
  const question = {
    id: 'key-strength',
    expected: `RSA of at least ${LEAST_BITS.rsa} bits, EC of at least ${LEAST_BITS.ec}`,
  }
  const weak = path.filter(({ key }) =>
    key.kind === 'other' ? !MODERN_KEYS.includes(key.name) : key.bits < LEAST_BITS[key.kind],
  )
  const shown = (list: readonly CertificateFacts[]) => list.map(one => `${one.subject}: ${one.key.name}`).join('; ')
  return weak.length > 0
    ? answer(question, 'fail', shown(weak), 'issue it again with a new key: runproof tls issue')
    : answer(question, 'ok', path.map(one => one.key.name).join(', '))
}

/** The signature of a root by itself protects nothing, and is not judged. */
export function judgeSignatures(path: readonly CertificateFacts[], anchored: boolean): Finding {
  const question = { id: 'signature', expected: 'no signature with SHA-1 or MD5' }
  const judged = anchored && path.length > 1 ? path.slice(0, -1) : path
  const broken = judged.filter(one => BROKEN_HASHES.includes(one.signatureHash))
  return broken.length > 0
    ? answer(question, 'fail', broken.map(one => `${one.subject}: ${one.signatureHash}`).join('; '), 'issue it again')
    : answer(question, 'ok', judged.map(one => one.signatureHash).join(', '))
}

/** What the certificate may be used for: extended key usage along the chain, and key usage of the server's own. */
export function judgePurpose(path: readonly CertificateFacts[]): Finding {
  const question = { id: 'purpose', expected: 'made for servers' }
  const wrong = path.filter(
    one => one.purposes !== null && ![SERVER_AUTH, ANY_PURPOSE].some(oid => one.purposes!.includes(oid)),
  )
  if (wrong.length > 0) {
    const shown = wrong.map(one => `${one.subject} is for ${one.purposes!.map(purposeName).join(', ') || 'nothing'}`)
    return answer(question, 'fail', shown.join('; '), 'issue it with extended key usage serverAuth')
  }
  const { keyUsage, purposes, subject, key } = path[0]!
  if (keyUsage !== null && !HANDSHAKE_USAGES.some(usage => keyUsage.includes(usage)))
    return answer(
      question,
      'fail',
      `${subject} has no key usage of a handshake: ${keyUsage.join(', ') || 'none'}`,
      'issue it with digitalSignature',
    )
  if (keyUsage !== null && key.kind !== 'rsa' && !keyUsage.includes('digitalSignature'))
    return answer(
      question,
      'warn',
      `${subject} may not sign (${keyUsage.join(', ')}), which is all its key does`,
      'issue it with digitalSignature',
    )
  if (purposes === null)
    return answer(
      question,
      'warn',
      `${subject} says no purpose: no extended key usage`,
      'some clients insist on serverAuth',
    )
  return answer(question, 'ok', purposes.map(purposeName).join(', '))
}

function purposeName(oid: string): string {
  return { [SERVER_AUTH]: 'serverAuth', [CLIENT_AUTH]: 'clientAuth', [ANY_PURPOSE]: 'anything' }[oid] ?? oid
}

/** The certificate that is served is the one in the file: what was renewed there is not served before a reload. */
export function judgeExpected(served: readonly string[], expected: CertificateFacts, file: string): Finding {
  const question = { id: 'expected-certificate', expected: `${expected.sha256} (${file})` }
  if (served.length === 0) return answer(question, 'unknown', 'no connection', 'ask again')
  const others = served.filter(sha256 => sha256 !== expected.sha256)
  if (others.length === 0) return answer(question, 'ok', `the same on ${served.length} connections`)
  return answer(
    question,
    'fail',
    `${others[0]} on ${others.length} of ${served.length} connections`,
    others.length === served.length ? 'reload the server' : 'a part of the server was not reloaded: restart it',
  )
}

function span(ms: number): string {
  const hours = Math.round(ms / 3_600_000)
  if (hours >= 48) return `${Math.round(hours / 24)} days`
  return hours >= 2 ? `${hours} hours` : `${Math.max(0, Math.round(ms / 60_000))} minutes`
}
