import type { KeyObject } from 'node:crypto'
import forge from 'node-forge'

/** Rounds of the key derivation, in JavaScript: what a person waits for without wondering. */
const ROUNDS = 20_000

/**
 * A PKCS #12 archive of an RSA key and its certificates, AES-256, for programs that read nothing else.
 *
 * @param certificatesPem - the key's own first; all of RSA keys, since the library reads no others
 * @returns DER
 */
export function writePkcs12(
  privateKey: KeyObject,
  certificatesPem: readonly string[],
  password: string,
  name: string,
): Buffer {
  const key = forge.pki.privateKeyFromPem(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString())
  const archive = forge.pkcs12.toPkcs12Asn1(
    key,
    certificatesPem.map(pem => forge.pki.certificateFromPem(pem)),
    password,
    {
      algorithm: 'aes256',
      count: ROUNDS,
      friendlyName: name,
    },
  )
  return Buffer.from(forge.asn1.toDer(archive).getBytes(), 'latin1')
}
