/** Certificates of a day's life, made by openssl in a directory of the caller's. */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Pair {
  readonly certificate: string
  readonly key: string
}

interface Made {
  /** Default: signed by itself, and a certificate authority. */
  readonly issuer?: Pair
  /** From now on; a negative number makes one that has expired. */
  readonly days?: number
  readonly names?: string
}

export function makeCertificate(directory: string, name: string, made: Made = {}): Pair {
  const at = (ending: string) => join(directory, `${name}${ending}`)
  const pair = { certificate: at('.pem'), key: at('-key.pem') }
  const { issuer, days = 1, names = 'DNS:localhost,IP:127.0.0.1' } = made
  const authority = issuer === undefined ? 'basicConstraints=critical,CA:TRUE\n' : ''
  writeFileSync(at('.ext'), `${authority}subjectAltName=${names}\n`)
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-noenc', '-keyout', pair.key]
  openssl('req', '-new', ...newKey, '-out', at('.csr'), '-subj', `/CN=${name}`)
  const signer =
    issuer === undefined ? ['-signkey', pair.key] : ['-CA', issuer.certificate, '-CAkey', issuer.key, '-CAcreateserial']
  const validity = ['-days', String(days), '-extfile', at('.ext')]
  openssl('x509', '-req', '-in', at('.csr'), ...signer, ...validity, '-out', pair.certificate)
  return pair
}

function openssl(...words: readonly string[]): void {
  execFileSync('openssl', words, { stdio: ['ignore', 'ignore', 'pipe'] })
}
