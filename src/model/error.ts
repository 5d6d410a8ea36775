/**
 * Every reason for which runproof gives no verdict, or refuses to act. Closed: exit codes, JUnit and documentation are
 * derived from it. A check whose answer is `no` is data (a {@link Judgement}), never an error.
 */
export const ERROR_CODES = [
  // the command line and what it names
  'USAGE',
  'UNKNOWN_RUNBOOK',
  'UNKNOWN_TARGET',
  'UNKNOWN_PARAM',
  'PARAM_INVALID',
  'SECRET_MISSING',
  'SECRET_TOO_SHORT',
  'SECRET_UNREADABLE',
  'FILE_UNREADABLE',
  'FILE_NOT_REPLACED',
  // policy and people
  'DENIED',
  'INTERRUPTED',
  'NOT_RESUMABLE',
  'RUN_FENCED',
  // the machine
  'TOOL_MISSING',
  'DISK_FULL',
  'NOT_EMPTY',
  'PATH_UNSAFE',
  'TIMEOUT',
  'COMMAND_FAILED',
  'BARRIER_UNAVAILABLE',
  'INSTANCE_FAILED',
  'PORT_TAKEN',
  // the target
  'TARGET_UNREACHABLE',
  'TLS_FAILED',
  'BODY_TOO_LARGE',
  'ANSWER_MALFORMED',
  'STATE_MALFORMED',
  'SOURCE_LOCKED',
  // archives
  'ARCHIVE_UNREADABLE',
  'ARCHIVE_NOT_AN_ARCHIVE',
  'ARCHIVE_TRUNCATED',
  'ARCHIVE_HOSTILE_ENTRY',
  'ARCHIVE_LIMIT',
  'ARCHIVE_CHANGED_WHILE_READ',
  'MANIFEST_INVALID',
  'FACTS_INVALID',
  'SAMPLES_INVALID',
  'CONFIG_INVALID',
  'WAIVERS_INVALID',
  'POLICY_INVALID',
  'TREE_INVALID',
  'CERTIFICATE_INVALID',
  'DIGEST_MISMATCH',
  'DIGEST_FILE_INVALID',
  'DECRYPT_FAILED',
  'FETCH_FAILED',
  // evidence
  'NOTHING_SEARCHED',
  'SECRET_LEAKED',
  'JOURNAL_BROKEN',
  'EVIDENCE_INVALID',
  'EVIDENCE_TAMPERED',
  'SEAL_FAILED',
  'KEY_UNUSABLE',
  'CAPTURE_UNSET',
  'INTERNAL',
] as const

export type ErrorCode = (typeof ERROR_CODES)[number]

export interface ErrorDetails {
  /** The next step, as a command or an action. */
  readonly hint?: string | undefined
  readonly cause?: unknown
}

/** An expected reason for "no verdict". The message names the value, the hint the next step; neither holds a secret or child output. */
export class RunproofError extends Error {
  readonly code: ErrorCode
  readonly hint: string | undefined

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = 'RunproofError'
    this.code = code
    this.hint = details.hint
  }
}

/** Whatever was thrown, as a RunproofError; a programming error becomes `INTERNAL` and keeps its stack as the cause. */
export function toRunproofError(thrown: unknown): RunproofError {
  if (thrown instanceof RunproofError) return thrown
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  return new RunproofError('INTERNAL', message, { cause: thrown })
}
