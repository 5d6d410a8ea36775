import { parse, postprocess, preprocess } from 'micromark'
import { gfmTable } from 'micromark-extension-gfm-table'
import { mdxjs } from 'micromark-extension-mdxjs'
import type { Event, Extension } from 'micromark-util-types'
import { cutsOf, PIECE } from './cut.ts'
import type { FrontMatter } from './front-matter.ts'
import { indentedBlocks } from './indented-blocks.ts'

/**
 * Markdown as micromark, the tokenizer below remark, sees it. Its events say where each line of code stands, also in lists
 * and quotations, and whether a fence was closed; the tree that remark makes of them says neither, and takes half as long
 * again to build.
 *
 * Emphasis is switched off: it hides no code, and costs.
 */
const COMMON: Extension[] = [gfmTable(), { disable: { null: ['attention'] } }]

type Start = FrontMatter['end']

/** A block that cannot be cut costs memory of three hundred times its size: one of 8 MB took 2.3 GB. */
const MOST_OF_A_BLOCK = 1024 * 1024

/** One of each, as putting the constructs together costs a tenth of a small page. */
const PARSERS = {
  markdown: parse({ extensions: [...COMMON, indentedBlocks] }),
  mdx: parse({ extensions: [...COMMON, mdxjs()] }),
  // In MDX, what is indented is the child of an element and no code.
  'mdx-as-markdown': parse({ extensions: [...COMMON, { disable: { null: ['codeIndented'] } }] }),
}

export type Dialect = keyof typeof PARSERS

/**
 * Events of a page, in pieces that end where no container is open. micromark 4 copies all events of a document whenever a
 * list or a quotation ends: a page of 1 MB took 9 s as a whole, and takes 1.6 s in pieces.
 *
 * @param start - where to begin
 * @param tooLong - told where the piece begins in which a block is too long; nothing is read from there on
 * @param size - of a piece, at least
 * @throws Error of the parser when MDX has a syntax error; Markdown has none
 */
export function* parseMarkup(
  source: string,
  dialect: Dialect,
  start: Start,
  tooLong: (at: Start) => void,
  size = PIECE,
): Generator<Event[]> {
  const parser = PARSERS[dialect]
  const nextCut = cutsOf(source)
  while (start.offset < source.length) {
    const piece = parsePiece(start, start.offset + size)
    if (piece === undefined) return tooLong(start)
    yield piece.events
    start = piece.end
  }

  /** The piece that begins at `start`; when code or a syntax error reaches its end, twice as much is tried. */
  function parsePiece(start: Start, least: number): { events: Event[]; end: Start } | undefined {
    let failure: unknown
    for (let from = least; ; ) {
      const cut = nextCut(start.offset, from)
      const isLast = cut === source.length
      if (cut - start.offset > MOST_OF_A_BLOCK) {
        if (failure !== undefined) throw failure
        return undefined
      }
      // Left behind by a piece that was tried before: names that its imports declare would count as declared twice.
      Object.assign(parser, { defined: [], lazy: {}, definedModuleSpecifiers: undefined })
      try {
        const document = parser.document(start)
        const events = postprocess(document.write(preprocess()(source.slice(start.offset, cut), undefined, true)))
        if (isLast || !runsOn(events, source, cut))
          return { events, end: { line: document.now().line, column: 1, offset: cut } }
      } catch (error) {
        if (isLast || isLongModule(error, cut - start.offset)) throw error
        failure = error
      }
      from = start.offset + 2 * (cut - start.offset)
    }
  }
}

/**
 * Whether imports and exports still do not parse in a piece of many lines. The extension parses all of them again at
 * every blank line; 16 KB of short ones took 20 s.
 */
function isLongModule(error: unknown, length: number): boolean {
  return length > 4 * PIECE && (error as { source?: string }).source === 'micromark-extension-mdxjs-esm'
}

/** Whether a fence or HTML that does not end at a blank line is still open at `cut`. */
function runsOn(events: readonly Event[], source: string, cut: number): boolean {
  const before = source[cut - 1]
  const ending = before === '\n' && source[cut - 2] === '\r' ? 2 : 1
  const isAfterBlankLine = /[\r\n][ \t]*$/.test(source.slice(Math.max(0, cut - 100), cut - ending))
  for (let index = events.length - 1; index >= 0; index--) {
    const [side, { type, start, end }] = events[index]!
    if (end.offset < cut - 200 && side === 'exit') return false
    if (side === 'enter') continue
    if (type === 'codeFenced') return end.offset === cut
    if (type === 'htmlFlow') {
      const tag = source.slice(start.offset, start.offset + 10)
      return !isAfterBlankLine || /^<(?:[!?]|(?:script|pre|style|textarea)\b)/i.test(tag)
    }
  }
  return false
}
