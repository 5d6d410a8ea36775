import { X509Certificate } from 'node:crypto'
import { RunproofError } from '../../model/error.ts'
import { files } from '../files.ts'

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g
const MAX_CA_BYTES = 4 * 1024 * 1024

/**
 * The certificates of a file as PEM, one an entry.
 *
 * @param named - the file as the user named it, with the flag or parameter
 * @throws RunproofError FILE_UNREADABLE also for a file in which every certificate is not one, or none is there
 */
export async function rootsIn(path: string, named: string): Promise<string[]> {
  const text = await files.readText(path, MAX_CA_BYTES)
  const certificates = text.match(CERTIFICATE) ?? []
  if (certificates.length === 0) {
    throw new RunproofError('FILE_UNREADABLE', `${named} holds no certificate in PEM`, {
      hint: `openssl x509 -in ${path} -noout -subject`,
    })
  }
  for (const [index, certificate] of certificates.entries()) {
    try {
      new X509Certificate(certificate)
    } catch (cause) {
      throw new RunproofError('FILE_UNREADABLE', `certificate ${index + 1} in ${named} can't be read`, { cause })
    }
  }
  return certificates
}

/** What other programs of this machine trust; where it has no such list, what Node brings along. */
export async function rootsOfMachine(): Promise<string[]> {
  const { getCACertificates } = await import('node:tls')
  const system = getCACertificates('system')
  return system.length > 0 ? system : getCACertificates('bundled')
}
