import type { DocumentedCommand, Word } from '../../command.ts'
import type { Segment, Snippet } from '../../page/page.ts'
import { type ReadSnippet, readSnippet } from '../read-snippet.ts'

/** A snippet whose lines stand below each other from line 1, column 1 on. */
export function snippetOf(text: string, language = 'bash', kind: Snippet['kind'] = 'fence'): Snippet {
  const segments: Segment[] = [{ offset: 0, line: 1, column: 1 }]
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) {
    segments.push({ offset: at + 1, line: segments.length + 1, column: 1 })
  }
  return { kind, within: [], language, meta: '', text, segments, heading: '' }
}

export const PROGRAMS: ReadonlySet<string> = new Set(['tool', 'keeper'])

export function read(text: string, language = 'bash', kind: Snippet['kind'] = 'fence'): ReadSnippet {
  return readSnippet('a.md', snippetOf(text, language, kind), PROGRAMS)
}

/** Words with a blank between them, holes in `{}`, words that stand for many with `*`, ones that may be left out with `?`. */
export function shown({ words, env, readsStdin }: Pick<DocumentedCommand, 'words' | 'env' | 'readsStdin'>): string {
  return [...env.map(name => `${name}=`), ...words.map(shownWord), ...(readsStdin ? ['<'] : [])].join(' ')
}

function shownWord({ pieces, many, optional }: Word): string {
  const text = pieces
    .map(piece => (typeof piece === 'string' ? piece.replaceAll(' ', '_') : `{${piece.hole}}`))
    .join('')
  return `${text || "''"}${many ? '*' : ''}${optional ? '?' : ''}`
}
