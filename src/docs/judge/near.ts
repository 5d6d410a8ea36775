import { closest, editsBetween } from '../../model/closest.ts'

/** Longer than any name of a command; pages have words of megabytes, and comparing costs length times length. */
const MAX_NAME = 100

/** What to write instead of an unknown word, if anything known is like it. */
export function suggested(word: string, known: readonly string[]): string | undefined {
  return word.length > MAX_NAME ? undefined : closest(word, known)
}

/** A word of a page for a message, cut where it is no name any more. */
export function shown(text: string): string {
  return text.length > MAX_NAME ? `${text.slice(0, MAX_NAME)}…` : text
}

/**
 * The known word that somebody who wrote `word` almost surely meant: one edit away, or two where the word is long. Stricter than what
 * is good enough for a suggestion, since it decides whether a word of prose is taken for a command at all.
 *
 * @param long - letters of a word that may have two edits
 */
export function mistyped(word: string, known: Iterable<string>, long = 7): string | undefined {
  if (word.length < 4) return undefined
  const most = word.length < long ? 1 : 2
  let best: string | undefined
  let least = most + 1
  for (const candidate of known) {
    if (candidate.length < 4 || Math.abs(candidate.length - word.length) >= least) continue
    const edits = editsBetween(word, candidate)
    if (edits === 0) return undefined
    if (edits < least) [best, least] = [candidate, edits]
  }
  return best
}

/**
 * The same of a word that stands alone, which is more often another word of English: one edit, and not to its ending, since `connected` and
 * `scheduled` are no mistakes.
 */
export function mistypedAlone(word: string, known: Iterable<string>): string | undefined {
  if (word.length < 5) return undefined
  const near = [...known].filter(one => one[0] === word[0] && editsBetween(word, one) === 1)
  return mistyped(
    word,
    near.filter(one => one.slice(-2) === word.slice(-2) || letters(one) === letters(word)),
  )
}

function letters(word: string): string {
  return [...word].sort().join('')
}

/** The first three of several places, each once, and how many more there are. */
export function firstOf(places: readonly string[]): string {
  const all = [...new Set(places)]
  const named = all
    .slice(0, 3)
    .map(place => `\`${place}\``)
    .join(', ')
  return all.length > 3 ? `${named} and ${all.length - 3} more` : named
}
