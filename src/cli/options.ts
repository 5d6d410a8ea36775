import { RunproofError } from '../model/error.ts'

/** For options that may be repeated and take several values at once. */
export function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value]
}

/**
 * `name=value` words as a record without a prototype.
 *
 * @throws RunproofError USAGE for a word without `=`, an empty name, or a name given twice. With `secret` no part of the word is
 *   repeated: whoever forgets the name has written the value, and the padding of base64 looks like the end of a name.
 */
export function parsePairs(
  flag: string,
  words: readonly string[],
  { secret = false } = {},
): Readonly<Record<string, string>> {
  const pairs: Record<string, string> = Object.create(null)
  for (const word of words) {
    const at = word.indexOf('=')
    const name = word.slice(0, at)
    if (at < 1) {
      throw secret
        ? new RunproofError('USAGE', `${flag}: expected name=source`, { hint: `${flag} NAME=env:VAR` })
        : new RunproofError('USAGE', `${flag} ${word}: expected name=value`)
    }
    if (name in pairs) throw new RunproofError('USAGE', `${flag}${secret ? '' : ` ${name}`}: a name was given twice`)
    pairs[name] = word.slice(at + 1)
  }
  return pairs
}
