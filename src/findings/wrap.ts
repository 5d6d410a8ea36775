/** Text in lines of a width, broken at blanks; a word that is longer stands alone. */
export function wrap(text: string, width: number, indent = ''): readonly string[] {
  const lines: string[] = []
  let line = indent
  for (const word of text.split(/\s+/)) {
    if (line !== indent && line.length + 1 + word.length > width) {
      lines.push(line)
      line = indent
    }
    line += line === indent ? word : ` ${word}`
  }
  return line === indent ? lines : [...lines, line]
}

/**
 * One line in as many as a terminal needs, the later ones under the text of the first: its label keeps a column of its own.
 *
 * @param columns - undefined where nobody says how wide it is shown: it stays one line then
 */
export function hang(line: string, columns: number | undefined, indent: number): readonly string[] {
  if (columns === undefined || line.length <= columns || columns < indent * 2) return [line]
  // What stands further in stays there.
  const at = indent + line.slice(indent).search(/\S|$/)
  const [first = '', ...more] = wrap(line.slice(at), columns - at)
  return [line.slice(0, at) + first, ...more.map(text => ' '.repeat(at) + text)]
}

/** `1 page`, `2 pages`. */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
