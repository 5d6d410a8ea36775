/** An Ed25519 key pair in use. */
export interface Signer {
  /** `sha256:<hex>` of the SubjectPublicKeyInfo. */
  readonly keyId: string
  readonly publicKeyPem: string
  /** A DSSE envelope around the payload, as canonical JSON text. */
  envelope(payloadType: string, payload: Uint8Array): string
  /** Whether an envelope of this key holds exactly this payload. */
  holds(envelope: string, payloadType: string, payload: Uint8Array): boolean
}
