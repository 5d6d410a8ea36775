import { plainText } from './plain-text.ts'

/**
 * The text in one line that cannot act on anything, cut where a list for people would drown in it: whoever chose a name in a daemon
 * writes no line of it.
 */
export function oneLine(text: string, mostCharacters: number): string {
  const inLine = text
    .toWellFormed()
    .slice(0, mostCharacters * 2)
    .replace(/\r\n?|\n/g, ' / ')
    .replace(/\t/g, ' ')
  const plain = plainText(inLine).trim()
  const characters = [...plain]
  const isCut = text.length > mostCharacters * 2 || characters.length > mostCharacters
  return isCut ? `${characters.slice(0, mostCharacters).join('').toWellFormed()}…` : plain
}
