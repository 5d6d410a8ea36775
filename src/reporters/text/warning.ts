import type { CheckRecord } from '../../evidence/schema.ts'

/** What a check that is green warns of: a level was reached that does not fail, and nobody should have to search the facts for it. */
export function warningOf({ outcome, actual }: CheckRecord): string | undefined {
  if (outcome !== 'passed' || typeof actual !== 'object' || actual === null || Array.isArray(actual)) return undefined
  const { level, reason } = actual as { readonly level?: unknown; readonly reason?: unknown }
  return level === 'warn' && typeof reason === 'string' ? reason : undefined
}
