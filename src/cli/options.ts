import { RunproofError } from '../model/error.ts'

/** For options that may be repeated and take several values at once. */
export function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value]
}

/**
 * `name=value` words as a record.
 *
 * @throws RunproofError USAGE for a word without `=`, an empty name, or a name given twice
 */
export function parsePairs(flag: string, words: readonly string[]): Readonly<Record<string, string>> {
  const pairs: Record<string, string> = {}
  for (const word of words) {
    const at = word.indexOf('=')
    const name = word.slice(0, at)
    if (at < 1) throw new RunproofError('USAGE', `${flag} ${word}: expected name=value`)
    if (name in pairs) throw new RunproofError('USAGE', `${flag} ${name} was given twice`)
    pairs[name] = word.slice(at + 1)
  }
  return pairs
}
