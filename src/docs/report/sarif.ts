import type { Sources } from '../../findings/excerpt.ts'
import { type SarifResult, sarifLog } from '../../findings/sarif.ts'
import type { Json } from '../../model/check.ts'
import type { Checked, CheckedFinding } from '../checked.ts'
import { RULES } from '../rules.ts'

/**
 * The result of a check for code scanning.
 *
 * @param version - of runproof
 */
export function checkedSarif({ findings, exitCode }: Checked, sources: Sources, version: string): Json {
  return sarifLog({ version, exitCode, rules: RULES, results: findings.map(toResult), sources })
}

function toResult({ rule, severity, at, message, suggestion, command, ignored }: CheckedFinding): SarifResult {
  return {
    rule,
    severity,
    message: suggestion === undefined ? message : `${message}; did you mean ${suggestion}?`,
    at,
    fingerprint: [rule, at.file, message, ...(command === undefined ? [] : [command])].join('|'),
    accepted: ignored,
    replacement: suggestion,
  }
}
