const CLOSING: Readonly<Record<string, string>> = { '[': ']', '<': '>', '(': ')', '{': '}' }

/**
 * Words of a usage line; what stands in brackets is one word, with whatever is glued to it: `[-- <ARGS>...]`, `<A|--b <B>>`.
 *
 * @returns null where brackets don't match
 */
export function synopsisWords(line: string): string[] | null {
  const words: string[] = []
  const open: string[] = []
  let word = ''
  for (const char of line) {
    if (open.length === 0 && /\s/.test(char)) {
      if (word !== '') words.push(word)
      word = ''
      continue
    }
    word += char
    if (char === open.at(-1)) open.pop()
    else if (char in CLOSING) open.push(CLOSING[char]!)
    else if (Object.values(CLOSING).includes(char)) return null
  }
  if (open.length > 0) return null
  if (word !== '') words.push(word)
  return words
}

/** Alternatives at the outermost level: `--value <V>|--stdin`. */
export function alternatives(text: string): string[] {
  const parts: string[] = ['']
  let depth = 0
  for (const char of text) {
    if (char in CLOSING) depth++
    if (Object.values(CLOSING).includes(char)) depth--
    if (char === '|' && depth === 0) parts.push('')
    else parts[parts.length - 1] += char
  }
  return parts.map(part => part.trim())
}

/** What follows the names of the program and of the commands in its usage line; null where one of them isn't named. */
export function afterPath(words: readonly string[], path: readonly string[]): readonly string[] | null {
  let at = 1
  for (const name of path) {
    while (at < words.length && !words[at]!.split('|').includes(name)) at++
    if (at === words.length) return null
    at++
  }
  return words.slice(at)
}
