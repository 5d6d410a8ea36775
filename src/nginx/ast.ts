/** Where something begins. */
export interface Position {
  readonly file: string
  /** From 1. */
  readonly line: number
  /** From 1, in characters. */
  readonly column: number
}

/** A name or an argument. */
export interface Word {
  /** What stands before it since the last token: blanks, line ends, comments. */
  readonly before: string
  /** As written, with quotes and escapes. */
  readonly raw: string
  /** As nginx reads it. */
  readonly text: string
  readonly quoted: boolean
  readonly at: Position
}

/** `;` with what stands before it. */
export interface Ended {
  readonly kind: 'ended'
  readonly before: string
}

/** `{ … }`. */
export interface Block {
  readonly kind: 'block'
  /** Before `{`. */
  readonly before: string
  readonly directives: readonly Directive[]
  /** Before `}`. */
  readonly beforeEnd: string
}

/** `{ … }` in another language, passed over. */
export interface ForeignBlock {
  readonly kind: 'foreign'
  readonly before: string
  /** Between the braces, as written. */
  readonly text: string
}

export interface Directive {
  readonly name: Word
  readonly args: readonly Word[]
  readonly body: Ended | Block | ForeignBlock
}

/** One file. Printing it gives its bytes again. */
export interface ConfigFile {
  readonly path: string
  readonly directives: readonly Directive[]
  /** After the last directive. */
  readonly after: string
  /** How its bytes were read, and are written. */
  readonly encoding: 'utf8' | 'latin1'
}

/** A configuration with everything it includes. */
export interface Configuration {
  /** The one that was asked for, first; each once, also when it is included more than once. */
  readonly files: readonly ConfigFile[]
  /** By the directive that includes them, in the order of nginx. Empty: a pattern without a match. */
  readonly included: ReadonlyMap<Directive, readonly ConfigFile[]>
}
