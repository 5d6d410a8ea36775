import type { JsonDocument } from './json-document.ts'
import { type PlacedStep, readJsonPath } from './json-path.ts'
import { lookUp } from './look-up.ts'

export interface ProsePath {
  readonly text: string
  /** In the text of the span. */
  readonly start: number
  readonly steps: readonly PlacedStep[]
  /** Nothing but a path can be meant; of others only a slight misspelling is told. */
  readonly sure: boolean
  /** The documents that it can be of. */
  readonly among: readonly JsonDocument[]
}

const EXTENSION =
  /^(?:[tb]?[gx]z|zst|bz2|tar|zip|tsx?|jsx?|[mc][tj]s|jsonl?|mdx?|ya?ml|toml|html?|css|svg|png|txt|log|conf|ini|sh|py|rs|go|service|socket|timer|local|example)$/

/**
 * What reads as a path of JSON members in code of prose: with a leading dot, or behind the name of a document or a member of its first
 * level. Names of files and hosts look alike, so a path of a single name counts only where it stands alone.
 */
export function pathsInProse(text: string, documents: readonly JsonDocument[]): readonly ProsePath[] {
  // Behind a pipe a dot stands for something else.
  const [first] = text.split('|', 1)
  const words = Array.from(first!.matchAll(/[^\s'(),;]+/g), match => ({
    word: match[0].replace(/[.:]+$/, ''),
    start: match.index,
  }))
  return words.flatMap(({ word, start }) => {
    if (word.startsWith('.')) return dotted(text, word, start, words.length === 1, documents)
    if (/^[A-Za-z_]\w*[.[]/.test(word)) return named(text, word, start, documents)
    return []
  })
}

function dotted(
  text: string,
  word: string,
  start: number,
  alone: boolean,
  documents: readonly JsonDocument[],
): readonly ProsePath[] {
  const path = readJsonPath(text, start)
  if (path === undefined || path.end !== start + word.length) return []
  if (!path.steps.some(step => 'member' in step)) return []
  const sure = path.steps.length > 1 && !endsInExtension(path.steps)
  return sure || alone ? [{ text: word, start, steps: path.steps, sure, among: documents }] : []
}

function named(text: string, word: string, start: number, documents: readonly JsonDocument[]): readonly ProsePath[] {
  const path = readJsonPath(text, start, true)
  if (path === undefined || path.end !== start + word.length || path.steps.length < 2) return []
  const [head, ...rest] = path.steps
  if (head === undefined || !('member' in head)) return []
  const own = documents.filter(document => document.name === head.member)
  if (own.length > 0) return [{ text: word, start, steps: rest, sure: !endsInExtension(rest), among: own }]
  const known = documents.filter(document => lookUp([document], [head], true).is === 'there')
  return known.length > 0 ? [{ text: word, start, steps: path.steps, sure: false, among: known }] : []
}

function endsInExtension(steps: readonly PlacedStep[]): boolean {
  const last = steps.at(-1)
  return last !== undefined && 'member' in last && EXTENSION.test(last.member)
}
