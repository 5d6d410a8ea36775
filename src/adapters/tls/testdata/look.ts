import { X509Certificate } from 'node:crypto'
import type { Finding } from '../../../tls/finding.ts'
import type { Issued } from '../../../tls/issue.ts'
import { type Asked, judge } from '../../../tls/judge.ts'
import { calibrate } from '../calibrate.ts'
import { type InspectOptions, inspect } from '../inspect.ts'
import { NAME } from './pki.ts'

const LIMITS = { timeoutMs: 5_000, signal: new AbortController().signal }
const calibrated = calibrate(LIMITS)

interface Looking {
  readonly port: number
  readonly name?: string | undefined
  readonly roots: readonly Issued[]
  readonly inspecting?: Partial<InspectOptions> | undefined
  readonly asked?: Partial<Asked> | undefined
}

/** Inspects a server on loopback and judges what was seen. */
export async function look({ port, name = NAME, roots, inspecting, asked }: Looking): Promise<readonly Finding[]> {
  const requireClientCertificate = inspecting?.requireClientCertificate ?? false
  const seen = await inspect({
    ...LIMITS,
    place: { host: '127.0.0.1', port, name },
    calibrated,
    roots: roots.map(root => root.certificatePem),
    requireClientCertificate,
    compareServed: false,
    ...inspecting,
  })
  return judge(seen, {
    name,
    roots: roots.map(root => new X509Certificate(root.certificatePem)),
    rootsName: 'the roots',
    now: new Date(),
    requireClientCertificate,
    ...asked,
  }).findings
}

/** Level by id of what is neither fine nor skipped. */
export function notable(findings: readonly Finding[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    findings.filter(({ level }) => level !== 'ok' && level !== 'skipped').map(({ id, level }) => [id, level]),
  )
}
