import type { Secret } from '../../model/secret.ts'

const SHORTEST_TOKEN = 16
/** What every proxy still takes in one header line. */
const LONGEST_TOKEN = 4096

/** Why a token that we or our operator choose could be guessed, or undefined. */
export function whyGuessable(next: Secret): string | undefined {
  const { length } = next.reveal()
  return length < SHORTEST_TOKEN ? `it has ${length} characters, at least ${SHORTEST_TOKEN} are wanted` : undefined
}

/**
 * Why a value can be no token, or undefined. Nothing of it is repeated.
 *
 * @param current - what it is to replace
 * @param other - the token of the other role
 * @see RFC 6750, section 2.1
 */
export function whyUnfit(next: Secret, current: Secret, other: Secret): string | undefined {
  const value = next.reveal()
  if (value.includes('\0')) return 'it has a NUL'
  if (/[\r\n]/.test(value)) return 'it has a line break'
  if (/\s/.test(value)) return 'it has a blank'
  if (!/^[\x21-\x7e]+$/.test(value)) return 'it has characters that no header carries'
  const short = whyGuessable(next)
  if (short !== undefined) return short
  if (value.length > LONGEST_TOKEN) return `it has ${value.length} characters, at most ${LONGEST_TOKEN} are wanted`
  if (value === other.reveal()) return 'it is the token of the other role'
  if (value === current.reveal()) return 'it is the token that it is to replace'
  return undefined
}
