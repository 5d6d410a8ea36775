import { generateKeyPair, type KeyObject, randomBytes, X509Certificate } from 'node:crypto'
import { promisify } from 'node:util'
import { RunproofError } from '../model/error.ts'
import { Secret } from '../model/secret.ts'
import {
  isAddress,
  type KeyKind,
  type KeyUsage,
  type Purpose,
  type SignatureHash,
  type Signer,
  type Template,
} from './template.ts'

/** Clocks differ: a certificate that begins now is not valid yet for half of those who are asked. */
const BACKDATED_MS = 5 * 60_000
const DAY_MS = 86_400_000
const AUTHORITY_DAYS = 30
const LEAF_DAYS = 1
/** The upper bound of a common name, RFC 5280 appendix A. */
const LONGEST_COMMON_NAME = 64

/** A certificate and its private key, and what a server or a client presents of them. */
export interface Issued {
  readonly certificatePem: string
  /** The certificate, then the authorities between it and its root, which is left out: it has to be known already. */
  readonly chainPem: string
  /** PKCS #8. */
  readonly privateKeyPem: Secret
  readonly privateKey: KeyObject
  readonly certificate: X509Certificate
}

interface Making {
  readonly key?: KeyKind
  /** Default: five minutes ago. */
  readonly validFrom?: Date
  /** Default: 30 days for an authority, a day for a leaf; never beyond its issuer's unless it is said. */
  readonly validTo?: Date
  /** Default: `sha256`. Only RSA keys sign with `md5`. */
  readonly hash?: SignatureHash
  readonly keyUsage?: readonly KeyUsage[]
  readonly purposes?: readonly Purpose[]
  readonly commonName?: string
  /** Makes the certificate this much longer. */
  readonly paddingBytes?: number
}

export interface AuthorityOptions extends Making {
  /** Default: none, the authority is a root. */
  readonly issuer?: Issued
  /** How many authorities may follow below. Default: any number. */
  readonly pathLength?: number
}

export interface LeafOptions extends Making {
  /** DNS names, of which the first label may be `*`, and IP addresses. An empty list makes a certificate without any. */
  readonly names: readonly string[]
}

/**
 * A certificate authority with a new key, ECDSA P-256 by default: a root, or an intermediate of `issuer`.
 *
 * @throws RunproofError CERTIFICATE_INVALID
 */
export async function issueAuthority(options: AuthorityOptions = {}): Promise<Issued> {
  const { issuer, pathLength } = options
  return issue(options, issuer, {
    commonName: options.commonName ?? `runproof ${issuer === undefined ? 'root' : 'intermediate'} ${shortId()}`,
    authority: { pathLength },
    keyUsage: options.keyUsage ?? ['keyCertSign', 'cRLSign'],
    purposes: options.purposes ?? [],
    names: [],
    days: AUTHORITY_DAYS,
  })
}

/**
 * A server's or a client's certificate with a new key, ECDSA P-256 by default, for servers by default.
 *
 * The issuer is taken as it is, and what is asked for is made, also where no client would accept it: an issuer that is no
 * authority or ends earlier, a past validity, a weak key.
 *
 * @param issuer - `itself` makes a self-signed certificate
 * @throws RunproofError CERTIFICATE_INVALID for a name that is neither a DNS name nor an address, or MD5 without RSA keys
 */
export async function issueLeaf(issuer: Issued | 'itself', options: LeafOptions): Promise<Issued> {
  const names = options.names.map(checkedName)
  const rsa = (options.key ?? 'ec-p256').startsWith('rsa')
  return issue(options, issuer === 'itself' ? undefined : issuer, {
    commonName: options.commonName ?? names.find(name => name.length <= LONGEST_COMMON_NAME) ?? `leaf ${shortId()}`,
    authority: undefined,
    keyUsage: options.keyUsage ?? (rsa ? ['digitalSignature', 'keyEncipherment'] : ['digitalSignature']),
    purposes: options.purposes ?? ['serverAuth'],
    names,
    days: LEAF_DAYS,
  })
}

type Decided = Pick<Template, 'commonName' | 'authority' | 'keyUsage' | 'purposes' | 'names'> & {
  readonly days: number
}

async function issue(options: Making, issuer: Issued | undefined, { days, ...decided }: Decided): Promise<Issued> {
  const { publicKey, privateKey } = await generateKeys(options.key ?? 'ec-p256')
  const validFrom = options.validFrom ?? new Date(Date.now() - BACKDATED_MS)
  const template: Template = {
    ...decided,
    serial: randomSerial(),
    validFrom,
    validTo: options.validTo ?? earlier(new Date(Date.now() + days * DAY_MS), issuer?.certificate.validToDate),
    publicKey,
    hash: options.hash ?? 'sha256',
    paddingBytes: options.paddingBytes ?? 0,
  }
  if (template.validTo <= validFrom) {
    throw new RunproofError(
      'CERTIFICATE_INVALID',
      `a certificate from ${validFrom.toISOString()} to ${template.validTo.toISOString()} is never valid`,
      { hint: 'has its issuer ended?' },
    )
  }
  const certificatePem = await sign(template, issuer ?? { privateKey, certificatePem: null })
  return {
    certificatePem,
    chainPem:
      issuer === undefined || isRoot(issuer.certificate) ? certificatePem : `${certificatePem}${issuer.chainPem}`,
    privateKey,
    privateKeyPem: new Secret(
      `key of ${decided.commonName}`,
      privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    ),
    certificate: new X509Certificate(certificatePem),
  }
}

/** Each library is loaded only where it is needed: they cost more than what they do. */
async function sign(template: Template, signer: Signer): Promise<string> {
  if (isForForge(template, signer)) {
    const { writeWithForge } = await import('./write-rsa.ts')
    return writeWithForge(template, signer)
  }
  if (template.hash === 'md5')
    throw new RunproofError('CERTIFICATE_INVALID', 'only an RSA key signs an RSA key with MD5', {
      hint: 'ask for rsa-2048',
    })
  const { writeWithWebCrypto } = await import('./write-ecdsa.ts')
  return writeWithWebCrypto(template, signer)
}

/** That library knows RSA keys alone, and encodes names of issuers twice that are not plain, so that they match no more. */
function isForForge(template: Template, { privateKey, certificatePem }: Signer): boolean {
  const rsa = [template.publicKey, privateKey].every(key => key.asymmetricKeyType === 'rsa')
  return rsa && (certificatePem === null || /^CN=[ -~]+$/.test(new X509Certificate(certificatePem).subject))
}

const generate = promisify(generateKeyPair) as (
  type: string,
  options: object,
) => Promise<{ publicKey: KeyObject; privateKey: KeyObject }>

function generateKeys(kind: KeyKind) {
  if (kind.startsWith('rsa-')) return generate('rsa', { modulusLength: Number(kind.slice('rsa-'.length)) })
  return generate('ec', { namedCurve: kind === 'ec-p384' ? 'P-384' : 'P-256' })
}

export function isRoot(certificate: X509Certificate): boolean {
  return certificate.subject === certificate.issuer && certificate.verify(certificate.publicKey)
}

function earlier(one: Date, other: Date | undefined): Date {
  return other === undefined || one <= other ? one : other
}

/** 127 random bits behind a leading one, so that it is positive and of one length everywhere (RFC 5280 4.1.2.2: at most 20 bytes). */
function randomSerial(): string {
  const bytes = randomBytes(16)
  bytes[0] = (bytes[0]! & 0x3f) | 0x40
  return bytes.toString('hex')
}

function shortId(): string {
  return randomBytes(4).toString('hex')
}

const LABEL = /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/i

/** @returns the name as it stands in a certificate; the libraries misread IPv6 addresses that end in the form of IPv4 */
function checkedName(name: string): string {
  const checked = isAddress(name) ? canonicalAddress(name) : isDnsName(name) ? name : undefined
  if (checked !== undefined) return checked
  throw new RunproofError('CERTIFICATE_INVALID', `${JSON.stringify(name)} is neither a DNS name nor an IP address`, {
    hint: 'for example daemon.internal, *.internal, 127.0.0.1 or ::1; other scripts in their xn-- form',
  })
}

function isDnsName(name: string): boolean {
  const labels = name.split('.')
  const wild = labels[0] === '*' && labels.length > 1
  return (
    name.length <= 253 &&
    (wild ? labels.slice(1) : labels).every(label => LABEL.test(label)) &&
    // A last label of digits alone would be taken for a part of an address.
    /\D/.test(labels.at(-1)!)
  )
}

function canonicalAddress(name: string): string | undefined {
  if (!name.includes(':')) {
    return name.split('.').every(part => /^(?:0|[1-9]\d*)$/.test(part) && Number(part) <= 255) ? name : undefined
  }
  const url = `http://[${name}]`
  return /^[0-9a-f:.]+$/i.test(name) && URL.canParse(url) ? new URL(url).hostname.slice(1, -1) : undefined
}
