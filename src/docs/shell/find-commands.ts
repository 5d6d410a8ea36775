import {
  type Assignment,
  type Command,
  forEachChild,
  type HereDoc,
  type ParsedScript,
  type Redirection,
  type SyntaxNode,
} from 'unbash'
import { type DocumentedCommand, literal } from '../command.ts'
import type { mask } from './mask.ts'
import { type ReadWord, readWord } from './read-word.ts'
import { cut, placeIn, type Source } from './source.ts'
import { type Typo, typoOf } from './typos.ts'

/** Of one command. */
const MAX_ALTERNATIVES = 32

/** A simple command as it is written, before what it wraps is looked for. */
export interface Taken {
  readonly words: readonly ReadWord[]
  readonly env: readonly string[]
  readonly readsStdin: boolean
  readonly redirected: DocumentedCommand['redirected']
  readonly source: Source
}

/** Where commands go that are found, and scripts within the script. */
export interface Reader {
  take(command: Taken, depth: number): void
  /** A script that is text of this one: of a here-document. */
  read(source: Source, stdin: boolean, depth: number): void
  /** A script that was parsed as a part of this one: of a substitution. */
  nest(script: ParsedScript, source: Source, stdin: boolean, depth: number, finder: CommandFinder, at: SyntaxNode): void
  remember(name: string, value: string | undefined): void
  complain(source: Source, mistake: { readonly message: string; readonly pos: number }): boolean
  suspect(source: Source, from: number, to: number, typo: Typo): void
}

/** Finds the simple commands of a parsed script, up to the first mistake in it. */
export class CommandFinder {
  /** Where the first mistake is; infinity where there is none. */
  readonly until: number
  readonly masked: ReturnType<typeof mask>
  readonly #reader: Reader
  readonly #source: Source
  readonly #depth: number
  /** Here-documents that were read whole, so that what is substituted in them is not read again. */
  readonly #scripts = new Set<HereDoc>()

  constructor(reader: Reader, source: Source, masked: ReturnType<typeof mask>, depth: number, until: number) {
    this.#reader = reader
    this.#source = source
    this.masked = masked
    this.#depth = depth
    this.until = until
  }

  /** @param stdin - something is piped or redirected into the whole of it */
  visit(node: SyntaxNode, stdin: boolean): void {
    switch (node.type) {
      case 'Pipeline':
        for (const [index, command] of node.commands.entries()) this.visit(command, stdin || index > 0)
        return
      case 'Redirected': {
        this.visit(node.command, stdin || node.redirects.some(feeds))
        for (const redirect of node.redirects) this.visit(redirect, false)
        return
      }
      case 'Function':
        this.visit(node.body, false)
        return
      case 'Command':
        this.#command(node, stdin)
        forEachChild(node, child => this.visit(child, false))
        return
      case 'ArithmeticExpansion':
      case 'ParameterExpansion':
        // What is never closed goes on to the end of the text, at every level.
        if (node.end > this.until) return
        break
      case 'CommandExpansion':
      case 'ProcessSubstitution':
      case 'ArithmeticCommandExpansion':
        if (node.end <= this.until && node.script)
          this.#reader.nest(node.script, this.#source, false, this.#depth, this, node)
        return
      case 'HereDoc':
        if (this.#scripts.has(node)) return
        this.#heredoc(node)
        break
      case 'Word':
        // Resolving the parts of a word parses it again; most have none.
        if (node.parts === undefined) return
        break
    }
    forEachChild(node, child => this.visit(child, stdin))
  }

  #command(node: Command, stdin: boolean): void {
    for (const each of [...node.prefix, ...node.suffix]) {
      if (each.type === 'Assignment' && (node.name === undefined || LASTING.has(node.name.value))) this.#remember(each)
    }
    if (node.name === undefined || node.end > this.until) return
    const alternatives = [readWord(this.#source, this.masked, node.name)]
    for (const argument of node.suffix) {
      if (argument.type === 'Word') alternatives.push(readWord(this.#source, this.masked, argument))
      else if (argument.type === 'Assignment') alternatives.push([this.#assignment(argument)])
    }
    const env = node.prefix.flatMap(prefix => (prefix.type === 'Assignment' ? [prefix.name] : []))
    const redirected = this.#redirected(node.redirects)
    const readsStdin = stdin || node.redirects.some(feeds)
    this.#suspect(node, alternatives)
    for (const words of combined(alternatives)) {
      this.#reader.take({ words, env, readsStdin, redirected, source: this.#source }, this.#depth)
    }
    this.#fed(node, alternatives)
  }

  /** `bash <<E`: the here-document is a script. */
  #fed(node: Command, words: readonly (readonly ReadWord[])[]): void {
    const names = words.flatMap(([word]) => (word && literal(word.word)) ?? [])
    if (names[0] !== 'ssh' && !/(?:^|\/)(?:ba|da|z|k)?sh$/.test(names.find(name => /sh$/.test(name)) ?? '')) return
    for (const redirect of node.redirects) {
      if (redirect.type !== 'HereDoc' || redirect.closing === undefined) continue
      this.#scripts.add(redirect)
      this.#reader.read(cut(this.#source, [[redirect.body.pos, redirect.body.end]]), false, this.#depth + 1)
    }
  }

  #remember(node: Assignment): void {
    if (node.value.type === 'ArrayValue') return
    const [value] = readWord(this.#source, this.masked, node.value)
    this.#reader.remember(node.name, value && literal(value.word))
  }

  /** A shell warns of one that never ends, and goes on; of a quote around its delimiter that never closes the parser says nothing. */
  #heredoc({ closing, delimiter, pos, end }: HereDoc): void {
    if (closing !== undefined || delimiter === undefined || this.until !== Number.POSITIVE_INFINITY) return
    const { text, value } = delimiter
    if (/^["']/.test(text) && (text.length === 1 || text.at(-1) !== text[0])) {
      const kind = text[0] === '"' ? 'double' : 'single'
      this.#reader.complain(this.#source, { message: `unterminated ${kind} quote`, pos: delimiter.pos })
    } else {
      const message = `the here-document is never ended by a line \`${value}\``
      this.#reader.suspect(this.#source, pos, end, { message })
    }
  }

  /** What a shell takes, and takes for something else. */
  #suspect(node: Command, alternatives: (readonly ReadWord[])[]): void {
    const { text } = this.#source
    for (const [{ word, from, to }] of alternatives as [ReadWord][]) {
      const typo = typoOf(word.source)
      if (typo) this.#reader.suspect(this.#source, from, to, typo)
    }
    const last = alternatives.at(-1)![0]!
    if (
      /^\\[ \t]$/.test(last.word.source) &&
      /^[ \t]*\n/.test(text.slice(last.to, last.to + 80)) &&
      alternatives.length > 1
    ) {
      alternatives.pop()
      const message = 'a blank follows the backslash, so the command ends on this line'
      this.#reader.suspect(this.#source, last.from, last.to, { message, suggestion: '\\' })
    }
    const { from, to, word } = alternatives[0]![0]!
    const [before, above] = text
      .slice(Math.max(0, from - 1000), from)
      .split('\n')
      .reverse()
    if (
      !/^--?[A-Za-z]/.test(word.source) ||
      before!.trim() !== '' ||
      !/^[^#]*\S/.test(above ?? '') ||
      /\\\s*$/.test(above!)
    )
      return
    const message = `this line begins with an option, and the line before it does not end in a backslash`
    if (node.name?.pos === from) this.#reader.suspect(this.#source, from, to, { message })
  }

  /** `env KEY=v`, `export KEY=v`: the parser tells them from words, the program does not. */
  #assignment(node: Extract<Command['suffix'][number], { type: 'Assignment' }>): ReadWord {
    const { text } = this.#source
    const whole = { from: node.pos, to: node.end }
    const at = placeIn(this.#source, node.pos, node.end)
    const written = text.slice(node.pos, node.end)
    const base = { many: false, optional: false, at, source: written }
    if (node.value.type === 'ArrayValue') return { ...whole, word: { ...base, pieces: [{ hole: written }] } }
    const name = text.slice(node.pos, node.value.pos)
    const [value] = readWord(this.#source, this.masked, node.value)
    const pieces = value?.word.pieces ?? ['']
    const [head, ...rest] = pieces
    const joined = typeof head === 'string' ? [name + head, ...rest] : [name, ...pieces]
    return { ...whole, word: { ...base, pieces: joined, many: false } }
  }

  #redirected(redirects: readonly Redirection[]): DocumentedCommand['redirected'] {
    if (redirects.length === 0) return NOTHING
    const reads = []
    const writes = []
    for (const redirect of redirects) {
      if (redirect.type !== 'Redirect' || redirect.target === undefined) continue
      if (redirect.operator === '<&' || (redirect.operator === '>&' && /^(?:\d+-?|-)$/.test(redirect.target.text)))
        continue
      const [read] = readWord(this.#source, this.masked, redirect.target)
      if (read === undefined) continue
      if (redirect.operator.startsWith('<')) reads.push(read.word)
      if (redirect.operator.includes('>')) writes.push(read.word)
    }
    return { reads, writes }
  }
}

const NOTHING = { reads: [], writes: [] }
/** What they set is there for the commands that follow. */
const LASTING = new Set(['export', 'local', 'declare', 'readonly', 'typeset'])

/** Something other than a descriptor comes in at standard input. */
function feeds(redirect: Redirection): boolean {
  if (redirect.descriptor !== undefined && !('value' in redirect.descriptor && redirect.descriptor.value === 0))
    return false
  return (
    redirect.type !== 'Redirect' ||
    redirect.operator === '<' ||
    redirect.operator === '<>' ||
    redirect.operator === '<&'
  )
}

/** The first alternative of each word, and then each other alternative once: every one is seen, and their number does not multiply. */
function combined(alternatives: readonly (readonly ReadWord[])[]): readonly (readonly ReadWord[])[] {
  const usual = alternatives.map(([word]) => word!)
  const done = [usual]
  for (const [index, words] of alternatives.entries()) {
    for (const word of words.slice(1)) {
      if (done.length >= MAX_ALTERNATIVES) return done
      done.push(usual.with(index, word))
    }
  }
  return done
}
