import { bytesOf } from '../bytes.ts'
import { translatePattern } from './pcre.ts'

/** What the groups of a regular expression matched, as bytes. */
export interface Captures {
  /** `$1` first. */
  readonly groups: readonly string[]
  readonly named: ReadonlyMap<string, string>
}

type Compiled = RegExp | { readonly unlike: string }

const compiled = new Map<string, Compiled>()

/**
 * What a regular expression of PCRE captures in a subject, given as bytes.
 *
 * @param source - as nginx reads it, without `~`
 * @param unsure - told when the expression means something else, or nothing, outside of PCRE; then it counts as not matching
 */
export function matchPattern(
  source: string,
  caseless: boolean,
  subject: string,
  unsure: (sentence: string) => void,
): Captures | undefined {
  const key = `${caseless ? 'i' : 'c'}${source}`
  const known = compiled.get(key) ?? translatePattern(bytesOf(source), caseless)
  compiled.set(key, known)
  if (!(known instanceof RegExp)) {
    unsure(`taken that the regular expression ${source} does not match: ${known.unlike} is not evaluated here`)
    return undefined
  }
  const match = known.exec(subject)
  if (match === null) return undefined
  return {
    groups: match.slice(1).map(group => group ?? ''),
    named: new Map(Object.entries(match.groups ?? {}).map(([name, group]) => [name, group ?? ''])),
  }
}
