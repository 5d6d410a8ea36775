import { RunproofError } from './error.ts'

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/**
 * `30s`, `15m`, `1h30m`, `250ms` → milliseconds.
 *
 * @throws RunproofError PARAM_INVALID
 */
export function parseDuration(text: string): number {
  const parts = [...text.matchAll(/(\d+)(ms|s|m|h|d)/g)]
  if (parts.length === 0 || parts.map(part => part[0]).join('') !== text) {
    throw new RunproofError('PARAM_INVALID', `${text} is no duration`, { hint: 'for example 30s, 15m or 1h30m' })
  }
  return parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * UNITS[unit!]!, 0)
}

export function refuseDuration(text: string): string | undefined {
  try {
    parseDuration(text)
    return undefined
  } catch (thrown) {
    return thrown instanceof RunproofError ? 'no duration such as 30s, 15m or 1h30m' : String(thrown)
  }
}
