/** A line of help: where its text begins, counted in columns, and the text. An empty line begins at 0. */
export interface HelpLine {
  readonly indent: number
  readonly text: string
}

/** A heading that ends in a colon, and what stands below it. What precedes all headings has the title `''`. */
export interface HelpSection {
  /** Without its colon. */
  readonly title: string
  /** What follows the colon on its own line: `Usage: x [OPTIONS]`. */
  readonly rest: string
  readonly lines: readonly HelpLine[]
}

/** An entry of a list: the line that names something, and the lines further right that describe it. */
export interface HelpEntry {
  readonly head: string
  readonly below: readonly HelpLine[]
}

/** More text than any program prints on purpose is not read to its end. */
const LINES_READ = 50_000

function helpLines(text: string): HelpLine[] {
  return text
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\n|\r/, LINES_READ)
    .map(line => {
      const wide = line.includes('\t') ? expandTabs(line) : line
      const body = wide.trim()
      return { indent: body === '' ? 0 : wide.length - wide.trimStart().length, text: body }
    })
}

function expandTabs(line: string): string {
  let wide = ''
  for (const part of line.split(/(\t)/)) wide += part === '\t' ? ' '.repeat(8 - (wide.length % 8)) : part
  return wide
}

/** A heading stands at the margin; so does running text, which ends a section and belongs to none. */
export function helpSections(text: string): HelpSection[] {
  const sections: { title: string; rest: string; lines: HelpLine[] }[] = [{ title: '', rest: '', lines: [] }]
  for (const line of helpLines(text)) {
    const heading = line.indent === 0 ? headingOf(line.text) : undefined
    if (heading !== undefined) sections.push({ ...heading, lines: [] })
    else if (line.indent === 0 && line.text !== '' && sections.at(-1)!.title !== '') {
      sections.push({ title: '', rest: '', lines: [line] })
    } else sections.at(-1)!.lines.push(line)
  }
  return sections
}

function headingOf(text: string): { title: string; rest: string } | undefined {
  const usage = /^(usage):(?:\s+(.*))?$/i.exec(text)
  if (usage !== null) return { title: usage[1]!, rest: usage[2] ?? '' }
  return /^[^\s-].{0,79}:$/.test(text) ? { title: text.slice(0, -1), rest: '' } : undefined
}

/**
 * Splits a section where a line begins an entry; what stands before the first one is dropped.
 *
 * @param begins - whether a line that is not empty is the first one of an entry
 */
export function entriesOf(lines: readonly HelpLine[], begins: (line: HelpLine) => boolean): HelpEntry[] {
  const entries: { head: string; below: HelpLine[] }[] = []
  for (const line of lines) {
    if (line.text !== '' && begins(line)) entries.push({ head: line.text, below: [] })
    else entries.at(-1)?.below.push(line)
  }
  return entries
}

/** Running text again: wrapped lines joined by one space. */
export function joined(...parts: readonly (string | readonly HelpLine[])[]): string {
  return parts
    .flatMap(part => (typeof part === 'string' ? [part] : part.map(line => line.text)))
    .filter(text => text !== '')
    .join(' ')
}

/** Entries that all begin in the column of the first line. */
export function listEntries(lines: readonly HelpLine[]): HelpEntry[] {
  const column = firstColumn(lines)
  return entriesOf(lines, line => line.indent === column)
}

/** Options in two columns: short ones, and long ones that have none stand four columns further right. */
export function optionEntries(lines: readonly HelpLine[]): HelpEntry[] {
  const first = lines.find(line => OPTION_START.test(line.text))
  if (first === undefined) return []
  const { indent, text } = first
  const other = text.startsWith('--') ? indent - 4 : indent + 4
  return entriesOf(lines, line => (line.indent === indent || line.indent === other) && OPTION_START.test(line.text))
}

/** What follows a heading, on its line and below it up to the first empty line. */
export function firstParagraph({ rest, lines }: HelpSection): string {
  const end = lines.findIndex(line => line.text === '')
  return joined(rest, end < 0 ? lines : lines.slice(0, end))
}

/** `-x` or `--long`, not a bullet. */
export const OPTION_START = /^-{1,2}[^\s-]/

/** Where the first line that is not empty begins. */
export function firstColumn(lines: readonly HelpLine[]): number | undefined {
  return lines.find(line => line.text !== '')?.indent
}

/** Whether a section is a list of options; examples may begin with one as well. */
export function listsOptions({ title, lines }: HelpSection): boolean {
  const first = lines.find(line => line.text !== '')
  return title !== '' && !/^examples?$/i.test(title) && first !== undefined && OPTION_START.test(first.text)
}
