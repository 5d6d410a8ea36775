import type { Place } from './place.ts'

/** A piece of a word: literal text, or a hole that a reader fills: `<run_id>`, `$VAR`, `{x}`, `$(…)`, as it is written. */
export type Piece = string | { readonly hole: string }

/** One word of a documented command, quotes removed. */
export interface Word {
  /** Never empty; neighbouring literals are joined. `''` written in quotes is the one piece `''`. */
  readonly pieces: readonly Piece[]
  /** `...`, `"$@"`, an unquoted `$VAR`, `[OPTIONS]`: stands for any number of words, also none. */
  readonly many: boolean
  /** Written in the brackets of a synopsis, `[--wait]`: it may be left out. */
  readonly optional: boolean
  readonly at: Place
  /** As it is written, quotes included. */
  readonly source: string
}

/** The text of a word that has no holes. */
export function literal(word: Word): string | undefined {
  const [only, ...others] = word.pieces
  return typeof only === 'string' && others.length === 0 && !word.many ? only : undefined
}

/** The text that a word begins with; empty where that is a hole. */
export function lead({ pieces: [first] }: Word): string {
  return typeof first === 'string' ? first : ''
}

/** A word without quotes, its holes as they are written. */
export function unquoted({ pieces }: Word): string {
  return pieces.map(piece => (typeof piece === 'string' ? piece : piece.hole)).join('')
}

/**
 * One simple command, as a page has it: what stands between pipes, `&&` and the like, with redirections and environment
 * prefixes taken off.
 */
export interface DocumentedCommand {
  /** All words, the program first. Of a span it is not known yet whether the first one is a program or a sub-command. */
  readonly words: readonly Word[]
  /** Names that are set for it: `KEY=value deployctl …`. */
  readonly env: readonly string[]
  /** Something is piped or redirected into it. */
  readonly readsStdin: boolean
  /** Files that redirections name: `< x` reads one, `> x`, `>> x` and `&> x` write one. Descriptors and here-documents are not. */
  readonly redirected: { readonly reads: readonly Word[]; readonly writes: readonly Word[] }
  /** `fence`: a shell would run it. `span`: code in prose, which may be a command or the name of something. */
  readonly from: 'fence' | 'span' | 'text'
  readonly within: readonly string[]
  readonly heading: string
  readonly at: Place
  /** As it is written. */
  readonly source: string
}

/** Code that was not read as a command, and why. */
export interface Unjudged {
  readonly source: string
  readonly why: string
  readonly at: Place
  /** What comes before was judged. */
  readonly partly?: true
}
