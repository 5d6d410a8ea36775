import { withoutCredentials } from './credentials.ts'
import type { Place } from './place.ts'

/** What precedes the text of an excerpt. */
const NUMBER_WIDTH = 6

/** One line of a file, counted from 1; undefined where it is not known. */
export type Sources = (file: string, line: number) => string | undefined

/**
 * The line of a place and a mark below it, cut to a width. Credentials are replaced. The mark is as long as the place is in
 * that line, where its end is known.
 */
export function excerpt(sources: Sources, at: Place, width: number): readonly string[] {
  const { file, line, column } = at
  const written = sources(file, line)
  if (written === undefined) return []
  const text = withoutCredentials(written).replaceAll('\t', ' ')
  const room = Math.max(width - NUMBER_WIDTH - 3, 20)
  const start = column <= room ? 0 : column - Math.floor(room / 2)
  const shown = text.slice(start, start + room)
  const from = column - 1 - start
  const length = Math.max(1, Math.min(endIn(at, text) - column, room - from))
  return [
    `${String(line).padStart(NUMBER_WIDTH)} | ${shown}`.trimEnd(),
    `${' '.repeat(NUMBER_WIDTH)} | ${' '.repeat(cells(shown.slice(0, from), from))}${'^'.repeat(cells(shown.slice(from, from + length), length))}`,
  ]
}

/** One unit of text that takes two cells of a terminal. What takes two units takes two cells anyway. */
const WIDE = /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60]/g

/** How wide a text is shown, of which no more than its length is known where it ends before that. */
function cells(text: string, length: number): number {
  return length + (text.match(WIDE)?.length ?? 0)
}

/** The column after the last one of a place in its first line. */
function endIn({ line, column, endLine, endColumn }: Place, text: string): number {
  if (endLine === undefined || endColumn === undefined) return column + 1
  return endLine === line ? endColumn : text.trimEnd().length + 1
}
