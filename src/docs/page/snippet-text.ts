import type { Segment } from './page.ts'

/** The text of a snippet while it is put together from pieces of its page. */
export class SnippetText {
  text = ''
  readonly segments: Segment[] = []
  #line = 0
  /** Column minus offset, as long as text and page run side by side. */
  #shift = 0

  /** Adds a piece that stands at `line` and `column` of the page, unit by unit. */
  add(piece: string, line: number, column: number): void {
    const offset = this.text.length
    if (offset === 0 ? this.segments.length === 0 : line !== this.#line || column - offset !== this.#shift) {
      // An empty piece may open a line that turns out to have text somewhere else: one segment per offset.
      if (this.segments.at(-1)?.offset === offset) this.segments.pop()
      this.segments.push({ offset, line, column })
      this.#line = line
      this.#shift = column - offset
    }
    this.text += piece
  }
}
