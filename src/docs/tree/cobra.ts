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
import { ordered } from './option-head.ts'
import { afterPath, synopsisWords } from './synopsis.ts'
import type { ArgumentSpec, OptionSpec } from './tree.ts'

const NO_COMMANDS = new Set(['', 'usage', 'aliases', 'examples', 'example', 'additional help topics'])

/**
 * Help of cobra with the flags of pflag, and of those who only changed its headings (docker).
 *
 * Usage lines are written by hand there: arguments count as known where one is named in brackets or capitals, and else not.
 *
 * @param path - names of the sub-commands that lead here, without the program
 */
export function readCobra(text: string, path: readonly string[]): HelpPage {
  const sections = helpSections(text)
  const doubts: string[] = []
  const options: OptionSpec[] = []
  const commands: CommandName[] = []
  let optionsKnown = sections.some(listsOptions)
  let commandsKnown = true
  let seenUsage = false

  for (const section of sections) {
    const title = section.title.toLowerCase()
    seenUsage ||= title === 'usage'
    if (NO_COMMANDS.has(title) || !seenUsage) continue
    if (listsOptions(section)) {
      for (const entry of optionEntries(section.lines)) {
        const option = readFlag(entry)
        if (option !== null) options.push(option)
        else {
          optionsKnown = false
          doubts.push(`the line of a flag is not understood: ${entry.head}`)
        }
      }
      continue
    }
    const listed = commandsIn(section)
    if (listed !== null) commands.push(...listed)
    else if (/commands?$/.test(title)) {
      commandsKnown = false
      doubts.push(`the list of sub-commands is not understood: ${section.title}`)
    }
  }

  const usages = usageLines(sections)
  const runs = usages.filter(line => !/\s(?:\[command\]|COMMAND)$/.test(line))
  const takesCommands = runs.length < usages.length
  if (takesCommands && commands.length === 0) {
    commandsKnown = false
    doubts.push('usage takes a sub-command, and none is listed')
  }
  const [run, ...others] = runs
  if (others.length > 0) doubts.push('there are several usage lines')
  const words = run === undefined ? [] : synopsisWords(run)
  const after = run === undefined ? [] : words && afterPath(words, path)
  return {
    style: 'cobra',
    aliases: aliasesIn(sections, path),
    options,
    optionsKnown,
    args: others.length > 0 || after === null || usages.length === 0 ? null : argumentsOf(after, run === undefined),
    commands,
    commandsKnown,
    commandRequired: takesCommands && run === undefined,
    groups: [],
    doubts,
  }
}

function usageLines(sections: readonly HelpSection[]): string[] {
  const usage = sections.find(({ title }) => title.toLowerCase() === 'usage')
  if (usage === undefined) return []
  return [usage.rest, ...usage.lines.map(line => line.text)].filter(text => text !== '')
}

/** `-o, --output string[="json"]   what it is`: at least two spaces before the description. */
function readFlag(entry: HelpEntry): OptionSpec | null {
  const [head = ''] = entry.head.split(/ {2,}/, 1)
  const found = /^((?:-[^\s,=[-], )?--[^\s,=[]+|-[^\s,=[-])(?: ([^\s[][^[]*?))?(\[=[^\]]*\])?$/.exec(head)
  if (found === null) return null
  const [, names, type = 'bool', without] = found
  // A switch takes `=false`, and what counts a number; neither takes the next word.
  const optional = without !== undefined || type === 'bool' || type === 'count'
  return {
    names: ordered(names!.split(', ')),
    value: { name: type, optional, attached: optional, many: false, values: null },
    required: false,
    // The last one counts, or all do.
    repeatable: true,
  }
}

/** Every line names a command and sets its description apart; an example does not. */
function commandsIn(section: HelpSection): CommandName[] | null {
  const names: CommandName[] = []
  for (const { head } of listEntries(section.lines)) {
    const [written = ''] = head.split(/ {2,}/, 1)
    // docker marks those that come from plugins.
    const name = written.replace(/\*$/, '')
    if (!COMMAND_NAME.test(name)) return null
    names.push({ name, aliases: [] })
  }
  return names.length > 0 ? names : null
}

/** The line has the name as well; docker writes whole command lines there, which are no aliases of the last word. */
function aliasesIn(sections: readonly HelpSection[], path: readonly string[]): readonly string[] {
  const section = sections.find(({ title }) => title === 'Aliases')
  const names = section === undefined ? [] : joined(section.lines).split(/, */)
  return names.filter(name => COMMAND_NAME.test(name) && name !== path.at(-1))
}

const ARGUMENT = /^(?:<([\w.:/-]+)>|\[<?([\w.:/-]+?)>?( ?\.\.\.)?\]|([A-Z][A-Z0-9_-]*))(\.\.\.)?$/

/** Null where nothing is named: what takes arguments and what takes none look the same then. */
function argumentsOf(words: readonly string[], onlyCommands: boolean): readonly ArgumentSpec[] | null {
  if (onlyCommands) return []
  const args: ArgumentSpec[] = []
  for (const word of words) {
    if (/^\[(?:flags|options)\]$/i.test(word) || word === '--' || word === '[--]') continue
    if (word === '...' && args.length > 0) {
      args.push({ ...args.pop()!, many: true })
      continue
    }
    const found = ARGUMENT.exec(word)
    if (found === null) return null
    const [, required, optional, inner, capitals, many] = found
    const name = (required ?? optional ?? capitals)!
    const before = args.at(-1)
    // `CONTAINER [CONTAINER...]`: one or more of them.
    if (before?.name === name && optional !== undefined && (inner ?? many) !== undefined) {
      args.push({ ...args.pop()!, many: true })
      continue
    }
    args.push({
      name,
      required: optional === undefined,
      many: (inner ?? many) !== undefined || /^arg(?:ument)?s$/i.test(name),
      values: null,
    })
  }
  return args.length > 0 ? args : null
}
