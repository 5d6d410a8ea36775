import type { Sources } from '../../findings/excerpt.ts'
import { type SarifResult, sarifLog } from '../../findings/sarif.ts'
import type { Json } from '../../model/check.ts'
import { type Finding, RULE_TEXTS } from '../judge.ts'
import type { Checked } from './checked.ts'

/**
 * The result of a check for code scanning.
 *
 * @param version - of runproof
 */
export function checkedSarif({ findings, exitCode }: Checked, sources: Sources, version: string): Json {
  return sarifLog({ version, exitCode, rules: RULE_TEXTS, results: findings.map(toResult), sources })
}

function toResult({ rule, at, paths, expected, actual, waived }: Finding): SarifResult {
  return {
    rule: rule.id,
    severity: rule.severity,
    message: `${actual}; expected ${expected}${paths.length === 0 ? '' : ` (${paths.join(', ')})`}`,
    at,
    fingerprint: [rule.id, at.file, actual, ...paths].join('|'),
    accepted: waived,
  }
}
