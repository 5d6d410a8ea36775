import { ARGUMENT, argument } from './clap-argument.ts'
import type { HelpSection } from './layout.ts'
import { afterPath, alternatives, synopsisWords } from './synopsis.ts'
import type { ArgumentSpec, OptionGroup, OptionSpec } from './tree.ts'

/** An option, and how many words of a usage line its values are. */
export type ClapOption = OptionSpec & { readonly valueCount: number }

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

/**
 * Reads what clap's usage line says: which options and arguments have to be given, and whether a sub-command has to follow.
 *
 * @param listed - names of the arguments that have a section
 */
export function readUsage(
  usages: readonly string[],
  path: readonly string[],
  options: readonly ClapOption[],
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
  // What one way to call it asks for, another may do without.
  if (others.length > 0) return { ...nothing, loosened: new Set(listed), doubts: ['there are several usage lines'] }

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
    if (OPTIONS_WORD.test(word) || word === '--' || word === '[--]') continue
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

const OPTIONS_WORD = /^\[(?:OPTIONS|FLAGS|FLAGS AND OPTIONS)\]$/
const COMMAND_WORD = /^[<[](?:SUB)?COMMAND[>\]]$/

function wayOf(usage: string, path: readonly string[]): readonly string[] | null {
  const words = synopsisWords(usage)
  if (words === null) return null
  // A program may call itself something else there, or by two words: `cargo clippy`. What is meant has brackets or capitals.
  const after = afterPath(words, path) ?? words.slice(1)
  const first = after.findIndex(word => !/^[a-z][\w.:+-]*$/.test(word))
  const rest = first < 0 ? [] : after.slice(first)
  // What was left out may as well have been an argument.
  const vague = rest.length < after.length && rest.every(word => OPTIONS_WORD.test(word))
  return vague ? null : rest
}

/** One string for each way to call it. */
export function usageLines(sections: readonly HelpSection[]): string[] {
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
