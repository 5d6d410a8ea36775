import type { Finding } from '../finding.ts'
import type { Place } from '../place.ts'

/**
 * Text that a page sets as code. What surrounds it in the page (indent of a list, marks of a quotation, escapes of a table
 * cell) is not part of `text`; `segments` say where each piece of it stands.
 */
export interface Snippet {
  /** `fence` also for indented code and for code that stands in JSX; `text` is a line of a page that lost its markup. */
  readonly kind: 'fence' | 'inline' | 'text'
  /** What the snippet stands in, nearest first: `list`, `table`, `heading`, `quote`, `admonition`, `jsx`. */
  readonly within: readonly string[]
  /** First word of a fence's info string, in lower case; empty where there is none. */
  readonly language: string
  /** The rest of the info string. */
  readonly meta: string
  readonly text: string
  /** In the order of their offsets, the first at 0: from `offset` on, text and page run side by side until the next one. */
  readonly segments: readonly Segment[]
  /** The heading it stands under, innermost; empty before the first. */
  readonly heading: string
}

export interface Segment {
  /** In the text of the snippet, in UTF-16 units. Of the page, a byte order mark is in no column and a tab is in one. */
  readonly offset: number
  readonly line: number
  readonly column: number
}

/** A page of documentation, taken apart. */
export interface Page {
  readonly file: string
  readonly form: 'markdown' | 'mdx' | 'text'
  /** Of its bytes. */
  readonly sha256: string
  /** Programs that its front matter declares (`programs: [deployctl]` or `program: deployctl`). */
  readonly programs: readonly string[]
  readonly snippets: readonly Snippet[]
  /** Links, images and definitions of Markdown, `href` and `src` of HTML: as they are written, escapes undone. */
  readonly links: readonly Link[]
  /** What is wrong with the page itself: a fence that never ends, bytes that are no text, MDX that does not parse. */
  readonly problems: readonly Finding[]
}

export interface Link {
  readonly url: string
  readonly at: Place
}
