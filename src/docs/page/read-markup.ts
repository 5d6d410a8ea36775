import type { Event, Token } from 'micromark-util-types'
import type { Finding } from '../finding.ts'
import { declaredPrograms, frontMatterOf } from './front-matter.ts'
import type { Link, Page, Snippet } from './page.ts'
import { parseMarkup } from './parse.ts'
import { SnippetText } from './snippet-text.ts'

const CONTAINERS: Readonly<Record<string, string>> = {
  listOrdered: 'list',
  listUnordered: 'list',
  blockQuote: 'quote',
  table: 'table',
  atxHeading: 'heading',
  setextHeading: 'heading',
}

type Taken = Pick<Page, 'programs' | 'snippets' | 'links' | 'problems'>

/** Takes the code out of Markdown. `source` is the page without a byte order mark. */
export function readMarkup(file: string, source: string, form: 'markdown' | 'mdx'): Taken {
  let events: readonly Event[] = []
  const snippets: Snippet[] = []
  const links: Link[] = []
  const problems: Finding[] = []
  const frontMatter = frontMatterOf(source)
  const programs = declaredPrograms(frontMatter.yaml)
  let within: readonly string[] = []
  let heading = ''

  for (events of parseMarkup(source, form, frontMatter.end)) walk()
  return { programs, snippets, links, problems }

  function walk(): void {
    for (let index = 0; index < events.length; index++) {
      const [side, token] = events[index]!
      const container = CONTAINERS[token.type]
      if (container !== undefined) within = side === 'enter' ? [container, ...within] : within.slice(1)
      if (side === 'exit') continue
      switch (token.type) {
        case 'atxHeadingText':
        case 'setextHeadingText':
          heading = plainText(index)
          break
        case 'codeFenced':
          takeFence(index)
          break
        case 'codeIndented':
          take('fence', codeLines(index))
          break
        case 'codeText':
          take('inline', inlineCode(index))
          break
        case 'resourceDestinationString':
        case 'definitionDestinationString':
        case 'autolinkProtocol':
          links.push({ url: unescaped(slice(token)), at: place(token) })
          break
      }
    }
  }

  function take(kind: Snippet['kind'], { text, segments }: SnippetText, language = '', meta = ''): void {
    if (text.trim() === '') return
    snippets.push({ kind, within, language, meta, text, segments, heading })
  }

  function takeFence(start: number): void {
    let marks = 0
    let language = ''
    let meta = ''
    for (const [side, token] of inside(start)) {
      if (side === 'exit') continue
      if (token.type === 'codeFencedFence') marks++
      else if (token.type === 'codeFencedFenceInfo') language = unescaped(slice(token)).toLowerCase()
      else if (token.type === 'codeFencedFenceMeta') meta = unescaped(slice(token))
    }
    if (marks === 1) {
      const at = place(events[start + 1]![1])
      problems.push({ rule: 'fence-unclosed', severity: 'error', at, message: 'this fence is never closed' })
    }
    take('fence', codeLines(start), language, meta)
  }

  /**
   * Lines of a block of code. Each is one token, blank ones have none. A line ending counts when another line of code
   * follows: those after the opening and before the closing fence are not part of the code.
   */
  function codeLines(start: number): SnippetText {
    const result = new SnippetText()
    let opened = events[start]![1].type === 'codeIndented'
    let newline: Token | undefined
    for (const [side, token] of inside(start)) {
      if (side === 'exit') continue
      const isCode = token.type === 'codeFlowValue'
      if (!isCode && token.type !== 'lineEnding') continue
      if (newline !== undefined) result.add('\n', newline.start.line, newline.start.column)
      if (isCode) result.add(slice(token), token.start.line, token.start.column)
      newline = isCode || !opened ? undefined : token
      opened = true
    }
    return result
  }

  function inlineCode(start: number): SnippetText {
    const result = new SnippetText()
    const escapesPipes = within.includes('table')
    for (const [side, token] of inside(start)) {
      if (side === 'exit') continue
      const { line, column } = token.start
      if (token.type === 'lineEnding') result.add(' ', line, column)
      if (token.type !== 'codeTextData') continue
      const data = slice(token)
      let from = result.text.endsWith(' ') ? data.length - data.trimStart().length : 0
      for (const match of escapesPipes && data.includes('\\|') ? data.matchAll(/\\([\\|])/g) : []) {
        if (match[1] !== '|') continue
        result.add(data.slice(from, match.index), line, column + from)
        from = match.index + 1
      }
      result.add(data.slice(from), line, column + from)
    }
    return result
  }

  function plainText(start: number): string {
    let text = ''
    for (const [side, token] of inside(start)) {
      if (side === 'exit') continue
      if (token.type === 'lineEnding') text += ' '
      else if (token.type === 'data' || token.type === 'codeTextData' || token.type === 'characterEscapeValue')
        text += slice(token)
    }
    return text.trim()
  }

  /** The events between the one that enters a token and the one that exits it. */
  function* inside(start: number): Generator<Event> {
    const outer = events[start]![1]
    for (let index = start + 1; events[index]![1] !== outer; index++) yield events[index]!
  }

  function slice(token: Token): string {
    return source.slice(token.start.offset, token.end.offset)
  }

  function place({ start, end }: Token): Finding['at'] {
    return { file, line: start.line, column: start.column, endLine: end.line, endColumn: end.column }
  }
}

function unescaped(text: string): string {
  return text.includes('\\') ? text.replace(/\\([!-/:-@[-`{-~])/g, '$1') : text
}
