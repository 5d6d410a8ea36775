import type { Event, Token } from 'micromark-util-types'
import type { Finding } from '../finding.ts'
import { declaredPrograms, frontMatterOf } from './front-matter.ts'
import { codeInHtml, type HtmlCode, languageOf, shownText } from './html-code.ts'
import { jsxLiteral } from './jsx-literal.ts'
import type { Link, Page, Snippet } from './page.ts'
import { type Dialect, parseMarkup } from './parse.ts'
import { placeOf } from './place-of.ts'
import { SnippetText } from './snippet-text.ts'
import { Surroundings } from './surroundings.ts'
import { codeLines, inlineCode, inside, plainText, sliceOf, stretch } from './token-text.ts'

const CONTAINERS: Readonly<Record<string, string>> = {
  listOrdered: 'list',
  listUnordered: 'list',
  blockQuote: 'quote',
  table: 'table',
  atxHeading: 'heading',
  setextHeading: 'heading',
  indentedBlock: 'admonition',
}

/** Tokens of extensions are in no table of micromark's. */
type Known = Token['type'] | 'mdxJsxFlowTag' | 'mdxJsxTextTag'
const ELEMENTS: ReadonlySet<Known> = new Set<Known>(['htmlText', 'mdxJsxFlowTag', 'mdxJsxTextTag'])

type Point = Token['start']

/** A tag as it is written: whether it closes, and its name. */
const TAG = /^<(\/?)\s*([A-Za-z_$][\w$.:-]*)/

/** Components whose child, when it is a literal, is code. */
const SETS_CODE = /^(?:pre|code)$|code|terminal|shell|command|console|snippet/i
const REFERENCE = /\b(?:href|src)\s*=\s*(["'])([^"'\r\n]+)\1/gi

/**
 * Takes the code out of Markdown.
 *
 * @param source - the page without a byte order mark
 * @param parsed - of the same length, what is parsed in its place; text is taken from `source` all the same
 * @throws Error of the parser when MDX has a syntax error; Markdown has none
 */
export function readMarkup(
  file: string,
  source: string,
  dialect: Dialect,
  parsed = source,
): Pick<Page, 'programs' | 'snippets' | 'links' | 'problems'> {
  let events: readonly Event[] = []
  const snippets: Snippet[] = []
  const links: Link[] = []
  const problems: Finding[] = []
  const frontMatter = frontMatterOf(source)
  const programs = declaredPrograms(frontMatter.yaml)
  if (programs === undefined) {
    const at = { file, line: 1, column: 1, endLine: 1, endColumn: 4 }
    const message = 'this front matter is no YAML, so that the programs it declares are not known'
    problems.push({ rule: 'page-syntax', severity: 'warning', at, message })
  }
  const surroundings = new Surroundings()
  /** Of the last closing tag of each element that was looked for. */
  const closings = new Map<string, number>()
  let heading = ''

  for (events of parseMarkup(parsed, dialect, frontMatter.end, refuse)) {
    for (let index = 0; index < events.length; index++) index = read(index)
  }
  return { programs: programs ?? [], snippets, links, problems }

  function refuse({ line }: { line: number }): void {
    const at = { file, line, column: 1, endLine: line, endColumn: 1 }
    const message =
      'a list, table, quotation or fence from here on is too long to be read, as is what follows: 1 MiB is the most'
    problems.push({ rule: 'page-unreadable', severity: 'error', at, message })
  }

  /** Reads the event at `index`. Returns the last one that is read with it. */
  function read(index: number): number {
    const [side, token] = events[index]!
    const container = CONTAINERS[token.type]
    if (container !== undefined) {
      if (side === 'enter') surroundings.enter(container)
      else surroundings.leave(container)
    }
    if (side === 'exit') return index
    switch (token.type as Known) {
      case 'atxHeadingText':
      case 'setextHeadingText':
        heading = plainText(source, events, index)
        return index
      case 'codeFenced':
        takeFence(index)
        return index
      case 'codeIndented':
        take('fence', codeLines(source, events, index))
        return index
      case 'codeText':
        take('inline', inlineCode(source, events, index, { escapesPipes: surroundings.within.includes('table') }))
        return index
      case 'htmlFlow':
        takeHtml(index)
        return index
      case 'htmlText':
      case 'mdxJsxFlowTag':
      case 'mdxJsxTextTag':
        return takeElement(index)
      case 'resourceDestinationString':
      case 'definitionDestinationString':
      case 'autolinkProtocol':
        links.push({ url: unescaped(sliceOf(source, token)), at: place(token) })
        return index
      default:
        return index
    }
  }

  function take(kind: Snippet['kind'], { text, segments }: SnippetText, language = '', meta = ''): void {
    if (text.trim() === '') return
    snippets.push({ kind, within: surroundings.within, language, meta, text, segments, heading })
  }

  function takeFence(start: number): void {
    let marks = 0
    let language = ''
    let meta = ''
    for (const [side, token] of inside(events, start)) {
      if (side === 'exit') continue
      if (token.type === 'codeFencedFence') marks++
      else if (token.type === 'codeFencedFenceInfo') language = unescaped(sliceOf(source, token)).toLowerCase()
      else if (token.type === 'codeFencedFenceMeta') meta = unescaped(sliceOf(source, token))
    }
    if (marks === 1) {
      const at = place(events[start + 1]![1])
      problems.push({ rule: 'fence-unclosed', severity: 'error', at, message: 'this fence is never closed' })
    }
    take('fence', codeLines(source, events, start), language, meta)
  }

  /** Code of a block of HTML. */
  function takeHtml(start: number): void {
    const html = codeLines(source, events, start)
    takeReferences(html)
    for (const code of codeInHtml(html.text)) takeShown(html, code, code.element === 'pre', code.language)
  }

  function takeShown(
    html: SnippetText,
    code: Pick<HtmlCode, 'start' | 'end'>,
    isBlock: boolean,
    language: string,
  ): void {
    const shown = shownText(html.text, code, isBlock ? '\n' : ' ', offset => placeOf(file, html, offset, offset))
    take(isBlock ? 'fence' : 'inline', shown, language)
  }

  /** A tag that stands by itself. An element that sets code is read up to its closing tag. */
  function takeElement(start: number): number {
    const token = events[start]![1]
    const tag = sliceOf(source, token)
    const [, closes, name] = TAG.exec(tag) ?? []
    if (name === undefined) return start
    const isJsx = token.type !== 'htmlText'
    if (closes) {
      if (isJsx) surroundings.leave('jsx', name)
      return start
    }
    takeReferences(between(token.start, token.end))
    if (tag.endsWith('/>')) return start
    if (isJsx ? SETS_CODE.test(name) : /^(?:code|pre)$/i.test(name)) {
      const end = closingTag(start, name)
      if (end !== undefined && takeCode(tag, name, token, events[end]![1])) return end
    }
    // What is never closed is what a reader fills in, `<run_id>`, and holds nothing.
    if (!isJsx) return start
    if (lastClosing(name) > token.start.offset) surroundings.enter('jsx', name)
    else if (/^[A-Z][a-z]/.test(name)) {
      const message = `<${name}> is never closed, which MDX does not accept`
      problems.push({ rule: 'page-syntax', severity: 'warning', at: place(token), message })
    }
    return start
  }

  function takeCode(tag: string, name: string, opening: Token, closing: Token): boolean {
    const inner = between(opening.end, closing.start)
    const literal = opening.type === 'htmlText' ? undefined : jsxLiteral(inner.text)
    const isHtml = /^(?:code|pre)$/i.test(name)
    // The element within says what is code and of which language.
    if (/^pre$/i.test(name) && opening.type !== 'htmlText' && /^\s*<code\b/.test(inner.text)) return false
    if (literal === undefined && (!isHtml || /^\s*\{/.test(inner.text))) return false
    const language = languageOf(tag)
    const isBlock =
      name.toLowerCase() !== 'code' ||
      surroundings.has('jsx', 'pre') ||
      (literal !== undefined && inner.text.trim().includes('\n'))
    if (literal === undefined) {
      takeShown(inner, { start: 0, end: inner.text.length }, isBlock, language)
      return true
    }
    const text = new SnippetText()
    for (const { piece, offset } of literal) {
      let from = offset
      for (const part of piece.split(/(?<=\n)/)) {
        const { line, column } = placeOf(file, inner, from, from)
        text.add(part, line, column)
        from += part.length
      }
    }
    surroundings.enter('jsx', name)
    take(isBlock ? 'fence' : 'inline', text, language)
    surroundings.leave('jsx', name)
    return true
  }

  function closingTag(start: number, name: string): number | undefined {
    const { type, end: opening } = events[start]![1]
    const isJsx = type !== 'htmlText'
    if (lastClosing(name) < opening.offset) return undefined
    for (let index = start + 1; index < events.length; index++) {
      const [side, token] = events[index]!
      if (side === 'exit') {
        // Code in a line ends with its paragraph, cell or heading at the latest.
        if (!isJsx && (token.type === 'paragraph' || token.type === 'tableData' || token.type === 'atxHeading')) return
        continue
      }
      if (!ELEMENTS.has(token.type)) continue
      const [, closes, other] = TAG.exec(sliceOf(source, token)) ?? []
      if (closes && other === name) return index
    }
    return undefined
  }

  function lastClosing(name: string): number {
    const known = closings.get(name)
    if (known !== undefined) return known
    const last = source.lastIndexOf(`</${name}`)
    closings.set(name, last)
    return last
  }

  function takeReferences(html: SnippetText): void {
    if (!/href|src/i.test(html.text) || html.text.startsWith('<!--')) return
    for (const match of html.text.matchAll(REFERENCE)) {
      const url = match[2]!
      const start = match.index + match[0].length - 1 - url.length
      links.push({ url, at: placeOf(file, html, start, start + url.length) })
    }
  }

  function between(start: Point, end: Point): SnippetText {
    return stretch(source, start, end.offset, { quoted: surroundings.within.includes('quote') })
  }

  function place({ start, end }: Token): Finding['at'] {
    return { file, line: start.line, column: start.column, endLine: end.line, endColumn: end.column }
  }
}

function unescaped(text: string): string {
  return text.includes('\\') ? text.replace(/\\([!-/:-@[-`{-~])/g, '$1') : text
}
