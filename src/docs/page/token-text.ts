import type { Event, Token } from 'micromark-util-types'
import { SnippetText } from './snippet-text.ts'

/**
 * Lines of a block of code. Each is one token, blank ones have none. A line ending counts when another line of code
 * follows: those after the opening and before the closing fence are not part of the code.
 */
export function codeLines(source: string, events: readonly Event[], start: number): SnippetText {
  const result = new SnippetText()
  let opened = events[start]![1].type !== 'codeFenced'
  let newline: Token | undefined
  for (const [side, token] of inside(events, start)) {
    if (side === 'exit') continue
    const isCode = token.type === 'codeFlowValue' || token.type === 'htmlFlowData'
    if (!isCode && token.type !== 'lineEnding') continue
    if (newline !== undefined) result.add('\n', newline.start.line, newline.start.column)
    if (isCode) result.add(sliceOf(source, token), token.start.line, token.start.column)
    newline = isCode || !opened ? undefined : token
    opened = true
  }
  return result
}

/**
 * Code within a line: a line ending is a blank, and there is one blank where the next line is indented.
 *
 * @param escapesPipes - whether `\|` is a bar, as in cells of tables
 */
export function inlineCode(
  source: string,
  events: readonly Event[],
  start: number,
  { escapesPipes }: { readonly escapesPipes: boolean },
): SnippetText {
  const result = new SnippetText()
  for (const [side, token] of inside(events, start)) {
    if (side === 'exit') continue
    const { line, column } = token.start
    if (token.type === 'lineEnding') result.add(' ', line, column)
    if (token.type !== 'codeTextData') continue
    const data = sliceOf(source, token)
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

/** The page from a point to an offset; where that is `quoted`, without the marks of the quotation. */
export function stretch(
  source: string,
  from: Token['start'],
  to: number,
  { quoted }: { readonly quoted: boolean },
): SnippetText {
  const result = new SnippetText()
  let { line, column, offset } = from
  for (const part of source.slice(offset, to).split(/(\r\n?|\n)/)) {
    if (/^[\r\n]/.test(part)) {
      result.add('\n', line, column)
      line++
      column = 1
    } else {
      const marks = line > from.line && quoted ? /^[ \t]*(?:>[ \t]?)*/.exec(part)![0] : ''
      result.add(part.slice(marks.length), line, column + marks.length)
      column += part.length
    }
    offset += part.length
  }
  return result
}

/** A heading or the like as a reader sees it. */
export function plainText(source: string, events: readonly Event[], start: number): string {
  let text = ''
  for (const [side, token] of inside(events, start)) {
    if (side === 'exit') continue
    if (token.type === 'lineEnding') text += ' '
    else if (token.type === 'data' || token.type === 'codeTextData' || token.type === 'characterEscapeValue')
      text += sliceOf(source, token)
  }
  return text.trim()
}

/** A token as it is written. */
export function sliceOf(source: string, { start, end }: Token): string {
  return source.slice(start.offset, end.offset)
}

/**
 * The events between the one that enters a token and the one that exits it. A generator made anew for each page would keep
 * that page in memory until the whole heap is searched, which costs a third of the time: V8 gives each a hidden class.
 */
export function* inside(events: readonly Event[], start: number): Generator<Event> {
  const outer = events[start]![1]
  for (let index = start + 1; events[index]![1] !== outer; index++) yield events[index]!
}
