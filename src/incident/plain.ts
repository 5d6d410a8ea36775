import { plainText } from '../model/plain-text.ts'

/** Of a text that others wrote so much is shown. */
const MOST_LETTERS = 600

/** What Markdown or HTML would take for a link, an element, a picture or code. */
const MARKS = /[\\`[\]<]/g

/** One line of plain letters, and not a long one: whoever chose a name in the daemon writes no line of a list for people. */
function inLine(text: string): string {
  const line = plainText(text.replace(/\s+/g, ' ').trim())
  return line.length <= MOST_LETTERS ? line : `${line.slice(0, MOST_LETTERS)}… (${line.length} letters)`
}

/** The same in Markdown, as itself. */
export function inMarkdown(text: string): string {
  return inLine(text).replace(MARKS, mark => `\\${mark}`)
}

/** A piece of code in Markdown: nothing in it ends it. */
export function inCode(text: string): string {
  const line = inLine(text)
  const longest = Math.max(0, ...[...line.matchAll(/`+/g)].map(([run]) => run.length))
  const fence = '`'.repeat(longest + 1)
  const pad = /^`|`$/.test(line) ? ' ' : ''
  return `${fence}${pad}${line}${pad}${fence}`
}
