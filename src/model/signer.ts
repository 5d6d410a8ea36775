/** An Ed25519 key pair in use. */
export interface Signer {
  /** `sha256:<hex>` of the SubjectPublicKeyInfo. */
  readonly keyId: string
  readonly publicKeyPem: string
  /** A DSSE envelope around the payload, as canonical JSON text. */
  envelope(payloadType: string, payload: Uint8Array): string
  /** Whether an envelope holds exactly this payload, signed by this key or by the one whose public half is given. */
  holds(envelope: string, payloadType: string, payload: Uint8Array, publicKeyPem?: string): boolean
}
