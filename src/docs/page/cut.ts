/** Pieces of this size are parsed on their own: large enough that a call costs little, small enough for what is quadratic. */
export const PIECE = 2048

const NEWLINE = String.raw`(?:\r\n|\n|\r(?!\n))`

/** Each kind of cut is looked for when a piece grew so long without one of the kinds before. */
const CUTS = [
  // A line at the margin after a blank one: ends every paragraph, list, quotation, table.
  { from: 0, line: new RegExp(String.raw`${NEWLINE}[ \t]*${NEWLINE}(?=\S)`, 'g') },
  // Without a blank line: a heading, an item of a list, what follows the line below a heading.
  { from: 2 * PIECE, line: new RegExp(`${NEWLINE}(?=#{1,6}[ \\t]|[-*+][ \\t]|\\d{1,9}[.)][ \\t])`, 'g') },
  { from: 2 * PIECE, line: new RegExp(`${NEWLINE}(?:={1,80}|-{1,80})[ \\t]*${NEWLINE}(?=\\S)`, 'g') },
  // A line of a paragraph that no reader would get to the end of; the second half reads as a paragraph, too.
  { from: 4 * PIECE, line: new RegExp(String.raw`${NEWLINE}(?=[^\s|>])`, 'g') },
] as const

/**
 * Where a page can be cut so that both sides parse as they do together. Code and HTML may run on across the cut: only the
 * parser knows.
 *
 * @returns a function that tells the first cut at or after `from`, for the piece that begins at `start`, as an offset after
 *   a line ending, or the length of the source. It is asked from the top of the page to its end, so that the whole of it
 *   is searched once.
 */
export function cutsOf(source: string): (start: number, from: number) => number {
  const found = CUTS.map(() => 0)
  return (start, from) => {
    let nearest = source.length
    for (const [index, { from: patience, line }] of CUTS.entries()) {
      const least = Math.max(from, start + patience)
      if (nearest <= least) break
      if (found[index]! < least) {
        line.lastIndex = least - 1
        found[index] = line.test(source) ? line.lastIndex : Number.POSITIVE_INFINITY
      }
      nearest = Math.min(nearest, found[index]!)
    }
    return nearest
  }
}
