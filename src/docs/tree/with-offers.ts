import type { Offer } from './fish-completion.ts'
import { COMMAND_NAME, UNKNOWN_PAGE } from './help-page.ts'
import type { CommandNode, OptionSpec } from './tree.ts'

/**
 * A tree with what its completion script offers and its help hides. Nothing is taken from it that help says otherwise: of a
 * hidden command it is not known what it takes.
 */
export function withOffers(node: CommandNode, offers: readonly Offer[]): CommandNode {
  // It offers the names of all others, which are words to it and no commands of its own.
  if (node.name === 'help') return node
  const here = offers.filter(({ path }) => path.length === 0)
  const options = [...node.options]
  const known = new Set(options.flatMap(({ names }) => names))
  const commands = [...node.commands]
  for (const { option, words } of here) {
    if (option === null) {
      for (const name of words)
        if (COMMAND_NAME.test(name) && !commands.some(isCalled(name))) commands.push(hidden(name))
    } else if (!option.names.some(name => known.has(name))) {
      for (const name of option.names) known.add(name)
      options.push(optionSpec(option, words))
    }
  }
  return { ...node, options, commands: commands.map(child => withOffers(child, below(child, offers))) }
}

const isCalled =
  (word: string) =>
  ({ name, aliases }: CommandNode) =>
    name === word || aliases.includes(word)

function below(child: CommandNode, offers: readonly Offer[]): Offer[] {
  return offers
    .filter(({ path: [first] }) => first !== undefined && isCalled(first)(child))
    .map(offer => ({ ...offer, path: offer.path.slice(1) }))
}

function optionSpec({ names, takesValue }: NonNullable<Offer['option']>, words: readonly string[]): OptionSpec {
  const values = words.length > 0 ? words : null
  return {
    names,
    value: takesValue ? { name: 'VALUE', optional: false, attached: false, many: false, values } : null,
    required: false,
    repeatable: null,
  }
}

function hidden(name: string): CommandNode {
  const { doubts: _, ...unknown } = UNKNOWN_PAGE
  return { ...unknown, name, style: 'completion', commands: [] }
}
