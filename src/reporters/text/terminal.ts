import { plainText } from '../../model/plain-text.ts'

/**
 * One line for a terminal: a file name out of an archive, an answer of a daemon or a document of unknown origin must not be
 * able to act on it.
 */
export function terminalLine(text: string): string {
  return plainText(text)
}
