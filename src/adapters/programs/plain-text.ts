/**
 * What a terminal would show in the end, without colours: escape sequences go, a character that is struck over keeps the
 * last one (`man` prints bold as `x\bx`), and of control characters only tab and `\n` stay.
 * @see ECMA-48 5.4
 */
export function plainText(bytes: Uint8Array): string {
  const text = new TextDecoder().decode(bytes)
  return struckOver(text.replace(ESCAPES, '')).replace(CONTROLS, '')
}

/** Strings up to their terminator, control sequences, then what is two or three characters long. */
const ESCAPES =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  /\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?|\x1b[ -/]*[0-~]?/g

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROLS = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/g

function struckOver(text: string): string {
  if (!text.includes('\b')) return text
  const kept: string[] = []
  for (const char of text) {
    if (char !== '\b') kept.push(char)
    else if (kept.length > 0 && kept.at(-1) !== '\n') kept.pop()
  }
  return kept.join('')
}
