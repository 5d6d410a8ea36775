import type { Finding } from '../finding.ts'
import { leading } from '../leading.ts'

/** Text that no page may hold, and why. */
export interface Forbidden {
  /** Literal, never empty; it may span lines. */
  readonly fragment: string
  readonly reason: string
}

/**
 * Every place in a page where forbidden text stands, in code and in prose.
 *
 * @param text - the source of the page as it is; `\n`, `\r\n` and `\r` end lines
 * @returns in the order of the page
 */
export function findForbidden(file: string, text: string, forbidden: readonly Forbidden[]): readonly Finding[] {
  const found = forbidden.flatMap(one => offsetsOf(text, one.fragment).map(offset => ({ ...one, offset })))
  if (found.length === 0) return []
  const starts = lineStarts(text)
  return found
    .sort((a, b) => a.offset - b.offset)
    .map(({ fragment, reason, offset }) => {
      const from = pointAt(starts, offset)
      const to = pointAt(starts, offset + fragment.length)
      return {
        rule: 'forbidden-fragment',
        severity: 'error',
        at: { file, line: from.line, column: from.column, endLine: to.line, endColumn: to.column },
        message: `${JSON.stringify(fragment)} must not occur: ${reason}`,
      }
    })
}

function offsetsOf(text: string, fragment: string): readonly number[] {
  const offsets: number[] = []
  if (fragment === '') return offsets
  for (let at = text.indexOf(fragment); at >= 0; at = text.indexOf(fragment, at + fragment.length)) offsets.push(at)
  return offsets
}

function lineStarts(text: string): readonly number[] {
  return [0, ...Array.from(text.matchAll(/\r\n|\n|\r/g), match => match.index + match[0].length)]
}

function pointAt(starts: readonly number[], offset: number): { readonly line: number; readonly column: number } {
  const line = leading(starts, start => start <= offset)
  return { line, column: offset - starts[line - 1]! + 1 }
}
