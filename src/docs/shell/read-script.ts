import {
  type Assignment,
  type Command,
  forEachChild,
  type HereDoc,
  type ParsedScript,
  parse,
  type Redirection,
  type SyntaxNode,
} from 'unbash'
import { type DocumentedCommand, literal } from '../command.ts'
import type { Place } from '../place.ts'
import { mask } from './mask.ts'
import { sayMistake } from './mistakes.ts'
import { type ReadWord, readWord } from './read-word.ts'
import { cut, placeIn, type Source } from './source.ts'
import { type Typo, typoOf } from './typos.ts'
import { type Script, unwrap } from './wrappers.ts'

/** What the shell cannot read, at its place. */
export interface SyntaxProblem {
  readonly message: string
  readonly at: Place
  readonly suggestion?: string
  /** A shell reads it, and as something else than the page means. */
  readonly typo: boolean
}

export interface ReadScript {
  readonly commands: readonly ShellCommand[]
  /** Of mistakes only the first: the next ones are mostly made by it. */
  readonly problems: readonly SyntaxProblem[]
  /** What was left out although it may hold commands. */
  readonly unread: readonly { readonly why: string; readonly source: string; readonly at: Place }[]
}

/** A command without what is known of its surroundings in the page only. */
export type ShellCommand = Omit<DocumentedCommand, 'from' | 'within' | 'heading'>

/** Scripts in scripts: `$(…)`, `bash -c '…'`. The parser reads each level again, so depth costs time. */
const MAX_DEPTH = 16
/** After a mistake, reading goes on at the next line; pages of another language make one after the other. */
const MAX_RESTARTS = 8
/** Of one command. */
const MAX_ALTERNATIVES = 32
/** Commands that run commands, one behind the other. */
const MAX_WRAPPED = 8

/**
 * All simple commands of a script, in the order in which they begin, those in substitutions and behind `sudo` and its like
 * included.
 *
 * @param alternatives - as for `mask`
 * @param programs - names by which a wrapped command is found where the wrapper’s own options are not known
 */
export function readScript(source: Source, alternatives: boolean, programs: ReadonlySet<string>): ReadScript {
  const reader = new ScriptReader(alternatives, programs)
  reader.read(source, false, 0)
  return reader
}

class ScriptReader implements ReadScript {
  readonly commands: ShellCommand[] = []
  readonly problems: SyntaxProblem[] = []
  readonly unread: { why: string; source: string; at: Place }[] = []
  readonly #alternatives: boolean
  readonly #programs: ReadonlySet<string>
  readonly #called = new Map<string, string>()

  constructor(alternatives: boolean, programs: ReadonlySet<string>) {
    this.#alternatives = alternatives
    this.#programs = programs
  }

  read(source: Source, stdin: boolean, depth: number): void {
    if (depth > MAX_DEPTH) {
      this.#leave(source, 'it is nested too deeply')
      return
    }
    let rest = source
    for (let restart = 0; restart <= MAX_RESTARTS; restart++) {
      const wrong = this.#readOnce(rest, stdin, depth)
      if (wrong === undefined) return
      const newline = rest.text.indexOf('\n', wrong)
      if (newline < 0) return
      rest = cut(rest, [[newline + 1, rest.text.length]])
    }
    this.#leave(rest, 'too much before it is not shell')
  }

  /** Where the first mistake is, if there is one. */
  #readOnce(source: Source, stdin: boolean, depth: number): number | undefined {
    const masked = mask(source.text, this.#alternatives)
    try {
      const script = parse(masked.text)
      const mistake = first(script.errors)
      new Walk(this, source, masked, depth, mistake?.pos ?? Number.POSITIVE_INFINITY).visit(script, stdin)
      return mistake && this.complain(source, mistake) ? mistake.pos : undefined
    } catch (error) {
      // The parser recurses without a bound in quotes within substitutions; anything else is a mistake of ours.
      if (!(error instanceof RangeError)) throw error
      this.#leave(source, 'it is nested too deeply')
      return undefined
    }
  }

  /** @returns whether something is wrong; else the parser gave up */
  complain(source: Source, mistake: { readonly message: string; readonly pos: number }): boolean {
    const message = sayMistake(mistake.message)
    if (message === undefined) {
      this.#leave(source, 'it is nested too deeply')
      return false
    }
    const written = source.text.trimEnd()
    // What is missing is missing at the end.
    const from = mistake.pos < written.length ? mistake.pos : Math.max(0, written.search(/\S+$/))
    if (this.problems.some(({ typo }) => !typo)) return true
    const length = /^\S*/.exec(written.slice(from, from + 200))![0].length
    this.problems.push({ message, at: placeIn(source, from, from + length), typo: false })
    return true
  }

  /** What a page calls a program by: `TOOL=./bin/tool` and then `"$TOOL" status`. */
  remember(name: string, value: string | undefined): void {
    if (value !== undefined && this.#programs.has(value.replace(/^.*\//, ''))) this.#called.set(name, value)
    else this.#called.delete(name)
  }

  /** The first word of a command, with the program in it that the script itself says it is. */
  #named(read: ReadWord): ReadWord {
    const [piece, ...others] = read.word.pieces
    if (typeof piece !== 'object' || others.length > 0) return read
    const value = this.#called.get(/^\$\{?(\w+)\}?$/.exec(piece.hole)?.[1] ?? '')
    return value === undefined ? read : { ...read, word: { ...read.word, pieces: [value], many: false } }
  }

  suspect(source: Source, from: number, to: number, { message, suggestion }: Typo): void {
    const at = placeIn(source, from, to)
    this.problems.push({ message, at, ...(suggestion !== undefined && { suggestion }), typo: true })
  }

  #leave(source: Source, why: string): void {
    const line = source.text.trimStart().split('\n', 1)[0]!.slice(0, 200)
    this.unread.push({ why, source: line, at: placeIn(source, 0, Math.min(1, source.text.length)) })
  }

  /** One command and what it wraps. */
  take(command: Taken, depth: number, behind = 0): void {
    const { source } = command
    const words = command.words.with(0, this.#named(command.words[0]!))
    const [start, end] = [words[0]!, words.at(-1)!]
    this.commands.push({
      words: words.map(({ word }) => word),
      env: command.env,
      readsStdin: command.readsStdin,
      redirected: command.redirected,
      at: placeIn(source, start.from, Math.max(start.to, end.to)),
      source: source.text.slice(start.from, Math.max(start.to, end.to)),
    })
    const wrapped = behind < MAX_WRAPPED ? unwrap(words, this.#programs) : undefined
    if (wrapped === undefined) return
    if ('script' in wrapped) this.#readArgument(source, wrapped, command.readsStdin, depth)
    else {
      const { words, env, alone } = wrapped
      this.take(
        { ...command, words, env: [...command.env, ...env], readsStdin: command.readsStdin && !alone },
        depth,
        behind + 1,
      )
    }
  }

  /** `bash -c '…'`: what is quoted is a script with places of its own. */
  #readArgument(source: Source, { script }: Script, stdin: boolean, depth: number): void {
    if (depth >= MAX_DEPTH) return
    const written = source.text.slice(script.from, script.to)
    const quote = written[0]
    if (written.length < 2 || (quote !== "'" && quote !== '"') || written.indexOf(quote, 1) < written.length - 1) {
      if (quote !== '"' || !/^"(?:[^"\\]|\\.)*"$/s.test(written)) return
    }
    const kept: [number, number][] = []
    let done = script.from + 1
    if (quote === '"') {
      for (const { index } of written.matchAll(/\\(?=["$`\\])./g)) {
        kept.push([done, script.from + index])
        done = script.from + index + 1
      }
    }
    kept.push([done, script.to - 1])
    this.read(cut(source, kept), stdin, depth + 1)
  }

  nest(script: ParsedScript, source: Source, stdin: boolean, depth: number, walk: Walk, at: SyntaxNode): void {
    if (depth >= MAX_DEPTH) {
      this.unread.push({
        why: 'it is nested too deeply',
        source: source.text.slice(at.pos, Math.min(at.end, at.pos + 200)),
        at: placeIn(source, at.pos, at.end),
      })
      return
    }
    if (script.source !== undefined) {
      // Escaped backticks: the parser gives a decoded text, whose units have no place of their own.
      const whole = placeIn(source, at.pos, at.end)
      const decoded = { file: source.file, text: script.source, segments: [{ ...whole, offset: 0 }], at: whole }
      this.read(decoded, stdin, depth + 1)
      return
    }
    const mistake = first(script.errors)
    if (mistake && walk.until === Number.POSITIVE_INFINITY && !this.complain(source, mistake)) return
    new Walk(this, source, walk.masked, depth + 1, walk.until).visit(script, stdin)
  }
}

interface Taken {
  readonly words: readonly ReadWord[]
  readonly env: readonly string[]
  readonly readsStdin: boolean
  readonly redirected: ShellCommand['redirected']
  readonly source: Source
}

class Walk {
  readonly until: number
  readonly masked: ReturnType<typeof mask>
  readonly #reader: ScriptReader
  readonly #source: Source
  readonly #depth: number
  /** Here-documents that were read whole, so that what is substituted in them is not read again. */
  readonly #scripts = new Set<HereDoc>()

  constructor(reader: ScriptReader, source: Source, masked: ReturnType<typeof mask>, depth: number, until: number) {
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

  #redirected(redirects: readonly Redirection[]): ShellCommand['redirected'] {
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

function first<Mistake extends { readonly pos: number }>(
  mistakes: readonly Mistake[] | undefined,
): Mistake | undefined {
  return mistakes?.reduce((one, other) => (other.pos < one.pos ? other : one))
}
