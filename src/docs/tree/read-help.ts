import { readClap } from './clap.ts'
import type { HelpPage } from './help-page.ts'
import { helpSections } from './layout.ts'
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
    default:
      return readOther(text)
  }
}

function helpStyle(text: string): HelpStyle {
  const sections = helpSections(text)
  const titles = new Set(sections.map(({ title }) => title))
  const usage = sections.find(({ title }) => title.toLowerCase() === 'usage')
  if (usage === undefined) return 'other'
  const line = usage.rest
  if (
    usage.title === 'Usage' &&
    line !== '' &&
    (/(?:\[OPTIONS\]|<COMMAND>|\[COMMAND\])/.test(line) || titles.has('Options'))
  )
    return 'clap'
  return 'other'
}
