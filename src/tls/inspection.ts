import type { ServerFlight } from './handshake.ts'

/** What a client may be refused: old versions, and suites that protect nothing or little. */
export const OFFERS = {
  'TLS 1.0': { minVersion: 'TLSv1', maxVersion: 'TLSv1', ciphers: 'ALL:@SECLEVEL=0' },
  'TLS 1.1': { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' },
  'no encryption': { minVersion: 'TLSv1', maxVersion: 'TLSv1.2', ciphers: 'eNULL:@SECLEVEL=0' },
  'no authentication': { minVersion: 'TLSv1', maxVersion: 'TLSv1.2', ciphers: 'aNULL:@SECLEVEL=0' },
  'no forward secrecy': { minVersion: 'TLSv1', maxVersion: 'TLSv1.2', ciphers: 'kRSA:!eNULL:@SECLEVEL=0' },
} as const
export type OfferId = keyof typeof OFFERS

/** What became of an offer that a good server refuses. */
export interface OfferAnswer {
  /** Whether the same client, with the same offer, got through to a server of our own in this run. */
  readonly calibrated: boolean
  readonly answer: 'accepted' | 'refused' | 'none'
  /** The alert, or how it ended. */
  readonly detail: string
}

/** What a port answered to a request without TLS. */
export type PlainAnswer =
  | { readonly kind: 'http'; readonly status: number; readonly location: string | null }
  /** Bytes that are neither HTTP nor a TLS alert. */
  | { readonly kind: 'other' }
  | { readonly kind: 'alert' | 'closed' | 'silent' | 'unreachable' }

/** How far a client came that asked for something after the handshake, which is where TLS 1.3 refuses. */
export type Admission =
  | { readonly kind: 'answered'; readonly status: number | null }
  | { readonly kind: 'refused'; readonly detail: string }
  | { readonly kind: 'silent' }

/** All that was seen of one server. */
export interface Inspection {
  readonly protocol: string
  readonly cipher: string
  readonly alpn: string | null
  /** What the client library says of the chain: null when it trusts it, else its code. */
  readonly library: string | null
  readonly flight: ServerFlight
  /** The server's certificate, DER. */
  readonly leaf: Buffer
  /** SHA-256 of the certificate on each of several connections; empty when it was not asked for. */
  readonly served: readonly string[]
  readonly offers: Readonly<Record<OfferId, OfferAnswer>>
  readonly plain: PlainAnswer
  readonly redirect: PlainAnswer | null
  readonly admission: { readonly without: Admission | null; readonly with: Admission | null }
}
