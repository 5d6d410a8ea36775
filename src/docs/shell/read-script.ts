import { type ParsedScript, parse, type SyntaxNode } from 'unbash'
import type { DocumentedCommand } from '../command.ts'
import type { Place } from '../place.ts'
import { CommandFinder, type Reader, type Taken } from './find-commands.ts'
import { mask } from './mask.ts'
import { sayMistake } from './mistakes.ts'
import type { ReadWord } from './read-word.ts'
import { cut, placeIn, type Source } from './source.ts'
import type { Typo } from './typos.ts'
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
const TOO_DEEP = 'it is nested too deeply'
/** After a mistake, reading goes on at the next line; pages of another language make one after the other. */
const MAX_RESTARTS = 8
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

class ScriptReader implements ReadScript, Reader {
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
      this.#leave(source, TOO_DEEP)
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
      new CommandFinder(this, source, masked, depth, mistake?.pos ?? Number.POSITIVE_INFINITY).visit(script, stdin)
      return mistake && this.complain(source, mistake) ? mistake.pos : undefined
    } catch (error) {
      // The parser recurses without a bound in quotes within substitutions; anything else is a mistake of ours.
      if (!(error instanceof RangeError)) throw error
      this.#leave(source, TOO_DEEP)
      return undefined
    }
  }

  /** @returns whether something is wrong; else the parser gave up */
  complain(source: Source, mistake: { readonly message: string; readonly pos: number }): boolean {
    const message = sayMistake(mistake.message)
    if (message === undefined) {
      this.#leave(source, TOO_DEEP)
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

  nest(
    script: ParsedScript,
    source: Source,
    stdin: boolean,
    depth: number,
    finder: CommandFinder,
    at: SyntaxNode,
  ): void {
    if (depth >= MAX_DEPTH) {
      this.unread.push({
        why: TOO_DEEP,
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
    if (mistake && finder.until === Number.POSITIVE_INFINITY && !this.complain(source, mistake)) return
    new CommandFinder(this, source, finder.masked, depth + 1, finder.until).visit(script, stdin)
  }
}

function first<Mistake extends { readonly pos: number }>(
  mistakes: readonly Mistake[] | undefined,
): Mistake | undefined {
  return mistakes?.reduce((one, other) => (other.pos < one.pos ? other : one))
}
