import { plainText } from '../../model/plain-text.ts'

const MOST_CHARACTERS = 400

/** The text in one line that cannot act on anything, cut where a timeline would drown in it. */
export function oneLine(text: string): string {
  const inLine = text
    .toWellFormed()
    .slice(0, MOST_CHARACTERS * 2)
    .replace(/\r\n?|\n/g, ' / ')
    .replace(/\t/g, ' ')
  const plain = plainText(inLine).trim()
  const characters = [...plain]
  const isCut = text.length > MOST_CHARACTERS * 2 || characters.length > MOST_CHARACTERS
  return isCut ? `${characters.slice(0, MOST_CHARACTERS).join('').toWellFormed()}…` : plain
}
