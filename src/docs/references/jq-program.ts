import type { DocumentedCommand, Word } from '../command.ts'
import { literal } from '../command.ts'

/** Options of jq that take words of their own, and how many. */
const TAKES: Readonly<Record<string, number>> = {
  '--arg': 2,
  '--argjson': 2,
  '--slurpfile': 2,
  '--rawfile': 2,
  '--indent': 1,
  '-L': 1,
}

export interface JqProgram {
  readonly word: Word
  /** What it reads; empty: what is piped into it. */
  readonly files: readonly Word[]
}

/** The word of a command that is a program of jq; why it cannot be read; or undefined where jq is not run. */
export function jqProgram(command: DocumentedCommand): JqProgram | { readonly why: string } | undefined {
  const [program, ...rest] = command.words
  const called = program === undefined ? undefined : literal(program)
  if (called !== 'jq' && called !== 'gojq' && called !== 'jaq') return undefined
  for (let at = 0; at < rest.length; at++) {
    const word = rest[at]!
    const text = literal(word)
    if (text === undefined) return { why: 'the jq program is left to the reader' }
    if (!/^-./.test(text)) return { word, files: [...filesAmong(rest.slice(at + 1)), ...command.redirected.reads] }
    if (/^(?:-[a-zA-Z]*[nsRf][a-zA-Z]*|--(?:null-input|slurp|raw-input|from-file|stream|seq))$/.test(text))
      return { why: `with ${text} the input of jq is no document, or its program is elsewhere` }
    at += Object.hasOwn(TAKES, text) ? TAKES[text]! : 0
  }
  return undefined
}

function filesAmong(words: readonly Word[]): Word[] {
  const files: Word[] = []
  for (let at = 0; at < words.length; at++) {
    const text = literal(words[at]!)
    if (text === '--args' || text === '--jsonargs') break
    if (text === undefined || !/^-./.test(text)) files.push(words[at]!)
    else at += Object.hasOwn(TAKES, text) ? TAKES[text]! : 0
  }
  return files
}
