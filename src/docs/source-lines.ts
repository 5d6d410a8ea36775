/** Longer lines are kept only where nothing else can be shown of a page; most of such a line is not looked at anyway. */
const KEEP_CHARS = 100_000

/**
 * Some lines of a text, by their numbers from 1; `\n`, `\r\n` and `\r` end lines. They are copies: a slice would keep the whole
 * text in memory.
 */
export function linesAt(text: string, wanted: ReadonlySet<number>): ReadonlyMap<number, string> {
  const lines = new Map<number, string>()
  const end = /\r\n|\n|\r/g
  let from = 0
  for (let line = 1; lines.size < wanted.size; line++) {
    end.lastIndex = from
    const found = end.exec(text)
    const to = found === null ? text.length : found.index
    if (wanted.has(line)) lines.set(line, copy(text.slice(from, Math.min(to, from + KEEP_CHARS))))
    if (found === null) break
    from = to + found[0].length
  }
  return lines
}

function copy(text: string): string {
  return Buffer.from(text, 'utf16le').toString('utf16le')
}
