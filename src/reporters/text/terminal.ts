/** Characters that can move a cursor, recolour a line or turn its reading direction. */
const ACTING = /\p{Cc}|[\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu

/**
 * One line for a terminal: a file name out of an archive, an answer of a daemon or a document of unknown origin must not be
 * able to act on it.
 */
export function terminalLine(text: string): string {
  return text.replace(ACTING, character => `\\u{${character.codePointAt(0)!.toString(16)}}`)
}
