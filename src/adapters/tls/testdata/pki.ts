import { type AuthorityOptions, type Issued, issueAuthority, issueLeaf, type LeafOptions } from '../../../tls/issue.ts'

export const NAME = 'edge.test'
export const NAMES = [NAME, '*.edge.test', '127.0.0.1', '::1']
const DAY_MS = 86_400_000
const NOW = Date.now()
const days = (count: number) => new Date(NOW + count * DAY_MS)
export const PAST = { validFrom: days(-9), validTo: days(-1) }
export const FUTURE = { validFrom: days(1), validTo: days(9) }

/** Authorities that last ten days, and leaves by them. */
export async function makePki() {
  const authority = (options: AuthorityOptions = {}) =>
    issueAuthority({ validFrom: days(-10), validTo: days(10), ...options })
  const leaf = (issuer: Issued | 'itself', options: Partial<LeafOptions> = {}) =>
    issueLeaf(issuer, { names: NAMES, ...options })
  const [root, rsaRoot, otherRoot] = await Promise.all([authority(), authority({ key: 'rsa-2048' }), authority()])
  const intermediate = await authority({ issuer: root })
  return { authority, leaf, root, rsaRoot, otherRoot, intermediate }
}

export type Pki = Awaited<ReturnType<typeof makePki>>

/** The certificate with the last byte of its signature turned. */
export function withBrokenSignature(pem: string): string {
  const der = Buffer.from(pem.replace(/-----[^-]+-----/g, ''), 'base64')
  der[der.length - 1]! ^= 1
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
}
