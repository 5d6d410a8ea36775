/** Where something stands in a file. Lines and columns count from 1, columns in UTF-16 units. */
export interface Place {
  readonly file: string
  readonly line: number
  readonly column: number
  /** The place after the last one; only where it begins is known without it. */
  readonly endLine?: number
  readonly endColumn?: number
}
