import type { Secret } from '../../model/secret.ts'

/**
 * Why a value can be no provider's key, or undefined. Nothing of it is repeated.
 *
 * @param current - what it is to replace, where that is known
 */
export function whyNoKey(next: Secret, current: Secret | undefined): string | undefined {
  const value = next.reveal()
  if (value.includes('\0')) return 'it has a NUL'
  if (/[\r\n]/.test(value)) return 'it has a line break'
  if (/\s/.test(value)) return 'it has a blank'
  if (!/^[\x21-\x7e]+$/.test(value)) return 'it has characters that no header carries'
  if (current !== undefined && value === current.reveal()) return 'it is the value that it is to replace'
  return undefined
}
