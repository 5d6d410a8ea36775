import type { Position } from '../ast.ts'
import { withoutCredentials } from '../rules/credentials.ts'

/** What precedes the text of an excerpt. */
const NUMBER_WIDTH = 6

/** The lines of a file by its path; undefined where it is not known. */
export type Sources = (path: string) => readonly string[] | undefined

/**
 * The line of a place and a mark below it, cut to a width. Credentials are replaced.
 *
 * @param column - from 1; the text around it is shown where the line is longer than there is room
 */
export function excerpt(sources: Sources, { file, line, column }: Position, width: number): readonly string[] {
  const written = sources(file)?.[line - 1]
  if (written === undefined) return []
  const text = withoutCredentials(written).replaceAll('\t', ' ')
  const room = Math.max(width - NUMBER_WIDTH - 3, 20)
  const start = column <= room ? 0 : column - Math.floor(room / 2)
  const shown = text.slice(start, start + room)
  return [
    `${String(line).padStart(NUMBER_WIDTH)} | ${shown}`.trimEnd(),
    `${' '.repeat(NUMBER_WIDTH)} | ${' '.repeat(column - 1 - start)}^`,
  ]
}

/** Text in lines of a width, broken at blanks; a word that is longer stands alone. */
export function wrap(text: string, width: number, indent = ''): readonly string[] {
  const lines: string[] = []
  let line = indent
  for (const word of text.split(/\s+/)) {
    if (line !== indent && line.length + 1 + word.length > width) {
      lines.push(line)
      line = indent
    }
    line += line === indent ? word : ` ${word}`
  }
  return line === indent ? lines : [...lines, line]
}
