/** Characters that end a line, move a cursor, are not seen or turn the reading direction; a joiner of letters and emoji is none. */
const ACTING = /[\p{Cc}\u2028\u2029]|(?![\u200c\u200d])\p{Cf}/gu

/**
 * A text that acts on nothing it is shown on: a name that others chose, a file of unknown origin, an answer of a daemon.
 *
 * @param written - how a character is written instead, by its code in hexadecimal
 */
export function plainText(text: string, written = (code: string) => `\\u{${code}}`): string {
  return text.replace(ACTING, character => written(character.codePointAt(0)!.toString(16)))
}
