import { COMMAND_NAME, type CommandName, type HelpPage } from './help-page.ts'
import {
  entriesOf,
  type HelpEntry,
  type HelpSection,
  helpSections,
  joined,
  listsOptions,
  OPTION_START,
  optionColumns,
} from './layout.ts'
import { ordered, readOptionHead } from './option-head.ts'
import { afterPath, alternatives, synopsisWords } from './synopsis.ts'
import type { ArgumentSpec, OptionGroup, OptionSpec } from './tree.ts'

const COMMANDS = new Set(['commands', 'subcommands'])
const ARGUMENTS = new Set(['arguments', 'args'])

/**
 * Help of clap 2 to 4, short and long, and of those who copy its layout.
 *
 * @param path - names of the sub-commands that lead here, without the program
 */
export function readClap(text: string, path: readonly string[]): HelpPage {
  const sections = helpSections(text)
  const doubts: string[] = []
  const usage = usageLines(sections)
  // Version 4 refuses a switch that is given twice; those before it write their headings in capitals and may not.
  const recent = sections.some(({ title }) => title === 'Usage')

  const options: (OptionSpec & { readonly valueCount: number })[] = []
  const args: ArgumentSpec[] = []
  const commands: CommandName[] = []
  let optionsKnown = sections.some(listsOptions)
  let commandsKnown = true
  let argumentSection = false
  for (const section of sections) {
    const title = section.title.toLowerCase()
    if (title === '' || title === 'usage') continue
    if (COMMANDS.has(title)) {
      const list = commandEntries(section)
      commands.push(...list.names)
      doubts.push(...list.doubts)
      if (list.doubts.length > 0) commandsKnown = false
    } else if (ARGUMENTS.has(title)) {
      argumentSection = true
      for (const entry of argumentEntries(section)) args.push(entry)
    } else if (listsOptions(section)) {
      const columns = optionColumns(section.lines)
      for (const entry of entriesOf(section.lines, line => columns.has(line.indent) && OPTION_START.test(line.text))) {
        const option = readOption(entry, recent)
        if (option !== null) options.push(option)
        else {
          optionsKnown = false
          doubts.push(`the line of an option is not understood: ${entry.head}`)
        }
      }
    }
  }

  const asked = readUsage(
    usage,
    path,
    options,
    commands.length > 0,
    args.map(arg => arg.name),
    argumentSection,
  )
  doubts.push(...asked.doubts)
  if (asked.commandNamed && commands.length === 0) {
    // It takes programs of others as sub-commands, and whatever they take.
    commandsKnown = false
    doubts.push('usage asks for a sub-command, and none is listed')
  }
  // Whoever wrote the usage line, or had all levels put into one page, may show sub-commands elsewhere.
  if (asked.args === null && !asked.hidden && commands.length === 0) commandsKnown = false
  return {
    style: 'clap',
    aliases: [],
    options: [
      ...options.map(({ valueCount: _, ...option }) => ({ ...option, required: asked.required.has(option.names[0]) })),
      ...opposites(text, options),
    ],
    optionsKnown,
    args:
      asked.commandNamed && commands.length === 0
        ? null
        : argumentSection && !asked.hidden
          ? args.map(arg => (asked.loosened.has(arg.name) ? { ...arg, required: false } : arg))
          : asked.args,
    commands,
    commandsKnown,
    commandRequired: asked.commandRequired && commands.length > 0,
    groups: asked.groups,
    doubts,
  }
}

/** One string for each way to call it. */
function usageLines(sections: readonly HelpSection[]): string[] {
  const section = sections.find(({ title }) => title.toLowerCase() === 'usage')
  if (section === undefined) return []
  const lines = [section.rest]
  for (const line of section.lines) {
    if (line.text === '') {
      if (lines.some(text => text !== '')) break
      continue
    }
    lines.push(line.text)
  }
  const written = lines.filter(text => text !== '')
  const program = written[0]?.split(/\s/)[0]
  const usages: string[] = []
  for (const line of written) {
    if (line.split(/\s/)[0] === program) usages.push(line)
    else usages[usages.length - 1] += ` ${line}`
  }
  return usages
}

function readOption(entry: HelpEntry, recent: boolean): (OptionSpec & { readonly valueCount: number }) | null {
  const head = readOptionHead(entry.head)
  if (head === null) return null
  const about = joined(head.rest, entry.below)
  const values = possibleValues(about, entry)
  return {
    names: [...ordered(head.names), ...optionAliases(about)],
    value: head.value === null ? null : { ...head.value, values },
    required: false,
    repeatable: head.counted ? true : head.value === null && recent ? false : null,
    valueCount: head.valueCount,
  }
}

function optionAliases(about: string): string[] {
  return [...about.matchAll(/\[(?:short )?alias(?:es)?: ([^[\]]+)\]/g)].flatMap(([, list]) =>
    list!.split(', ').map(name => (name.startsWith('-') ? name : name.length === 1 ? `-${name}` : `--${name}`)),
  )
}

/** In brackets, or as a list with a bullet each in long help. */
function possibleValues(about: string, entry: HelpEntry): readonly string[] | null {
  const inline = /\[possible values: ([^[\]]+)\]/.exec(about)
  if (inline !== null) return inline[1]!.split(', ').map(unquoted)
  const start = entry.below.findIndex(line => line.text === 'Possible values:')
  if (start < 0) return null
  const values: string[] = []
  for (const line of entry.below.slice(start + 1)) {
    if (line.text === '') break
    const bullet = /^- ("[^"]*"|[^\s:]+)(?::|$)/.exec(line.text)
    if (bullet !== null) values.push(unquoted(bullet[1]!))
  }
  return values.length > 0 ? values : null
}

/** "Use `--no-fix` to switch it off": the other half of a pair may be hidden and only be named in the text of its twin. */
function opposites(text: string, options: readonly OptionSpec[]): OptionSpec[] {
  const known = new Set(options.flatMap(({ names }) => names))
  const named = new Set(text.match(/(?<![\w-])--[a-z][a-z0-9-]*[a-z0-9]/g))
  return [...named]
    .filter(
      name => !known.has(name) && known.has(name.startsWith('--no-') ? `--${name.slice(5)}` : `--no-${name.slice(2)}`),
    )
    .map(name => ({ names: [name], value: null, required: false, repeatable: null }))
}

const unquoted = (text: string) => (/^".*"$/.test(text) ? text.slice(1, -1) : text)

function commandEntries(section: HelpSection): { names: CommandName[]; doubts: string[] } {
  const column = section.lines.find(line => line.text !== '')?.indent
  const names: CommandName[] = []
  const doubts: string[] = []
  for (const entry of entriesOf(section.lines, line => line.indent === column)) {
    const [written = ''] = entry.head.split(/ {2,}/, 1)
    const about = joined(entry.head.slice(written.length), entry.below)
    const [name = '', ...more] = written.split(', ')
    const aliases = [...about.matchAll(/\[alias(?:es)?: ([^[\]]+)\]/g)].flatMap(([, list]) => list!.split(', '))
    if ([name, ...more].every(word => COMMAND_NAME.test(word))) names.push({ name, aliases: [...more, ...aliases] })
    else doubts.push(`a line among the sub-commands is not understood: ${entry.head}`)
  }
  return { names, doubts }
}

const ARGUMENT = /^(?:<([^<>]+)>|\[([^[\]]+)\])(\.\.\.)?/

function argumentEntries(section: HelpSection): ArgumentSpec[] {
  const column = section.lines.find(line => line.text !== '')?.indent
  return entriesOf(section.lines, line => line.indent === column).flatMap(entry => {
    const args: ArgumentSpec[] = []
    let rest = entry.head
    for (;;) {
      const found = ARGUMENT.exec(rest)
      if (found === null) break
      rest = rest.slice(found[0].length).replace(/^ (?=[<[])/, '')
      args.push(argument(found))
    }
    const values = possibleValues(joined(rest, entry.below), entry)
    return args.map(arg => ({ ...arg, values }))
  })
}

function argument([, required, optional, many]: RegExpExecArray): ArgumentSpec {
  const written = (required ?? optional)!
  return {
    name: written.replace(/\.\.\.$/, ''),
    required: required !== undefined,
    many: many !== undefined || written.endsWith('...'),
    values: null,
  }
}

interface Usage {
  readonly args: readonly ArgumentSpec[] | null
  readonly required: ReadonlySet<string>
  readonly groups: readonly OptionGroup[]
  /** Arguments that are one way of several, so that none of them has to be given. */
  readonly loosened: ReadonlySet<string>
  readonly commandNamed: boolean
  readonly commandRequired: boolean
  /** Usage names arguments that no section lists. */
  readonly hidden: boolean
  readonly doubts: readonly string[]
}

function readUsage(
  usages: readonly string[],
  path: readonly string[],
  options: readonly (OptionSpec & { readonly valueCount: number })[],
  hasCommands: boolean,
  listed: readonly string[],
  argumentSection: boolean,
): Usage {
  const nothing = {
    args: null,
    required: new Set<string>(),
    groups: [],
    loosened: new Set<string>(),
    commandNamed: false,
    commandRequired: false,
    hidden: false,
  }
  // One of several ways to call it may be a sub-command; nothing that the other asks for has to be there then.
  const ways = usages.map(usage => wayOf(usage, path))
  const forCommands = ways.filter(way => way?.length === 1 && COMMAND_WORD.test(way[0]!))
  const [way, ...others] = ways.length > 1 && hasCommands ? ways.filter(one => !forCommands.includes(one)) : ways
  if (way === undefined && forCommands.length === 0) return { ...nothing, doubts: ['there is no usage line'] }
  if (way === null) return { ...nothing, doubts: [`the usage line is not understood: ${usages[0]}`] }
  if (others.length > 0) return { ...nothing, doubts: ['there are several usage lines'] }

  const args: ArgumentSpec[] = []
  const required = new Set<string>()
  const groups: OptionGroup[] = []
  const loosened = new Set<string>()
  const doubts: string[] = []
  let clear = true
  let commandNamed = forCommands.length > 0
  let commandRequired = false
  const queue = [...(way ?? [])]
  for (let word = queue.shift(); word !== undefined; word = queue.shift()) {
    if (/^\[(OPTIONS|FLAGS|FLAGS AND OPTIONS)\]$/.test(word) || word === '--' || word === '[--]') continue
    if (COMMAND_WORD.test(word) && !listed.includes(word.replace(/^.|.$/g, '')) && (hasCommands || !argumentSection)) {
      commandNamed = true
      commandRequired ||= word.startsWith('<') && forCommands.length === 0
      continue
    }
    if (word.startsWith('-')) {
      const name = /^[^\s=[<]+/.exec(word)![0].replace(/\.\.\.$/, '')
      const option = options.find(({ names }) => names.includes(name))
      if (option === undefined) doubts.push(`usage names ${name}, which is not listed`)
      else required.add(option.names[0])
      let values = word.includes('=') ? 0 : (option?.valueCount ?? 1)
      while (values-- > 0 && queue[0]?.startsWith('<')) queue.shift()
      continue
    }
    const inner = /^<(.*)>(\.\.\.)?$/.exec(word)?.[1]
    const choices = inner === undefined ? [] : alternatives(inner)
    if (choices.length > 1 && !listed.includes(inner!)) {
      const flags = choices.filter(choice => choice.startsWith('-')).map(choice => /^[^\s=[<]+/.exec(choice)![0])
      const known = flags.map(flag => options.find(({ names }) => names.includes(flag))?.names[0])
      for (const choice of choices) if (!choice.startsWith('-')) loosened.add(choice.replace(/^<|>?(\.\.\.)?$/g, ''))
      if (flags.length === choices.length && !known.includes(undefined)) {
        groups.push({ options: known as string[], required: true })
      } else if (flags.length === 0) clear = false
      continue
    }
    const found = ARGUMENT.exec(word.replace(/^\[-- <(.*)>(\.\.\.)?\]$/, '[$1]$2'))
    if (found !== null && /^\[(ARGS)\]$/.test(word) && listed.length > 0) continue
    if (found === null || found[0].length !== word.replace(/^\[-- <(.*)>(\.\.\.)?\]$/, '[$1]$2').length) clear = false
    else args.push(argument(found))
  }
  const hidden = argumentSection && args.some(arg => !listed.includes(arg.name))
  if (!clear) doubts.push(`the usage line is not understood: ${usages[0]}`)
  if (hidden) doubts.push('usage names arguments that are not listed')
  return {
    args: clear && !hidden ? args : null,
    required,
    groups,
    loosened,
    commandNamed,
    commandRequired,
    hidden,
    doubts,
  }
}

const COMMAND_WORD = /^[<[](?:SUB)?COMMAND[>\]]$/

function wayOf(usage: string, path: readonly string[]): readonly string[] | null {
  const words = synopsisWords(usage)
  if (words === null) return null
  const after = afterPath(words, path)
  if (after !== null) return after
  // A program that calls itself something else in its usage line; its names come first and have no brackets.
  const first = words.findIndex(word => /^[<[(-]/.test(word))
  return first < 0 ? [] : words.slice(first)
}
