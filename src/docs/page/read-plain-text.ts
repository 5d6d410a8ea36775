import type { Page, Snippet } from './page.ts'

/** Each line that is not blank, without the white space around it. What of it is a command is for others to say. */
export function readPlainText(source: string): Pick<Page, 'programs' | 'snippets' | 'links' | 'problems'> {
  const snippets: Snippet[] = []
  let line = 0
  for (const whole of source.split(/\r\n?|\n/)) {
    line++
    const text = whole.trim()
    if (text === '') continue
    const segments = [{ offset: 0, line, column: whole.indexOf(text[0]!) + 1 }]
    snippets.push({ kind: 'text', within: [], language: '', meta: '', text, segments, heading: '' })
  }
  return { programs: [], snippets, links: [], problems: [] }
}
