import type { Step } from './json-document.ts'

/** A step and where it is written, in UTF-16 units of the text it was read from; of a member only its name. */
export type PlacedStep = Step & { readonly start: number; readonly end: number }

export interface JsonPath {
  readonly steps: readonly PlacedStep[]
  readonly start: number
  readonly end: number
}

const NAME = /[A-Za-z_]\w*/y
const QUOTED = /"((?:[^"\\]|\\.)*)"/y
const BRACKETS = /\[\s*(?:-?\d*\s*(?::\s*-?\d*)?|"((?:[^"\\]|\\.)*)")\s*\]/y

/**
 * The path that begins at an offset, in the notation of jq: `.a.b`, `.a[]`, `.a[0]`, `.["a b"]`, `."a b"`, each with a `?`.
 *
 * @param start - where its first dot or, with `named`, its first name stands
 * @returns as far as it goes; of a lone dot no steps; undefined where none begins
 */
export function readJsonPath(text: string, start: number, named = false): JsonPath | undefined {
  const steps: PlacedStep[] = []
  let at = start
  const match = (pattern: RegExp, from: number): RegExpExecArray | null => {
    pattern.lastIndex = from
    return pattern.exec(text)
  }
  const member = (name: string, from: number, end: number) => {
    steps.push({ member: name, start: from, end })
    at = end
  }
  if (named) {
    const name = match(NAME, at)
    if (name === null) return undefined
    member(name[0], at, at + name[0].length)
  } else if (text[at] !== '.') return undefined
  for (;;) {
    const dot = text[at] === '.' ? 1 : 0
    const name = dot === 1 ? match(NAME, at + 1) : null
    const quoted = dot === 1 && name === null ? match(QUOTED, at + 1) : null
    const brackets = name === null && quoted === null ? match(BRACKETS, at + dot) : null
    if (name !== null) member(name[0], at + 1, at + 1 + name[0].length)
    else if (quoted !== null) member(quoted[1]!, at + 1, at + 1 + quoted[0].length)
    else if (brackets !== null) {
      const end = at + dot + brackets[0].length
      if (brackets[1] !== undefined) member(brackets[1], at + dot, end)
      else steps.push({ items: true, start: at + dot, end })
      at = end
    } else break
    if (text[at] === '?') at++
  }
  // A lone dot is the whole document.
  if (steps.length === 0) at = start + 1
  return { steps, start, end: at }
}
