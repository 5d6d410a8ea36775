/** The known word with the fewest edits, when it is near enough to be meant; for `did you mean`. */
export function closest(word: string, known: readonly string[]): string | undefined {
  const ranked = known
    .map(candidate => ({ candidate, edits: editsBetween(word.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.edits - b.edits)
  const best = ranked[0]
  return best !== undefined && best.edits <= Math.max(1, Math.floor(word.length / 3)) ? best.candidate : undefined
}

/** The end of a sentence that refuses a word: what was meant by it, where anything is near enough; else nothing. */
export function didYouMean(word: string, known: readonly string[]): string {
  const near = closest(word, known)
  return near === undefined ? '' : `; did you mean ${near}?`
}

/** Optimal string alignment: Levenshtein's edits, and two neighbours swapped count as one, the commonest mistake of all. */
export function editsBetween(a: string, b: string): number {
  let before: readonly number[] = []
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const edits = [next[j - 1]! + 1, row[j]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)]
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      if (swapped) edits.push(before[j - 2]! + 1)
      next.push(Math.min(...edits))
    }
    before = row
    row = next
  }
  return row[b.length]!
}
