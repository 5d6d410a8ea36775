import { COMMAND_NAME, type CommandName, type HelpPage } from './help-page.ts'
import {
  entriesOf,
  firstColumn,
  firstParagraph,
  type HelpEntry,
  helpSections,
  joined,
  listEntries,
  listsOptions,
  OPTION_START,
} from './layout.ts'
import { ordered, readOptionHead } from './option-head.ts'
import { afterPath, synopsisWords } from './synopsis.ts'
import type { ArgumentSpec, OptionSpec } from './tree.ts'

/**
 * Help of commander, wrapped or not.
 *
 * It shows one alias of several, and never whether an option or a sub-command has to be given.
 *
 * @param path - names of the sub-commands that lead here, without the program
 */
export function readCommander(text: string, path: readonly string[]): HelpPage {
  const sections = helpSections(text)
  const usage = sections.find(({ title }) => title === 'Usage')!
  const usageText = firstParagraph(usage)
  const takesCommands = /(?:^| )\[command\](?: |$)/.test(usageText)
  const doubts: string[] = []
  const options: OptionSpec[] = []
  const commands: CommandName[] = []
  const values = new Map<string, readonly string[] | null>()
  let optionsKnown = sections.some(listsOptions)
  let commandsKnown = true

  for (const section of sections) {
    if (section.title === '' || section === usage) continue
    if (section.title === 'Arguments') {
      for (const { head, below } of listEntries(section.lines)) {
        const [name = ''] = head.split(/ {2,}/, 1)
        values.set(name, choicesIn(joined(head.slice(name.length), below)))
      }
    } else if (listsOptions(section)) {
      const column = firstColumn(section.lines)
      for (const entry of entriesOf(section.lines, line => line.indent === column && OPTION_START.test(line.text))) {
        const option = readOption(entry)
        if (option !== null) options.push(option)
        else {
          optionsKnown = false
          doubts.push(`the line of an option is not understood: ${entry.head}`)
        }
      }
    } else if (takesCommands && /commands?$/i.test(section.title)) {
      for (const { head } of listEntries(section.lines)) {
        const [name = '', ...aliases] = head.split(/\s/, 1)[0]!.split('|')
        if ([name, ...aliases].every(word => COMMAND_NAME.test(word))) commands.push({ name, aliases })
        else {
          commandsKnown = false
          doubts.push(`a line among the sub-commands is not understood: ${head}`)
        }
      }
    }
  }

  if (takesCommands && !commands.some(({ name }) => name === 'help')) {
    // It lists its own `help` among them; a list without it may have a heading of somebody's own.
    commandsKnown = false
    doubts.push('usage takes a sub-command, and not all of them are listed under a heading that is known')
  }
  const words = synopsisWords(usageText)
  const after = words === null ? null : afterPath(words, path)
  const args = after === null ? null : argumentsOf(after, values)
  if (args === null) doubts.push(`the usage line is not understood: ${usageText}`)
  return {
    style: 'commander',
    aliases: words === null || after === null ? [] : aliasesOf(words, path),
    options,
    optionsKnown,
    args,
    commands,
    commandsKnown,
    commandRequired: false,
    groups: [],
    doubts,
  }
}

function readOption(entry: HelpEntry): OptionSpec | null {
  const head = readOptionHead(entry.head)
  if (head === null) return null
  return {
    names: ordered(head.names),
    value: head.value && { ...head.value, values: choicesIn(joined(head.rest, entry.below)) },
    required: false,
    // The last one counts, or all do.
    repeatable: true,
  }
}

/** `(choices: "a", "b", default: "a")`, each as JSON text. */
function choicesIn(about: string): readonly string[] | null {
  const found = /\(choices: ((?:"(?:[^"\\]|\\.)*"(?:, |(?=[,)])))+)/.exec(about)
  if (found === null) return null
  return [...found[1]!.matchAll(/"(?:[^"\\]|\\.)*"/g)].map(([text]) => text.slice(1, -1).replace(/\\(.)/g, '$1'))
}

function argumentsOf(
  words: readonly string[],
  values: ReadonlyMap<string, readonly string[] | null>,
): readonly ArgumentSpec[] | null {
  const args: ArgumentSpec[] = []
  for (const word of words) {
    if (word === '[options]' || word === '[command]') continue
    const found = /^(?:<([^<>]+?)(\.\.\.)?>|\[([^[\]]+?)(\.\.\.)?\])$/.exec(word)
    if (found === null) return null
    const [, required, requiredMany, optional, optionalMany] = found
    const name = (required ?? optional)!
    const many = (requiredMany ?? optionalMany) !== undefined
    args.push({ name, required: required !== undefined, many, values: values.get(name) ?? null })
  }
  return args
}

/** `run|r` in its own usage line. */
function aliasesOf(words: readonly string[], path: readonly string[]): readonly string[] {
  const own = path.at(-1)
  if (own === undefined) return []
  const word = words.find(one => one.includes('|') && one.split('|').includes(own))
  return word?.split('|').filter(name => name !== own) ?? []
}
