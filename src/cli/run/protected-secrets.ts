import type { Secret } from '../../model/secret.ts'
import { Redactor } from '../../scan/redact.ts'

/** The secrets a run knows so far: what every sink redacts and what sealing searches for. */
export interface ProtectedSecrets {
  add(secret: Secret): void
  redact(text: string): string
  redactBytes(bytes: Uint8Array): Uint8Array
  all(): readonly Secret[]
}

export function protectSecrets(first: readonly Secret[]): ProtectedSecrets {
  const redactor = new Redactor()
  const secrets: Secret[] = []
  const add = (secret: Secret) => {
    if (secrets.some(known => known.name === secret.name && known.reveal() === secret.reveal())) return
    secrets.push(secret)
    redactor.add({ name: secret.name, value: secret.reveal() })
  }
  for (const secret of first) add(secret)
  const redactBytes = (bytes: Uint8Array) => {
    const stream = redactor.stream()
    return Buffer.concat([stream.push(Buffer.from(bytes)), stream.flush()])
  }
  return { add, redact: text => redactor.redactText(text), redactBytes, all: () => secrets }
}
