import { COMMAND_NAME, type CommandName, type HelpPage } from './help-page.ts'
import { firstParagraph, type HelpEntry, type HelpLine, helpSections, listEntries, OPTION_START } from './layout.ts'
import { ordered } from './option-head.ts'
import { afterPath, alternatives, synopsisWords } from './synopsis.ts'
import type { ArgumentSpec, OptionGroup, OptionSpec, OptionValue } from './tree.ts'

/**
 * Help of Python's argparse, 3.6 and later.
 *
 * Arity is in the usage line alone; one that somebody wrote himself does not name `-h`, and nothing is taken from it.
 *
 * @param path - names of the sub-commands that lead here, without the program
 */
export function readArgparse(text: string, path: readonly string[]): HelpPage {
  const sections = helpSections(text)
  const usage = sections.find(({ title }) => title === 'usage')!
  const usageText = firstParagraph(usage)
  const doubts: string[] = []
  const options: OptionSpec[] = []
  const listed: HelpEntry[] = []
  let optionsKnown = false

  for (const section of sections) {
    if (section.title === '' || section === usage) continue
    // A section may begin with running text; entries stand in the same column.
    for (const entry of listEntries(section.lines)) {
      if (!OPTION_START.test(entry.head)) {
        listed.push(entry)
        continue
      }
      optionsKnown = true
      const option = readOption(entry.head)
      if (option !== null) options.push(option)
      else doubts.push(`the line of an option is not understood: ${entry.head}`)
    }
  }
  if (doubts.length > 0) optionsKnown = false

  // `python3 -m keep` is one name.
  const words = synopsisWords(usageText.replace(/^python[\d.]* -m /, ''))
  const after = words === null ? null : afterPath(words, path)
  const help = options.find(({ names }) => names.includes('-h') || names.includes('--help'))
  const custom = after === null || (help !== undefined && !after.some(word => /^\[(?:-h|--help)[\]\s|]/.test(word)))
  const read = custom ? null : readUsage(after, options, listed)
  if (read === null) doubts.push(`the usage line is not understood: ${usageText}`)
  const commands = read?.commands ?? []
  return {
    style: 'argparse',
    aliases: [],
    options: options.map(option => ({ ...option, required: read?.required.has(option.names[0]) ?? false })),
    optionsKnown,
    args: read?.args ?? null,
    commands,
    commandsKnown: read?.commandsKnown ?? false,
    commandRequired: false,
    groups: read?.groups ?? [],
    doubts: read === null ? doubts : [...doubts, ...read.doubts],
  }
}

/** `-o OUT, --out OUT`, since 3.13 `-o, --out OUT`. */
function readOption(line: string): OptionSpec | null {
  const [head = ''] = line.split(/ {2,}/, 1)
  const forms = head.split(/, (?=-)/).map(form => /^(-{1,2}[^\s=,[\]{}]+)(?: (\S.*))?$/.exec(form))
  if (forms.includes(null)) return null
  const value = forms.at(-1)![2]
  return {
    names: ordered(forms.map(form => form![1]!)),
    value: value === undefined ? null : readValue(value),
    required: false,
    // The last one counts, or all do.
    repeatable: true,
  }
}

/** `X`, `[X]`, `X [X ...]`, `[X ...]`, `[X [X ...]]`, `X X`, `{a,b}`, `...`. */
function readValue(text: string): OptionValue {
  const optional = text.startsWith('[')
  const plain = optional ? text.slice(1, -1).replace(/ \.\.\.$/, '') : text
  const [first = '', ...more] = synopsisWords(plain) ?? [plain]
  return {
    name: first,
    optional,
    attached: false,
    many: more.length > 0 || text.endsWith('...]') || first === '...',
    values: choices(first),
  }
}

function choices(text: string): readonly string[] | null {
  return /^\{[^{}]+\}$/.test(text) ? text.slice(1, -1).split(',') : null
}

interface Usage {
  readonly args: readonly ArgumentSpec[] | null
  readonly commands: readonly CommandName[]
  readonly commandsKnown: boolean
  readonly required: ReadonlySet<string>
  readonly groups: readonly OptionGroup[]
  readonly doubts: readonly string[]
}

function readUsage(
  words: readonly string[],
  options: readonly OptionSpec[],
  listed: readonly HelpEntry[],
): Usage | null {
  const args: ArgumentSpec[] = []
  const required = new Set<string>()
  const groups: OptionGroup[] = []
  const doubts: string[] = []
  let commands: readonly CommandName[] = []
  let commandsKnown = true
  let clear = true
  const named = (text: string) => options.find(({ names }) => names.includes(/^[^\s=]+/.exec(text)?.[0] ?? ''))

  for (let at = 0; at < words.length; at++) {
    const word = words[at]!
    const bracket = /^([[(])(.*)[\])]$/.exec(word)
    const ways = bracket === null ? [] : alternatives(bracket[2]!)
    if (bracket !== null && ways.some(way => way.startsWith('-'))) {
      const known = new Set(ways.filter(way => way.startsWith('-')).map(way => named(way)?.names[0]))
      if (known.has(undefined)) {
        doubts.push(`usage names an option that is not listed: ${word}`)
        continue
      }
      for (const way of ways) {
        if (!way.startsWith('-'))
          args.push(...(argument([way], 0)?.args ?? []).map(arg => ({ ...arg, required: false })))
      }
      // Two names of one switch, `--color | --no-color`, are no group, nor is one that an argument belongs to.
      const group = ways.every(way => way.startsWith('-')) && known.size === ways.length && ways.length > 1
      if (group) groups.push({ options: [...known] as string[], required: bracket[1] === '(' })
      else if (bracket[1] === '(' && known.size === 1 && ways.every(way => way.startsWith('-'))) {
        required.add([...known][0]!)
      }
      continue
    }
    if (word.startsWith('-')) {
      const option = named(word)
      if (option === undefined) {
        doubts.push(`usage names an option that is not listed: ${word}`)
        clear = false
        break
      }
      required.add(option.names[0])
      at += valueWords(option, words, at + 1)
      continue
    }
    if (words[at + 1] === '...' && at + 2 === words.length) {
      const found = commandsOf(word, listed)
      if (found !== null) {
        commands = found.commands
        commandsKnown = found.known
        if (!found.known) doubts.push(`a line among the sub-commands is not understood`)
        at++
        continue
      }
    }
    const found = argument(words, at)
    if (found === null) {
      clear = false
      break
    }
    args.push(...found.args)
    at += found.words - 1
  }
  if (!clear) return null
  return { args, commands, commandsKnown, required, groups, doubts }
}

/** How many words of the usage line are the values of a required option before them. */
function valueWords({ value }: OptionSpec, words: readonly string[], from: number): number {
  if (value === null) return 0
  if (value.optional) return 1
  let count = 1
  for (let next = words[from + count]; value.many && next !== undefined; next = words[from + count]) {
    if (next !== value.name && !next.endsWith(' ...]')) break
    count++
  }
  return count
}

/** `X`, `[X]`, `X [X ...]`, `[X ...]`, `[X [X ...]]`, `...`; how many words of the line it takes. */
function argument(words: readonly string[], at: number): { args: ArgumentSpec[]; words: number } | null {
  const word = words[at]!
  const next = words[at + 1]
  if (word === '...') return { args: [{ name: '...', required: false, many: true, values: null }], words: 1 }
  const optional = /^\[([^[\]]+?)(?: (?:\[\1 )?\.\.\.\]?)?\]$/.exec(word)
  if (optional !== null) {
    const name = optional[1]!
    return { args: [{ name, required: false, many: / \.\.\.\]+$/.test(word), values: choices(name) }], words: 1 }
  }
  if (/^[[(]/.test(word)) return null
  const many = next === `[${word} ...]`
  return { args: [{ name: word, required: true, many, values: choices(word) }], words: many ? 2 : 1 }
}

/** Sub-commands stand in braces, or one a line below the word that stands for them. */
function commandsOf(word: string, listed: readonly HelpEntry[]): { commands: CommandName[]; known: boolean } | null {
  const all = choices(word)
  const entry = listed.find(({ head }) => head === word || head.startsWith(`${word}  `))
  const column = entry && Math.min(...entry.below.filter(line => line.text !== '').map(line => line.indent))
  const lines = entry?.below.filter((line: HelpLine) => line.text !== '' && line.indent === column) ?? []
  const commands: CommandName[] = []
  let known = true
  // Without lines of their own, what stands below is the description of all of them.
  const rows = column !== undefined && column <= 8 ? lines : []
  if (all === null && rows.length === 0) return null
  for (const { text } of rows) {
    const found = /^(\S+)(?: \(([^()]+)\))?(?: {2,}|$)/.exec(text)
    if (found === null || !COMMAND_NAME.test(found[1]!)) {
      known = false
      continue
    }
    commands.push({ name: found[1]!, aliases: found[2]?.split(/, */) ?? [] })
  }
  const seen = new Set(commands.flatMap(({ name, aliases }) => [name, ...aliases]))
  for (const name of all ?? []) if (!seen.has(name)) commands.push({ name, aliases: [] })
  return { commands, known }
}
