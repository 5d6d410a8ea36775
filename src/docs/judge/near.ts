import { editsBetween } from '../../model/closest.ts'

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
