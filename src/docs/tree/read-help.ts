import { readArgparse } from './argparse.ts'
import { readClap } from './clap.ts'
import { readCobra } from './cobra.ts'
import { readCommander } from './commander.ts'
import type { HelpPage } from './help-page.ts'
import { type HelpSection, helpSections, listsOptions } from './layout.ts'
import { readOther } from './other.ts'
import type { HelpStyle } from './tree.ts'

/**
 * One level of help. The layout is told from the text; in one that nothing here reads nothing counts as complete, so that
 * nothing is judged by it.
 *
 * @param path - names of the sub-commands that lead here, without the program
 */
export function readHelp(text: string, path: readonly string[]): HelpPage {
  switch (helpStyle(text)) {
    case 'clap':
      return readClap(text, path)
    case 'cobra':
      return readCobra(text, path)
    case 'commander':
      return readCommander(text, path)
    case 'argparse':
      return readArgparse(text, path)
    default:
      return readOther()
  }
}

/** By what only one of them writes: a text that several could have written is nobody's. */
function helpStyle(text: string): HelpStyle {
  const sections = helpSections(text)
  const [usage, ...more] = sections.filter(({ title }) => /^usage$/i.test(title))
  // Two pages in one, as `python3 -m unittest` has them.
  if (usage === undefined || more.length > 0) return 'other'
  const titles = new Set(sections.map(({ title }) => title))
  if (usage.title === 'usage') return isArgparse(sections, text) ? 'argparse' : 'other'
  if (usage.title === 'USAGE') return isOldClap(usage, titles) ? 'clap' : 'other'
  if (isCobra(usage, titles, text)) return 'cobra'
  if (usage.rest === '') return 'other'
  if (/display help for command|\bhelp \[command\]|output usage information/.test(text)) return 'commander'
  // click writes its words in capitals too, and its options without brackets.
  if (/Show this message and exit\./.test(text)) return 'other'
  if (/\[OPTIONS\]|[<[](?:SUB)?COMMAND[\]>]/.test(usage.rest) || /^.*-h, --help {2,}Print help/m.test(text))
    return 'clap'
  return 'other'
}

function isArgparse(sections: readonly HelpSection[], text: string): boolean {
  if (!sections.some(section => listsOptions(section) || section.title === 'positional arguments')) return false
  return /show this help message and exit/.test(text.replace(/\s+/g, ' ')) || /^usage: [^\n]*\[-h\]/m.test(text)
}

/** urfave/cli and others have a heading NAME before it. */
function isOldClap(usage: HelpSection, titles: ReadonlySet<string>): boolean {
  if (usage.rest !== '' || titles.has('NAME') || titles.has('COMMANDS')) return false
  return ['FLAGS', 'OPTIONS', 'SUBCOMMANDS', 'ARGS'].some(title => titles.has(title))
}

function isCobra(usage: HelpSection, titles: ReadonlySet<string>, text: string): boolean {
  // docker sets its usage apart by two spaces, and calls flags options.
  if (/^Usage: {2}\S/m.test(text)) return true
  if (usage.rest !== '') return false
  return titles.has('Flags') || titles.has('Available Commands') || titles.has('Global Flags')
}
