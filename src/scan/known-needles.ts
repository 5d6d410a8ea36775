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
  for (const value of values) addNeedles(needles, value)
  return [...needles.values()]
}

/**
 * Adds the forms of one more value to those that are known, by their bytes as latin1.
 *
 * @returns those that were not known, or not as ones that wrap
 * @throws RunproofError SECRET_TOO_SHORT, with nothing added
 */
export function addNeedles(known: Map<string, KnownNeedle>, value: KnownValue): KnownNeedle[] {
  return formsOf(value).forms.flatMap(({ name, bytes, wraps }) => {
    const key = bytes.toString('latin1')
    const same = known.get(key)
    if (same !== undefined && (same.wraps || !wraps)) return []
    const needle = { bytes, form: name, secret: value.name, ...same, wraps }
    known.set(key, needle)
    return [needle]
  })
}
