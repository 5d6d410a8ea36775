import { parse } from 'unbash'
import type { Unjudged } from '../command.ts'
import { mask } from './mask.ts'
import { cut, placeIn, type Source, type Stretch } from './source.ts'

/** Commands of a fence in which not every line is one. */
export interface Session {
  /** Each with its continuation lines and without prompts. */
  readonly commands: readonly Source[]
  readonly unjudged: readonly Unjudged[]
}

/** What a shell prints before it reads a line; the command is what follows. `% Total` begins what curl prints. */
const PROMPT = new RegExp(
  [
    /[\w.-]+@[\w.-]+(?::| )[^\s$#%]{0,60} ?[$#%]/,
    /\[[\w.-]+@[\w.-]+ [^\]\n]{0,60}\] ?[$#%]/,
    /(?:ba|z|da|k)?sh(?:-[\d.]+)?[$#%]/,
    /(?:~|~?\/[\w./~-]{0,60}) ?[$%❯]/,
    /[~/] ?#/,
    /[$❯λ]/,
    /%(?! *Total\b)/,
    /➜[ \t]+(?:[\w.~/-]+ )?(?:git:\([^)\n]{0,60}\) )?(?:✗)?/,
  ]
    .map(({ source }) => `^[ \\t]*(?:\\([\\w.-]+\\) ?)?${source}[ \\t]+(?=\\S)`)
    .join('|'),
  'u',
)
const ROOT = /^[ \t]*# /
const WINDOWS = /^[ \t]*(?:PS(?: [A-Za-z]:[^>\n]{0,200})?>|[A-Z]:\\[^>\n]{0,200}>)/
const REPL =
  /^[ \t]*(?:>>>|\w{1,40}[=(][\w()-]{0,40}[#>]|mysql>|sqlite>|redis[^\s>]{0,60}>|irb[^>\n]{0,60}>|ftp>|In \[\d+\]:)(?: |$)/
/** What a shell prints before a line that continues a command. */
const SECOND = /^[ \t]*(?:(?:[dbc]?quote|heredoc|pipe|cmdand|cmdor|for|while|if|case|function|subsh)?>)(?: |$)/
/** Ends in a backslash that no other one escapes. */
const SLASHED = /(?:^|[^\\])(?:\\\\)*\\$/
/** A command of a page goes on for at most so many lines and units; what is longer is not one. */
const MAX_LINES = 100
const MAX_UNITS = 65_536
/** After a program's name, these are what it says of itself, not a command. */
const SAYS = /^[ \t]+(?:v?\d+\.\d|\(|is |was |has |version v?\d|listening |started|running |ready\b|exited |[-–—] )/

interface Line {
  readonly from: number
  readonly to: number
  readonly text: string
}

/**
 * The commands after prompts; what is printed between them is left out. `# ` is the prompt of root only where there is no
 * other and a known program follows, else a comment. `> ` continues a command that has not ended; where it is the only sign
 * in the fence and a known program follows the first, it is the prompt.
 *
 * @param declared - the fence says that it is a session; else a prompt has to stand first, comments aside
 * @returns undefined where no line has a prompt
 */
export function readSession(source: Source, declared: boolean, programs: ReadonlySet<string>): Session | undefined {
  const lines = linesOf(source.text)
  const isPrompt = ({ text }: Line) => PROMPT.test(text) || whyForeign(text) !== undefined
  const prompted = lines.some(isPrompt)
  const first = lines.find(({ text }) => text.trim() !== '' && !ROOT.test(text))
  if (!declared && !(first !== undefined && isPrompt(first)) && !lines.some(({ text }) => /^\$ \S/.test(text)))
    return undefined
  const rooted = !prompted && lines.some(line => isRoot(line, programs))
  const arrows =
    !prompted && !rooted && first?.text.startsWith('> ') === true && beginsWithProgram(first.text.slice(2), programs)
  if (!prompted && !rooted && !arrows) return undefined

  const promptOf = (line: Line): number | undefined => {
    const { text } = line
    const length = PROMPT.exec(text)?.[0].length
    if (length !== undefined) return length
    if (rooted && isRoot(line, programs)) return ROOT.exec(text)![0].length
    return arrows && text.startsWith('> ') ? 2 : undefined
  }
  const commands: Source[] = []
  const unjudged: Unjudged[] = []
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index]!
    const why = whyForeign(line.text)
    if (why !== undefined) {
      const indent = line.text.length - line.text.trimStart().length
      unjudged.push({ source: line.text.trim(), why, at: placeIn(source, line.from + indent, line.to) })
      continue
    }
    const prompt = promptOf(line)
    if (prompt === undefined) continue
    const taken = command(lines, index, prompt, next => promptOf(next) !== undefined && !arrows)
    commands.push(cut(source, taken.stretches))
    index = taken.last
  }
  return { commands, unjudged }
}

/** Why what follows a prompt is no command that is read here. */
function whyForeign(text: string): string | undefined {
  if (WINDOWS.test(text)) return 'its prompt is of a shell of Windows'
  return REPL.test(text) ? 'its prompt is not of a shell' : undefined
}

/** Commands that begin with a program, each with what continues it; all other lines are left out. */
export function commandLines(source: Source, programs: ReadonlySet<string>): readonly Source[] {
  const lines = linesOf(source.text)
  const commands: Source[] = []
  for (let index = 0; index < lines.length; index++) {
    const { text } = lines[index]!
    const usage = /^[ \t]*(?:usage|or):[ \t]+/i.exec(text)?.[0].length ?? 0
    if (!beginsWithProgram(text.slice(usage), programs)) continue
    const taken = command(lines, index, usage, () => false)
    commands.push(cut(source, taken.stretches))
    index = taken.last
  }
  return commands
}

/**
 * One command and the lines that continue it. Where it never ends, it is only what backslashes continue: an apostrophe in it
 * must not swallow what is printed after it.
 */
function command(
  lines: readonly Line[],
  start: number,
  skip: number,
  ends: (line: Line) => boolean,
): { stretches: Stretch[]; last: number } {
  const skipped = ({ text }: Line, index: number) => (index === 0 ? skip : (SECOND.exec(text)?.[0].length ?? 0))
  const taken = (last: number): Stretch[] =>
    lines
      .slice(start, last + 1)
      .map((line, index) => [line.from + skipped(line, index), index === last - start ? line.to : line.to + 1])
  const textOf = (last: number) =>
    lines
      .slice(start, last + 1)
      .map((line, index) => line.text.slice(skipped(line, index)))
      .join('\n')

  let slashed = start
  while (slashed + 1 < lines.length && SLASHED.test(lines[slashed]!.text)) slashed++
  for (let last = slashed; last < lines.length && last - start < MAX_LINES; last++) {
    if (last > slashed && ends(lines[last]!)) break
    const text = textOf(last)
    if (text.length > MAX_UNITS) break
    if (!goesOn(text)) return { stretches: taken(last), last }
  }
  return { stretches: taken(slashed), last: slashed }
}

/** Whether a shell would ask for another line. */
function goesOn(text: string): boolean {
  if (SLASHED.test(text)) return true
  if (!/['"`(){}]|<<|[|&]\s*$|\b(?:do|then|else|in|for|while|until|if|case|select)\b/.test(text)) return false
  const { text: masked } = mask(text, false)
  try {
    const { errors } = parse(masked)
    const open = /^unterminated|^expected '(?:done|fi|esac|do|then|\}|\))'|^expected command (?:after|in)/
    return errors?.some(({ message }) => open.test(message)) === true || openHeredoc(masked)
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}

function openHeredoc(text: string): boolean {
  const lines = text.split('\n').slice(1)
  const begun = text.matchAll(/(?<!<)<<-?[ \t]*(?:'([^'\n]+)'|"([^"\n]+)"|\\?([A-Za-z_][\w.+-]*))/g)
  for (const [, quoted, double, bare] of begun) {
    const delimiter = quoted ?? double ?? bare!
    if (!lines.some(line => line.replace(/^\t+/, '') === delimiter)) return true
  }
  return false
}

function beginsWithProgram(text: string, programs: ReadonlySet<string>): boolean {
  const found = /^[ \t]*(?:sudo[ \t]+)?(?:[A-Za-z_]\w*=\S*[ \t]+)*(\S+)/.exec(text)
  if (found === null) return false
  return programs.has(found[1]!.replace(/^.*\//, '')) && !SAYS.test(text.slice(found[0].length))
}

/** A comment that names a program says something about it, in words that end as sentences do. */
function isRoot(line: Line, programs: ReadonlySet<string>): boolean {
  return ROOT.test(line.text) && beginsWithProgram(line.text.replace(ROOT, ''), programs) && !/[.:]\s*$/.test(line.text)
}

function linesOf(text: string): readonly Line[] {
  const lines: Line[] = []
  for (let from = 0; from <= text.length; ) {
    const newline = text.indexOf('\n', from)
    const to = newline < 0 ? text.length : newline
    lines.push({ from, to, text: text.slice(from, to) })
    from = to + 1
  }
  return lines
}
