import { literal, type Word } from '../command.ts'
import type { Place } from '../place.ts'

/** A word that a reader fills: a hole, or `FILE`, `HOST:PORT`, `KEY=VALUE` in the capitals of a synopsis. */
export function isPlaceholder(word: Word): boolean {
  const text = literal(word)
  return text === undefined || /^[A-Z][A-Z0-9_-]+(?:[:=/.,][A-Z][A-Z0-9_-]*)*$/.test(text)
}

/** What a placeholder is called: `run_id` of `<run_id>`, `RUN_ID` of `"$RUN_ID"`; undefined of any other word. */
export function placeholderName(word: Word): string | undefined {
  const text = literal(word)
  if (text !== undefined) return isPlaceholder(word) ? text : undefined
  const [only, ...others] = word.pieces
  if (only === undefined || typeof only === 'string' || others.length > 0) return undefined
  return only.hole.replace(/^[<[{$("'.]+|[>\]})"'.]+$/g, '')
}

/** `$RUN_ID` may be empty or two words to a shell; whoever writes it means one. `$@` and `$ARGS` are meant as many. */
export function standsForMany(word: Word): boolean {
  if (!word.many) return false
  const [only, ...others] = word.pieces
  if (only === undefined || typeof only === 'string' || others.length > 0) return true
  if (!only.hole.startsWith('$')) return true
  return !/^\$(?:\(|\{?[A-Za-z_])/.test(only.hole) || /args|opts|options|flags|extra|rest/i.test(only.hole)
}

/** `[OPTIONS]`, `[flags]`: any options, and nothing else. */
export function standsForOptions(word: Word): boolean {
  return (
    word.many && /^[[<{(]*(?:(?:global|more|other)[ _-])?(?:options|option|opts|flags)[\])}>.…]*$/i.test(word.source)
  )
}

/** `<command>`, `SUBCOMMAND`: any command. */
export function standsForCommand(word: Word): boolean {
  return /^(?:sub[-_ ]?)?(?:command|cmd)s?$/i.test(placeholderName(word) ?? '')
}

/** A value that is only known when it runs: `$CMD`, `$(…)`. */
export function isVariable(word: Word): boolean {
  return word.pieces.some(piece => typeof piece !== 'string' && piece.hole.startsWith('$'))
}

/** What `a|b`, `--on/--off` or `--scope-json/-file` in a synopsis offers; a single word is its only alternative. */
export function alternatives(text: string): readonly string[] {
  if (text.includes('|')) return text.split('|').filter(part => part !== '')
  const [first, ...others] = text.split('/')
  if (first === undefined || others.length === 0 || ![first, ...others].every(part => /^-{1,2}\w/.test(part)))
    return [text]
  const ending = /^--.*-/.test(first) ? first.slice(0, first.lastIndexOf('-')) : undefined
  return [first, ...others.map(part => (ending !== undefined && /^-\w{2,}$/.test(part) ? ending + part : part))]
}

/** `get REF|set REF`: several commands are written as one, and where each of them ends is for people to see. */
export function mixesCommands(words: readonly Word[]): boolean {
  return words.some(({ source }) => /[A-Z\]>]\|[a-z]/.test(source))
}

/** The place of the first characters of a word, where they stand in the page as they are read. */
export function placeOfStart(word: Word, start: string): Place {
  const { at } = word
  if (!word.source.startsWith(start) || at.line !== at.endLine) return at
  return { ...at, endColumn: at.column + start.length }
}

/** From the beginning of one place to the end of another. */
export function across(first: Place, last: Place): Place {
  return { ...first, endLine: last.endLine, endColumn: last.endColumn }
}
