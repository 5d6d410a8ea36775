import type { Place } from '../place.ts'
import type { Segment, Snippet } from './page.ts'

/**
 * Where a stretch of a snippet stands in its page.
 *
 * @param start - offset in `snippet.text`, in UTF-16 units
 * @param end - offset after the last unit; the end of the place is right after that unit, on the line where it stands
 */
export function placeOf(file: string, snippet: Pick<Snippet, 'segments'>, start: number, end: number): Place {
  const first = pointOf(snippet.segments, start)
  const last = end > start ? pointOf(snippet.segments, end - 1) : undefined
  return {
    file,
    line: first.line,
    column: first.column,
    endLine: last?.line ?? first.line,
    endColumn: last === undefined ? first.column : last.column + 1,
  }
}

/** The unit at `offset`. Snippets of thousands of lines are asked once per word, so the segment is looked up by halves. */
function pointOf(segments: readonly Segment[], offset: number): { line: number; column: number } {
  let low = 0
  let high = segments.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (segments[middle]!.offset <= offset) low = middle
    else high = middle - 1
  }
  const { line, column, offset: from } = segments[low]!
  return { line, column: column + offset - from }
}
