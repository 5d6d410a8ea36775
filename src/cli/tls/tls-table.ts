import { type Place, placeText } from '../../adapters/tls/connection.ts'
import { terminalLine } from '../../reporters/text/terminal.ts'
import { type Finding, LEVELS } from '../../tls/finding.ts'
import type { Inspection } from '../../tls/inspection.ts'
import type { Path } from '../../tls/path.ts'

export interface Checked {
  readonly place: Place
  readonly seen: Inspection
  readonly path: Path
  readonly findings: readonly Finding[]
  readonly now: Date
  readonly durationMs: number
  readonly exitCode: number
}

const ID_WIDTH = 21
/** What a user might take for included. */
const NOT_JUDGED = [
  'revocation (CRL, OCSP)',
  'SSL 2 and 3',
  'RC4, 3DES and export suites',
  'compression and renegotiation',
  'other addresses of the same name',
]

/** Lines for people, each with its end. */
export function findingLines({ place, seen, findings, durationMs }: Checked): readonly string[] {
  const asked = place.name === place.host.toLowerCase() ? '' : ` as ${place.name}`
  const head = `${placeText(place)}${asked}: ${seen.protocol}, ${seen.cipher}, ${seen.alpn ?? 'no ALPN'}`
  const rows = findings.flatMap(({ level, id, expected, actual, hint }) => [
    `${level.padEnd(8)} ${id.padEnd(ID_WIDTH)} ${actual}`,
    ...(level === 'ok' || level === 'skipped' ? [] : [`${' '.repeat(9 + ID_WIDTH)} expected: ${expected}`]),
    ...(hint === undefined || level === 'skipped' ? [] : [`${' '.repeat(9 + ID_WIDTH)} hint: ${hint}`]),
  ])
  const counts = LEVELS.toReversed()
    .map(level => [level, findings.filter(finding => finding.level === level).length] as const)
    .filter(([, count]) => count > 0)
    .map(([level, count]) => `${count} ${level}`)
  const foot = `${counts.join(', ')} in ${Math.round(durationMs)} ms`
  const open = `not judged: ${NOT_JUDGED.join('; ')}`
  return [head, '', ...rows, '', open, foot].map(line => `${terminalLine(line)}\n`)
}

/** The same for programs. */
export function toDocument({ place, seen, path, findings, now, durationMs, exitCode }: Checked): object {
  return {
    schema: 'runproof-tls-check-1',
    host: place.host,
    port: place.port,
    name: place.name,
    checkedAt: now.toISOString(),
    durationMs: Math.round(durationMs),
    protocol: seen.protocol,
    cipher: seen.cipher,
    alpn: seen.alpn,
    sentCertificates: seen.flight.chain?.length ?? null,
    chain: path.certificates.map(one => ({
      subject: one.subject,
      names: one.names,
      sha256: one.sha256,
      validFromAt: one.validFrom.toISOString(),
      validToAt: one.validTo.toISOString(),
      key: one.key.name,
      signatureHash: one.signatureHash,
    })),
    findings,
    notJudged: NOT_JUDGED,
    exitCode,
  }
}
