import type { KeyObject } from 'node:crypto'

export const KEY_KINDS = ['ec-p256', 'ec-p384', 'rsa-1024', 'rsa-2048', 'rsa-3072', 'rsa-4096'] as const
export type KeyKind = (typeof KEY_KINDS)[number]

/** MD5 and SHA-1 are there to be refused. */
export type SignatureHash = 'md5' | 'sha1' | 'sha256' | 'sha384'

export type Purpose = 'serverAuth' | 'clientAuth'
export type KeyUsage = 'digitalSignature' | 'keyEncipherment' | 'keyAgreement' | 'keyCertSign' | 'cRLSign'

/** All that a certificate says, before it is signed. */
export interface Template {
  /** Hexadecimal and positive: its first bit is not set. */
  readonly serial: string
  readonly commonName: string
  readonly validFrom: Date
  readonly validTo: Date
  readonly publicKey: KeyObject
  /** Present for a certificate authority; how many authorities may follow below it. */
  readonly authority: { readonly pathLength?: number | undefined } | undefined
  readonly keyUsage: readonly KeyUsage[]
  /** None: the extension is left out, which most clients take for every purpose. */
  readonly purposes: readonly Purpose[]
  /** DNS names and IP addresses. None: the extension is left out. */
  readonly names: readonly string[]
  readonly hash: SignatureHash
  /** Bytes of a comment nobody reads. */
  readonly paddingBytes: number
}

/** Names of curves, as OpenSSL and as Web Crypto call them. */
export const CURVES: Readonly<Record<string, string>> = {
  prime256v1: 'P-256',
  secp384r1: 'P-384',
  secp521r1: 'P-521',
}

/** With what a certificate is signed. */
export interface Signer {
  readonly privateKey: KeyObject
  /** Null for a certificate that is signed by itself. */
  readonly certificatePem: string | null
}

/** An address as opposed to a DNS name, which has no colon and does not end in a number. */
export function isAddress(name: string): boolean {
  return name.includes(':') || /^\d+(?:\.\d+){3}$/.test(name)
}

/** A comment that every client skips (`nsComment`, an IA5String). */
export const COMMENT_OID = '2.16.840.1.113730.1.13'

export function commentDer(sizeBytes: number): Buffer {
  return Buffer.concat([Buffer.from([0x16]), lengthDer(sizeBytes), Buffer.alloc(sizeBytes, 'x')])
}

/** A length in DER: short form below 128, else the number of its bytes and then these, without leading zeros. */
function lengthDer(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length])
  const digits = length.toString(16)
  const bytes = Buffer.from(digits.padStart(digits.length + (digits.length % 2), '0'), 'hex')
  return Buffer.concat([Buffer.from([0x80 | bytes.length]), bytes])
}
