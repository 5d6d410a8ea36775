import { type DocumentedCommand, literal, type Unjudged, type Word } from '../command.ts'
import type { Finding } from '../finding.ts'
import type { Page } from '../page/page.ts'
import type { Place } from '../place.ts'
import { byPlace } from '../places.ts'
import { readSnippet } from '../shell/read-snippet.ts'
import type { CommandTree } from '../tree/tree.ts'
import { optionName } from './find-option.ts'
import { judgeFlags, loneFlags } from './flags.ts'
import { type Judged, judgeCommand } from './judge-command.ts'
import { beforeArrow, isMessage, isNamedVersion, isNamesake } from './mention.ts'
import { mistyped, shown } from './near.ts'
import { oddOnesOut } from './odd-one-out.ts'
import { pagePrograms, programName } from './programs.ts'
import { SHELL_WORDS } from './shell-words.ts'
import { readSpan } from './span.ts'
import { judgeTextLine, programsOfLine } from './text-line.ts'
import type { JudgedCommand, Verdict } from './verdict.ts'
import { childNames, childOf } from './whereabouts.ts'
import { mixesCommands } from './word.ts'

/**
 * Holds the commands of a page against the programs they name. Pure: reads and runs nothing.
 *
 * @param trees - what is known of programs; a program without one is not judged, and told
 * @param options.programs - programs that are meant where the page names none; empty: as its front matter says, or as its commands show
 * @returns findings in the order of the page, without those of `page.problems`
 */
export function judgePage(
  page: Page,
  trees: readonly CommandTree[],
  options: { readonly programs: readonly string[] },
): Verdict {
  return new PageJudge(page, trees, options.programs).verdict()
}

class PageJudge {
  readonly #page: Page
  readonly #trees: ReadonlyMap<string, CommandTree>
  readonly #commands: readonly DocumentedCommand[]
  readonly #programs: Verdict['programs']
  /** Trees of the programs of this page, in its order. */
  readonly #own: readonly CommandTree[]
  /** Programs that fences of this page run and that have no tree. */
  readonly #others: ReadonlySet<string>
  readonly #judged: JudgedCommand[] = []
  readonly #inProse: Judged[] = []
  readonly #findings: Finding[]
  readonly #unjudged: Unjudged[]
  #foreignOptions: Map<string, string> | undefined

  constructor(page: Page, trees: readonly CommandTree[], asked: readonly string[]) {
    this.#page = page
    this.#trees = new Map(trees.map(tree => [tree.program, tree]))
    const known = new Set([...this.#trees.keys(), ...asked, ...page.programs])
    const read = page.snippets.map(snippet => readSnippet(page.file, snippet, known))
    this.#commands = read.flatMap(({ commands }) => commands)
    this.#findings = read.flatMap(({ problems }) => [...problems])
    this.#unjudged = read.flatMap(({ unjudged }) => [...unjudged])
    this.#programs = pagePrograms(asked, page.programs, this.#commands, this.#trees, () =>
      page.snippets.flatMap(snippet => (snippet.kind === 'text' ? programsOfLine(snippet, this.#trees) : [])),
    )
    this.#own = this.#programs.names.flatMap(name => this.#trees.get(name) ?? [])
    this.#others = new Set(
      this.#commands
        .filter(({ from }) => from === 'fence')
        .flatMap(({ words }) => programName(words[0]!) ?? [])
        .filter(name => !this.#trees.has(name) && !SHELL_WORDS.has(name)),
    )
  }

  verdict(): Verdict {
    for (const command of this.#commands) {
      if (command.from === 'fence') this.#fence(command)
      else this.#span(command)
    }
    for (const odd of oddOnesOut(this.#inProse)) this.#findings.push(odd)
    for (const snippet of this.#page.snippets) {
      if (snippet.kind === 'inline') {
        const flags = loneFlags(this.#page.file, snippet)
        if (flags !== undefined) this.#flags(flags)
      } else if (snippet.kind === 'text') {
        const { judged, findings, unjudged } = judgeTextLine(this.#page.file, snippet, this.#own, this.#trees)
        this.#judged.push(...judged)
        this.#findings.push(...findings)
        for (const { source, at } of unjudged)
          this.#leave(source, at, 'the line names a program or a command of one, and too little of it to be judged')
      }
    }
    return {
      programs: this.#programs,
      commands: [
        ...this.#commands,
        ...this.#judged.map(({ command }) => command).filter(({ from }) => from === 'text'),
      ],
      judged: this.#judged,
      findings: this.#findings.sort(byPlace),
      unjudged: this.#unjudged.sort(byPlace),
    }
  }

  #fence(command: DocumentedCommand): void {
    if (this.#named(command)) return
    const { source, at, words } = command
    const first = words[0]!
    const name = programName(first)
    if (name === undefined) this.#leave(source, at, `${shown(first.source)} is only known when it runs`)
    else if (SHELL_WORDS.has(name)) this.#leave(source, at, 'it is a word of the shell itself')
    else this.#leave(source, at, `there is no command tree of ${shown(name)}`)
  }

  /** Judges a command that names a program with a tree, or nearly so. */
  #named(command: DocumentedCommand): boolean {
    const { words } = command
    const name = programName(words[0]!)
    const tree = name === undefined ? undefined : this.#trees.get(name)
    if (tree !== undefined) {
      if (command.from === 'span' && isNamedVersion(tree, words))
        this.#leave(command.source, command.at, `\`${shown(words[1]!.source)}\` reads like its version`)
      else if (command.from === 'span' && isMessage(tree, words))
        this.#leave(command.source, command.at, 'it reads like a message of the program')
      else if (command.from === 'span' && beforeArrow(words) !== words)
        this.#take(judgeCommand(tree, command, beforeArrow(words).slice(1)))
      else this.#take(judgeFence(tree, command))
      return true
    }
    return name !== undefined && this.#nearlyNamed(command, name)
  }

  #nearlyNamed({ words }: DocumentedCommand, name: string): boolean {
    const first = words[0]!
    const second = words[1] === undefined ? undefined : literal(words[1])
    const near = mistyped(name, this.#trees.keys())
    const tree = near === undefined ? undefined : this.#trees.get(near)
    if (tree === undefined || second === undefined) return false
    const { root } = tree
    const fits =
      childOf(root, second) !== undefined ||
      mistyped(second, childNames(root)) !== undefined ||
      root.options.some(({ names }) => names.includes(second) && second.length > 2)
    if (!fits) return false
    this.#findings.push({
      rule: 'unknown-program',
      severity: 'error',
      at: first.at,
      message: `there is no program \`${shown(name)}\`; ${tree.program} has a command \`${second}\``,
      suggestion: first.source.replace(name, tree.program),
    })
    return true
  }

  #take(result: Judged): void {
    const { command } = result.judged
    if (result.decided) this.#judged.push(result.judged)
    if (command.from === 'span') this.#inProse.push(result)
    this.#findings.push(...result.findings)
    if (result.unjudged !== undefined)
      this.#unjudged.push({
        source: command.source,
        why: result.unjudged,
        at: command.at,
        ...(result.decided ? { partly: true as const } : {}),
      })
  }

  #span(command: DocumentedCommand): void {
    const { source, at } = command
    const words = beforeArrow(command.words)
    if (this.#named(command)) return
    if (this.#programs.names.length === 0 || this.#own.length === 0) {
      if (words.length > 1) this.#leave(source, at, this.#whose())
      return
    }
    const readings = this.#own.map(tree => ({ tree, reading: readSpan(tree, words, this.#others) }))
    const candidates = readings
      .filter(({ reading }) => reading.is === 'command')
      .map(({ tree }) => judgeCommand(tree, command, words))
    const best =
      candidates.find(({ findings }) => findings.length === 0) ??
      candidates.toSorted((a, b) => likelihood(b) - likelihood(a))[0]
    if (best !== undefined) {
      if (best.findings.length > 0 && this.#fitsAnother(command, words)) return
      if (best.findings.length > 0 && mixesCommands(words)) {
        this.#leave(source, at, 'several commands are written as one')
        return
      }
      if (isNamesake(command, best)) {
        this.#leave(source, at, `\`${words[0]!.source}\` may be the program of that name`)
        return
      }
      this.#take(best)
      return
    }
    if (words.length > 1 && this.#fitsAnother(command, words)) return
    for (const { tree, reading } of readings) {
      if (reading.is === 'near')
        this.#findings.push({
          rule: 'unknown-command',
          severity: 'warning',
          at,
          message: `${tree.program} has no command \`${source}\``,
          suggestion: reading.name,
        })
      else if (reading.is === 'unjudged') this.#unjudged.push({ source, why: reading.why, at })
      else continue
      return
    }
  }

  /** A page may speak of a program that it does not declare: what fits that one is no mistake of this one. */
  #fitsAnother(command: DocumentedCommand, words: readonly Word[]): boolean {
    const { source, at } = command
    const first = literal(words[0]!)
    for (const tree of this.#trees.values()) {
      if (this.#own.includes(tree) || first === undefined || childOf(tree.root, first) === undefined) continue
      const { findings, judged } = judgeCommand(tree, command, words)
      if (findings.length > 0 || judged.path.length + judged.options.length < 2) continue
      const why = `it is a command of ${tree.program}, which the page neither declares nor runs`
      this.#unjudged.push({ source, why, at })
      return true
    }
    return false
  }

  #whose(): string {
    return this.#programs.names.length === 0
      ? 'code in prose that may be a command, of a page that does not say whose commands it shows'
      : `code in prose that may be a command, and there is no command tree of ${this.#programs.names.join(', ')}`
  }

  #flags(flags: DocumentedCommand): void {
    if (this.#own.length === 0) return
    const { findings, judged, unjudged } = judgeFlags(flags, this.#own, this.#trees, name => this.#givenTo(name))
    this.#findings.push(...findings)
    this.#judged.push(...judged)
    if (unjudged !== undefined) this.#unjudged.push({ source: flags.source, why: unjudged, at: flags.at })
  }

  /** Which program without a tree, or which other one, is given an option of this name on this page. */
  #givenTo(option: string): string | undefined {
    if (this.#foreignOptions === undefined) {
      this.#foreignOptions = new Map()
      const own = new Set(this.#own.map(({ program }) => program))
      for (const { words } of this.#commands) {
        const program = programName(words[0]!) ?? words[0]!.source
        if (own.has(program)) continue
        for (const { source } of words)
          if (source.startsWith('-')) this.#foreignOptions.set(optionName(source), program)
      }
    }
    return this.#foreignOptions.get(option)
  }

  #leave(source: string, at: Place, why: string): void {
    this.#unjudged.push({ source, at, why })
  }
}

/** Of several programs that a wrong command may be of, the one that has something like it, or knows more of its words. */
function likelihood({ findings, judged }: Judged): number {
  return judged.path.length + (findings.some(({ suggestion }) => suggestion !== undefined) ? 10 : 0)
}

/** A fence may be a table of commands, each with what it does behind a gap; words there are only judged as if they were not. */
function judgeFence(tree: CommandTree, command: DocumentedCommand): Judged {
  const result = judgeCommand(tree, command)
  if (!result.findings.some(({ rule }) => rule === 'argument-unexpected' || rule === 'unknown-command')) return result
  const { words } = command
  const gap = words.findIndex((word, index) => {
    const before = words[index - 1]?.at
    return before !== undefined && before.endLine === word.at.line && word.at.column - before.endColumn >= 3
  })
  if (gap < 0) return result
  return {
    ...judgeCommand(tree, command, words.slice(1, gap)),
    unjudged: 'what follows the gap reads like a description',
  }
}
