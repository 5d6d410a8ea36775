/** A stretch of a page. Lines and columns count from 1, columns in UTF-16 units; the end is the place after the last one. */
export interface Place {
  readonly file: string
  readonly line: number
  readonly column: number
  readonly endLine: number
  readonly endColumn: number
}

/** Where a page as a whole is meant. */
export function topOf(file: string): Place {
  return { file, line: 1, column: 1, endLine: 1, endColumn: 1 }
}
