import type { Piece } from '../command.ts'
import { suggested } from './near.ts'
import { alternatives } from './word.ts'

export interface UnknownValue {
  readonly value: string
  readonly expected: string
  readonly near: string | undefined
}

/** The part of a value that is none of those that help enumerates; holes and words in capitals stand for any of them. */
export function unknownValue(pieces: readonly Piece[], values: readonly string[] | null): UnknownValue | undefined {
  const [only, ...others] = pieces
  if (values === null || values.length === 0 || typeof only !== 'string' || others.length > 0) return undefined
  if (values.includes(only) || /^[A-Z][A-Z0-9_-]+$/.test(only) || /^(?:\.{2,}|…|%\w+%|(?:your|my)[-_].+)$/.test(only))
    return undefined
  // `on|off` offers both, `read,write` gives both where a list may be given: every part has to be known.
  const parts = only.includes('|') ? alternatives(only) : only.split(',')
  const unknown = parts.find(part => !values.includes(part))
  if (unknown === undefined) return undefined
  return { value: only, expected: expectation(values), near: parts.length === 1 ? suggested(only, values) : undefined }
}

function expectation(values: readonly string[]): string {
  const shown = values.slice(0, 12)
  const more = values.length > shown.length ? ` and ${values.length - shown.length} more` : ''
  return shown.length === 1 ? `only ${shown[0]}` : `one of ${shown.join(', ')}${more}`
}
