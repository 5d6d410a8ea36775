import type { Snippet } from '../page/page.ts'
import { placeOf } from '../page/place-of.ts'
import type { Place } from '../place.ts'
import { extensionOf, isRelativePath } from './relative-path.ts'

export interface SpanPath {
  readonly text: string
  readonly at: Place
  /** Nothing but a file can be meant: it is run, or has the extension of a script. */
  readonly sure: boolean
}

const SCRIPTS = new Set(['.sh', '.bash', '.py'])
const INTERPRETERS = new Set(['sh', 'bash', 'source', 'python3', 'python', 'node'])

/**
 * Paths that code in prose names. Such a span may be anything, so of one word only what has the extension of a file counts, or is
 * three names deep; of several words only the script that is run.
 */
export function pathsInSpan(file: string, snippet: Snippet): readonly SpanPath[] {
  const words = Array.from(snippet.text.matchAll(/\S+/g), match => ({ text: match[0], offset: match.index })).slice(
    0,
    3,
  )
  const [first, second] = words
  if (first === undefined) return []
  const path = (word: typeof first, sure: boolean): readonly SpanPath[] =>
    isRelativePath(word.text)
      ? [{ text: word.text, at: placeOf(file, snippet, word.offset, word.offset + word.text.length), sure }]
      : []
  if (second !== undefined) {
    if (INTERPRETERS.has(first.text)) return SCRIPTS.has(extensionOf(second.text)) ? path(second, true) : []
    return SCRIPTS.has(extensionOf(first.text)) ? path(first, true) : []
  }
  if (SCRIPTS.has(extensionOf(first.text))) return path(first, true)
  const names = first.text.split('/').filter(name => name !== '' && name !== '.')
  return extensionOf(first.text) !== '' || names.length > 2 ? path(first, false) : []
}
