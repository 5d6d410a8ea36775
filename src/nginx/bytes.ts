/** Text as UTF-8, one byte a character: nginx compares bytes and knows no letters beyond ASCII. */
export function bytesOf(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1')
}

/** The text that such bytes are. */
export function textOf(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8')
}
