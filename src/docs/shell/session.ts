import { parse } from 'unbash'
import type { Unjudged } from '../command.ts'
import { mask } from './mask.ts'
import { cut, placeIn, type Source } from './source.ts'

export interface Session {
  readonly commands: readonly Source[]
  readonly unjudged: readonly Unjudged[]
}

/** What a shell prints before it reads a line; the command is what follows. */
const PROMPT =
  /^[ \t]*(?:\([\w.-]+\) ?)?(?:[\w.-]+@[\w.-]+[:\s]\S{0,60} ?[$#%] |\[[\w.-]+@[\w.-]+ [^\]\n]{0,60}\][$#%] |(?:ba|z|da)?sh(?:-[\d.]+)?[$#%] |(?:~|~?\/[\w./~-]{0,60}) ?[$#%] |[$%] |(?:➜|❯|λ)[ \t]+|➜ {2}\S+ (?:git:\(\S+\) )?(?:✗ )?)/u
const ROOT = /^[ \t]*# /
const FOREIGN =
  /^[ \t]*(?:(PS(?: [A-Z]:[^>\n]*)?>)|([A-Z]:\\[^>\n]*>)|(>>>) |((?:\w+[=(][\w()-]*[#>]|mysql>|sqlite>|redis[^\s>]*>|irb[^>\n]*>|ftp>) ))/
/** A command of a page goes on for at most so many lines. */
const MAX_LINES = 200

interface Line {
  readonly from: number
  readonly to: number
  readonly text: string
}

/**
 * The commands of a session, each with its continuation lines and without prompts; what is printed between them is left out.
 *
 * @param declared - the fence says that it is a session; then `# ` may be the prompt of root
 * @returns undefined where no line has a prompt
 */
export function sessionCommands(source: Source, declared: boolean, programs: ReadonlySet<string>): Session | undefined {
  const lines = linesOf(source)
  const first = lines.find(({ text }) => text.trim() !== '' && !/^\s*#(?!\s*$)/.test(text))
  const prompted = lines.some(({ text }) => PROMPT.test(text) || FOREIGN.test(text))
  if (!declared && (first === undefined || !(PROMPT.test(first.text) || FOREIGN.test(first.text)))) return undefined
  const rooted = !prompted && lines.some(line => isRoot(line, programs))
  const arrows = !prompted && !rooted && first !== undefined && first.text.startsWith('> ')
  if (!prompted && !rooted && !arrows) return undefined

  const commands: Source[] = []
  const unjudged: Unjudged[] = []
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index]!
    const foreign = FOREIGN.exec(line.text)
    if (foreign) {
      const why =
        foreign[1] || foreign[2]
          ? 'the prompt is of a shell of Windows'
          : 'the prompt is of another program than a shell'
      unjudged.push({ source: line.text.trim(), why, at: placeIn(source, line.from, line.to) })
      continue
    }
    const prompt = promptOf(line, rooted, arrows, programs)
    if (prompt === undefined) continue
    const stretches: [number, number][] = [[line.from + prompt, line.to]]
    let text = line.text.slice(prompt)
    while (index + 1 < lines.length && stretches.length < MAX_LINES && goesOn(text)) {
      const next = lines[index + 1]!
      if (promptOf(next, rooted, false, programs) !== undefined) break
      const skipped = /^[ \t]*(?:>|quote>|dquote>|heredoc>|pipe>|cmdand>) /.exec(next.text)?.[0].length ?? 0
      stretches[stretches.length - 1]![1] = lines[index]!.to + 1
      stretches.push([next.from + skipped, next.to])
      text = `${text}\n${next.text.slice(skipped)}`
      index++
    }
    commands.push(cut(source, stretches))
  }
  return { commands, unjudged }
}

/**
 * Lines of a fence without a language whose first word is a program, each with what continues it.
 */
export function commandLines(source: Source, programs: ReadonlySet<string>): readonly Source[] {
  const lines = linesOf(source)
  const commands: Source[] = []
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index]!
    if (!beginsWithProgram(line.text, programs)) continue
    let last = line
    while (index + 1 < lines.length && /\\$/.test(last.text)) last = lines[++index]!
    commands.push(cut(source, [[line.from, last.to]]))
  }
  return commands
}

function beginsWithProgram(text: string, programs: ReadonlySet<string>): boolean {
  const found = /^[ \t]*(?:sudo[ \t]+)?(?:[A-Za-z_]\w*=\S*[ \t]+)*(\S+)/.exec(text)
  const name = found?.[1]!.replace(/^.*\//, '')
  return name !== undefined && programs.has(name)
}

function isRoot(line: Line, programs: ReadonlySet<string>): boolean {
  return ROOT.test(line.text) && beginsWithProgram(line.text.replace(ROOT, ''), programs) && !/[.:]\s*$/.test(line.text)
}

function promptOf(line: Line, rooted: boolean, arrows: boolean, programs: ReadonlySet<string>): number | undefined {
  const found = PROMPT.exec(line.text)
  if (found) return found[0].length
  if (rooted && isRoot(line, programs)) return ROOT.exec(line.text)![0].length
  return arrows && line.text.startsWith('> ') ? 2 : undefined
}

/** Whether a shell would ask for another line. */
function goesOn(text: string): boolean {
  if (/(?:^|[^\\])(?:\\\\)*\\$/.test(text)) return true
  const { text: masked } = mask(text, false)
  const script = parse(masked)
  if (
    script.errors?.some(({ message }) =>
      /^unterminated|^expected '(?:done|fi|esac|\}|\))'|^expected command after/.test(message),
    )
  )
    return true
  return openHeredoc(masked)
}

function openHeredoc(text: string): boolean {
  for (const [, quoted, double, bare] of text.matchAll(
    /(?<!<)<<-?[ \t]*(?:'([^'\n]+)'|"([^"\n]+)"|\\?([A-Za-z_][\w.+-]*))/g,
  )) {
    const delimiter = quoted ?? double ?? bare!
    if (
      !text
        .split('\n')
        .slice(1)
        .some(line => line === delimiter || line.replace(/^\t+/, '') === delimiter)
    )
      return true
  }
  return false
}

function linesOf(source: Source): readonly Line[] {
  const lines: Line[] = []
  for (let from = 0; from <= source.text.length; ) {
    const newline = source.text.indexOf('\n', from)
    const to = newline < 0 ? source.text.length : newline
    lines.push({ from, to, text: source.text.slice(from, to) })
    from = to + 1
  }
  return lines
}
