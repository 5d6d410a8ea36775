import type { CommandNode, OptionSpec } from '../tree/tree.ts'
import { suggested } from './near.ts'

/** `--output` of `--output=json`. */
export function optionName(text: string): string {
  return text.replace(/=.*$/s, '')
}

export function optionOf(node: CommandNode, name: string): OptionSpec | undefined {
  return node.options.find(({ names }) => names.includes(name))
}

/**
 * What an option of this name is at a command. Several parsers are more generous than their help.
 *
 * @param above - the commands above it, the program first
 */
export function meantOption(node: CommandNode, above: readonly CommandNode[], name: string): OptionSpec | undefined {
  const exact = optionOf(node, name)
  if (exact !== undefined) return exact
  if (node.style === 'commander')
    for (const one of above.toReversed()) {
      const spec = optionOf(one, name)
      if (spec !== undefined) return spec
    }
  if (node.style === 'argparse' && /^--\w/.test(name)) {
    const meant = node.options.filter(({ names }) => names.some(one => one.startsWith(name)))
    if (meant.length === 1) return meant[0]
  }
  return undefined
}

/** One that was cut short is meant before one that is merely alike. */
export function nearestOption(node: CommandNode, name: string): string | undefined {
  if (!/^--\w/.test(name)) return undefined
  const names = node.options.flatMap(option => option.names).filter(one => one.startsWith('--'))
  const longer = name.length < 5 ? [] : names.filter(one => one.startsWith(name))
  if (longer.length === 1) return longer[0]
  const near = suggested(
    name.slice(2),
    names.map(one => one.slice(2)),
  )
  return near === undefined ? undefined : `--${near}`
}
