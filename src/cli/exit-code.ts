import type { ErrorCode, RunproofError } from '../model/error.ts'
import type { Outcome } from '../model/outcome.ts'

/** The whole table, as `--help` prints it. */
export const EXIT_STATUS = [
  [0, 'passed, or attested where only a person can tell; every counterproof red, evidence sealed'],
  [1, 'not passed: a check failed, or was skipped and not allowed'],
  [2, 'usage: bad flag, unknown name, nothing selected'],
  [3, 'errored: no verdict'],
  [4, 'denied by policy or approval'],
  [5, 'a secret was found in what would be published; evidence quarantined'],
  [6, 'unproven: a counterproof did not go red'],
  [130, 'interrupted; evidence is sealed as interrupted'],
] as const

export type ExitCode = (typeof EXIT_STATUS)[number][0]

const OF_OUTCOME: Readonly<Record<Outcome, ExitCode>> = {
  passed: 0,
  attested: 0,
  skipped: 1,
  failed: 1,
  unproven: 6,
  errored: 3,
  denied: 4,
  interrupted: 130,
}

const OF_ERROR: Partial<Record<ErrorCode, ExitCode>> = {
  USAGE: 2,
  UNKNOWN_RUNBOOK: 2,
  UNKNOWN_TARGET: 2,
  UNKNOWN_PARAM: 2,
  PARAM_INVALID: 2,
  SECRET_MISSING: 2,
  SECRET_TOO_SHORT: 2,
  NOT_RESUMABLE: 2,
  DENIED: 4,
  SECRET_LEAKED: 5,
  INTERRUPTED: 130,
  EVIDENCE_TAMPERED: 1,
  EVIDENCE_INVALID: 1,
  JOURNAL_BROKEN: 1,
}

export function exitCodeOf(end: Outcome | RunproofError): ExitCode {
  if (typeof end === 'string') return OF_OUTCOME[end]
  return OF_ERROR[end.code] ?? 3
}
