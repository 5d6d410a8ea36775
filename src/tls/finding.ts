/**
 * `ok`: as it should be. `warn`: works today, and will not always or not for everyone. `fail`: clients refuse it, or should.
 * `unknown`: it was asked, and there is no answer. `skipped`: it was not asked.
 */
export const LEVELS = ['skipped', 'ok', 'warn', 'unknown', 'fail'] as const
export type Level = (typeof LEVELS)[number]

/** One question about a server's TLS, and its answer. */
export interface Finding {
  readonly id: string
  readonly level: Level
  readonly expected: string
  readonly actual: string
  /** The next step, where it is not `ok`. */
  readonly hint?: string | undefined
}

/** A finding of which only the answer is open. */
export interface Question {
  readonly id: string
  readonly expected: string
}

export function answer({ id, expected }: Question, level: Level, actual: string, hint?: string | undefined): Finding {
  return { id, level, expected, actual, ...(hint === undefined || level === 'ok' ? {} : { hint }) }
}

/** @returns 0 when nothing is wrong, 1 for a finding that fails, 3 when something asked is not known and nothing fails */
export function verdictOf(findings: readonly Finding[], failOn: 'warn' | 'fail'): 0 | 1 | 3 {
  const has = (level: Level) => findings.some(finding => finding.level === level)
  if (has('fail') || (failOn === 'warn' && has('warn'))) return 1
  return has('unknown') || !has('ok') ? 3 : 0
}
