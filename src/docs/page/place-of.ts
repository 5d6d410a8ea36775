import { leading } from '../leading.ts'
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

/** The unit at `offset`. */
function pointOf(segments: readonly Segment[], offset: number): { line: number; column: number } {
  const { line, column, offset: from } = segments[Math.max(0, leading(segments, one => one.offset <= offset) - 1)]!
  return { line, column: column + offset - from }
}
