import { ARGUMENT, argument } from './clap-argument.ts'
import { type ClapOption, readUsage, usageLines } from './clap-usage.ts'
import { COMMAND_NAME, type CommandName, type HelpPage } from './help-page.ts'
import {
  type HelpEntry,
  type HelpSection,
  helpSections,
  joined,
  listEntries,
  listsOptions,
  optionEntries,
} from './layout.ts'
import { ordered, readOptionHead } from './option-head.ts'
import type { ArgumentSpec, OptionSpec } from './tree.ts'

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

  const options: ClapOption[] = []
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
      for (const entry of optionEntries(section.lines)) {
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

function readOption(entry: HelpEntry, recent: boolean): ClapOption | null {
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
  const names: CommandName[] = []
  const doubts: string[] = []
  for (const entry of listEntries(section.lines)) {
    const [written = ''] = entry.head.split(/ {2,}/, 1)
    const about = joined(entry.head.slice(written.length), entry.below)
    const [name = '', ...more] = written.split(', ')
    const aliases = [...about.matchAll(/\[alias(?:es)?: ([^[\]]+)\]/g)].flatMap(([, list]) => list!.split(', '))
    if ([name, ...more].every(word => COMMAND_NAME.test(word))) names.push({ name, aliases: [...more, ...aliases] })
    else doubts.push(`a line among the sub-commands is not understood: ${entry.head}`)
  }
  return { names, doubts }
}

function argumentEntries(section: HelpSection): ArgumentSpec[] {
  return listEntries(section.lines).flatMap(entry => {
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
