import { isManual, type Step } from '../model/runbook.ts'

/** A command line that a step announces, in words. */
export interface AnnouncedCommand {
  readonly text: string
  /** From the program on; assignments before it and redirections are left out. Undefined where only a shell could tell. */
  readonly argv: readonly string[] | undefined
  /** Files that input and output are redirected to. */
  readonly redirects: readonly string[]
}

/** What a rule looks at of a step. */
export type AskedStep = Pick<Step, 'id' | 'effect' | 'run' | 'role'> & {
  readonly undo?: { readonly commands?: readonly string[] }
}

/** All command lines of a step, those of its undo included: whoever lets a step begin lets it be taken back. */
export function announcedLines({ run, undo }: AskedStep): readonly string[] {
  return [...(isManual(run) ? [] : (run.commands ?? [])), ...(undo?.commands ?? [])]
}

/** The same in words. */
export function announcedBy(step: AskedStep): readonly AnnouncedCommand[] {
  return announcedLines(step).flatMap(commandsIn)
}

/** What a shell would expand or run inside of a word. Inside of single quotes nothing is. */
const EXPANDED = /[$`()]/
/** What a step announces in the place of a value that is not known yet. */
export const PLACEHOLDER = /<[A-Za-z][\w.-]*>/
const PLACEHOLDER_HERE = new RegExp(PLACEHOLDER, 'y')
const REDIRECTION = /\d*(?:>>|>\||<>|[<>]&|[<>])/y
const DOUBLE_QUOTED = /"[^"\\$`]*(?:\\.[^"\\$`]*)*"/sy
const HERE = /<<|[<>]\(/y

/**
 * The commands of one line. They are announced as text and run as words, so operators hardly occur; where they do, what stands
 * behind them is a command of its own, and whatever only a shell could tell leaves the line unclear.
 */
export function commandsIn(text: string): readonly AnnouncedCommand[] {
  const commands: { argv: string[]; redirects: string[] }[] = []
  let current = { argv: [] as string[], redirects: [] as string[] }
  let word: string | undefined
  let redirected = false
  const unclear = [{ text, argv: undefined, redirects: [] }]
  const endWord = () => {
    if (word === undefined) return
    if (redirected) current.redirects.push(word)
    else if (current.argv.length > 0 || !/^[A-Za-z_]\w*=/.test(word)) current.argv.push(word)
    word = undefined
    redirected = false
  }
  const endCommand = () => {
    endWord()
    if (current.argv.length + current.redirects.length > 0) commands.push(current)
    current = { argv: [], redirects: [] }
  }

  let at = 0
  while (at < text.length) {
    const character = text[at]!
    const placeholder = matchAt(PLACEHOLDER_HERE, text, at)
    if (placeholder !== undefined) {
      word = (word ?? '') + placeholder
      at += placeholder.length
      continue
    }
    if (matchAt(HERE, text, at) !== undefined || EXPANDED.test(character)) return unclear
    const redirection = word === undefined || /^[<>]/.test(character) ? matchAt(REDIRECTION, text, at) : undefined
    if (redirection !== undefined) {
      endWord()
      redirected = true
      at += redirection.length
    } else if (character === "'") {
      const end = text.indexOf("'", at + 1)
      if (end === -1) return unclear
      word = (word ?? '') + text.slice(at + 1, end)
      at = end + 1
    } else if (character === '"') {
      const quoted = matchAt(DOUBLE_QUOTED, text, at)
      if (quoted === undefined) return unclear
      word = (word ?? '') + quoted.slice(1, -1).replace(/\\(["\\$`])/g, '$1')
      at += quoted.length
    } else if (character === '\\') {
      if (at + 1 === text.length) return unclear
      word = (word ?? '') + text[at + 1]
      at += 2
    } else {
      if (/[|;&\n]/.test(character)) endCommand()
      else if (/\s/.test(character)) endWord()
      else word = (word ?? '') + character
      at += 1
    }
  }
  endCommand()
  return commands.length === 0 ? unclear : commands.map(command => ({ text, ...command }))
}

function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at
  return pattern.exec(text)?.[0]
}
