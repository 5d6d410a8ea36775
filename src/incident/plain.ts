import { asCode, escapeMarkdown } from '../model/markdown.ts'
import { oneLine } from '../model/one-line.ts'

/** Of a text that others wrote so much is shown. */
const MOST_CHARACTERS = 600

/** A text that others wrote, in a list for people: one line, as itself. */
export function inMarkdown(text: string): string {
  return escapeMarkdown(oneLine(text, MOST_CHARACTERS))
}

/** The same as a piece of code. */
export function inCode(text: string): string {
  return asCode(oneLine(text, MOST_CHARACTERS))
}
