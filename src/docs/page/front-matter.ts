import { parse } from 'yaml'

/**
 * Front matter of a page: between a first line of `---` (YAML) or `+++` (TOML) and the next such line. It is taken off
 * before Markdown is parsed, as its first line would be a rule there and the last one would make its text a heading.
 */
export interface FrontMatter {
  /** Text of YAML; empty for TOML. */
  readonly yaml: string
  /** Where the page goes on: the line after the closing one. */
  readonly end: { readonly line: number; readonly column: number; readonly offset: number }
}

export function frontMatterOf(source: string): FrontMatter {
  const none = { yaml: '', end: { line: 1, column: 1, offset: 0 } }
  const [opening, mark] = /^(---|\+\+\+)[ \t]*(?:\r\n?|\n)/.exec(source) ?? []
  if (opening === undefined) return none
  const closing = mark === '---' ? /^---[ \t]*(?:\r\n?|\n|(?![\s\S]))/gm : /^\+\+\+[ \t]*(?:\r\n?|\n|(?![\s\S]))/gm
  closing.lastIndex = opening.length
  const match = closing.exec(source)
  if (match === null) return none
  const offset = match.index + match[0].length
  const line = source.slice(0, offset).split(/\r\n?|\n/).length
  return { yaml: mark === '---' ? source.slice(opening.length, match.index) : '', end: { line, column: 1, offset } }
}

/** An entry at the top that declares programs, with the lines it goes on over. */
const DECLARATION = /^programs?[ \t]*:.*(?:(?:\r?\n|\r(?!\n))(?:[ \t-].*|(?=[\r\n])))*/gm

/** What each wording declares: pages of a project have the same few, and parsing YAML takes a tenth of the time of a page. */
const known = new Map<string, readonly string[] | undefined>()

/**
 * Programs that a page declares: `programs: [a, b]` or `program: a`. What is no list of names declares none. Only these
 * entries are parsed; the rest is for whoever renders the page.
 *
 * @returns undefined when there is such an entry that is no YAML
 */
export function declaredPrograms(yaml: string): readonly string[] | undefined {
  const entries = yaml.match(DECLARATION)
  if (entries === null) return []
  const text = entries.join('\n')
  if (!known.has(text)) known.set(text, namesIn(text))
  return known.get(text)
}

function namesIn(entries: string): readonly string[] | undefined {
  try {
    const { program, programs } = parse(entries, { logLevel: 'error' }) as Record<string, unknown>
    return [program, programs].flat().filter(name => typeof name === 'string' && name !== '') as string[]
  } catch {
    return undefined
  }
}
