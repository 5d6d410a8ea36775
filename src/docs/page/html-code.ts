import { decodeNamedCharacterReference } from 'decode-named-character-reference'
import { SnippetText } from './snippet-text.ts'

/** Where code stands in HTML, in offsets of its text. */
export interface HtmlCode {
  readonly element: 'pre' | 'code'
  /** As {@link languageOf} reads it off the tag. */
  readonly language: string
  readonly start: number
  readonly end: number
}

/** Comments, scripts and styles are no code of the page; the rest are the elements it is set in. */
const ELEMENT = /<!--[\s\S]*?(?:-->|$)|<(script|style)\b[\s\S]*?(?:<\/\1\s*>|$)|<(pre|code)\b([^>]*)>/gi

/** The `<pre>` and `<code>` elements of a block of HTML, the outermost of each. One that never ends reaches to the end. */
export function codeInHtml(html: string): HtmlCode[] {
  const found: HtmlCode[] = []
  ELEMENT.lastIndex = 0
  for (let match = ELEMENT.exec(html); match !== null; match = ELEMENT.exec(html)) {
    if (match[2] === undefined) continue
    const element = match[2].toLowerCase() as HtmlCode['element']
    const start = ELEMENT.lastIndex
    const closing = new RegExp(`</${element}\\s*>`, 'gi')
    closing.lastIndex = start
    const end = closing.exec(html)?.index ?? html.length
    const classes = `${match[3]} ${/^\s*<code\b([^>]*)>/i.exec(html.slice(start, start + 200))?.[1] ?? ''}`
    found.push({ element, language: languageOf(classes), start, end })
    ELEMENT.lastIndex = end
  }
  return found
}

/** Of a class such as `language-bash`, or of an attribute such as `lang="bash"`, in lower case; empty where there is none. */
export function languageOf(attributes: string): string {
  return /\blang(?:uage)?(?:-|=["']?)([\w+-]+)/i.exec(attributes)?.[1]?.toLowerCase() ?? ''
}

/** Tags that mark up code and are not part of it. Any other `<name>` is what a reader fills in. */
const MARKUP = /^<\/?(?:a|b|br|code|em|i|kbd|mark|small|span|strong|sub|sup|u|var|wbr)(?:\s[^<>]*)?\/?>/i
const REFERENCE = /^&(?:#(\d{1,7})|#x([\da-f]{1,6})|([a-z][a-z\d]{1,31}));/i

/**
 * Text of HTML as a browser shows it: character references decoded, tags of markup gone.
 *
 * @param spaces - what a line ending becomes
 * @param placeAt - where the unit at an offset stands
 */
export function shownText(
  html: string,
  { start, end }: Pick<HtmlCode, 'start' | 'end'>,
  spaces: '\n' | ' ',
  placeAt: (offset: number) => { line: number; column: number },
): SnippetText {
  const result = new SnippetText()
  // A browser drops the line ending right after `<pre>`.
  let offset = spaces === '\n' && html[start] === '\n' ? start + 1 : start
  while (offset < end) {
    const { line, column } = placeAt(offset)
    const special = html[offset]!
    const rest = special === '<' || special === '&' ? html.slice(offset, Math.min(end, offset + 200)) : ''
    const tag = special === '<' ? MARKUP.exec(rest)?.[0] : undefined
    const reference = special === '&' ? REFERENCE.exec(rest) : null
    const decoded = reference === null ? undefined : decode(reference)
    if (tag !== undefined) {
      offset += tag.length
    } else if (reference !== null && decoded !== undefined) {
      result.add(decoded, line, column)
      offset += reference[0].length
    } else if (special === '\n') {
      result.add(spaces, line, column)
      offset++
      while (spaces === ' ' && offset < end && (html[offset] === ' ' || html[offset] === '\t')) offset++
    } else {
      let next = offset + 1
      while (next < end && html[next] !== '<' && html[next] !== '&' && html[next] !== '\n') next++
      result.add(html.slice(offset, next), line, column)
      offset = next
    }
  }
  return result
}

function decode([, decimal, hexadecimal, name]: RegExpExecArray): string | undefined {
  if (name !== undefined) return decodeNamedCharacterReference(name) || undefined
  const code = decimal === undefined ? Number.parseInt(hexadecimal!, 16) : Number(decimal)
  return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : undefined
}
