/** An Ed25519 key pair in use. */
export interface Signer {
  /** `sha256:<hex>` of the SubjectPublicKeyInfo. */
  readonly keyId: string
  readonly publicKeyPem: string
  /** A DSSE envelope around the payload, as canonical JSON text. */
  envelope(payloadType: string, payload: Uint8Array): string
}
