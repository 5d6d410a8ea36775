/** Characters that end a line, move a cursor, are not seen or turn the reading direction; a joiner of letters and emoji is none. */
const ACTING = /[\p{Cc}\u2028\u2029]|(?![\u200c\u200d])\p{Cf}/gu

const MOST_CHARACTERS = 400

/** The text in one line that cannot act on anything, cut where a timeline would drown in it. */
export function oneLine(text: string): string {
  const plain = text
    .toWellFormed()
    .slice(0, MOST_CHARACTERS * 2)
    .replace(/\r\n?|\n/g, ' / ')
    .replace(/\t/g, ' ')
    .replace(ACTING, character => `\\u{${character.codePointAt(0)!.toString(16)}}`)
    .trim()
  const characters = [...plain]
  const isCut = text.length > MOST_CHARACTERS * 2 || characters.length > MOST_CHARACTERS
  return isCut ? `${characters.slice(0, MOST_CHARACTERS).join('').toWellFormed()}…` : plain
}
