import { formsOf, type KnownValue } from './forms.ts'
import type { Needle } from './qgram.ts'

/** A needle that knows what it is a form of. */
export interface KnownNeedle extends Needle {
  readonly bytes: Buffer
  readonly form: string
  /** The name of the secret. Two secrets of one value are reported by the first name. */
  readonly secret: string
}

/**
 * All forms of all values, each byte string once.
 *
 * @throws RunproofError SECRET_TOO_SHORT
 */
export function needlesOf(values: readonly KnownValue[]): KnownNeedle[] {
  const needles = new Map<string, KnownNeedle>()
  for (const value of values) {
    for (const { name, bytes, wraps } of formsOf(value).forms) {
      const key = bytes.toString('latin1')
      const known = needles.get(key)
      if (!known) needles.set(key, { bytes, wraps, form: name, secret: value.name })
      else if (wraps && !known.wraps) needles.set(key, { ...known, wraps })
    }
  }
  return [...needles.values()]
}
