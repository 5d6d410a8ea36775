import type { Piece, Word } from '../command.ts'
import type { Finding } from '../finding.ts'
import type { Place } from '../place.ts'
import type { CommandNode, OptionGroup, OptionSpec } from '../tree/tree.ts'
import { shown } from './near.ts'
import { unknownValue } from './value.ts'

/** An option as it is given in a command. */
export interface Given {
  readonly spec: OptionSpec
  readonly word: Word
  /** Under which of its names. */
  readonly name: string
  /** The pieces of each value, and the word that has them; the option's own word where it is attached. */
  readonly values: { readonly pieces: readonly Piece[]; readonly word: Word }[]
  lacksValue: boolean
}

/** What is wrong with the options that are given, taken together; brackets of a synopsis offer and give nothing. */
export function judgeGiven(given: readonly Given[], node: CommandNode, command: string): Finding[] {
  return [...given.flatMap(wrongValues), ...repeated(given, command), ...exclusive(given, node.groups, command)]
}

function wrongValues({ spec, name, values, word: own }: Given): Finding[] {
  return values.flatMap(({ pieces, word }) => {
    const wrong = unknownValue(pieces, spec.value?.values ?? null)
    if (wrong === undefined) return []
    const { value, expected, near } = wrong
    const attached = word === own && own.source.endsWith(value)
    const at =
      attached && own.at.line === own.at.endLine ? { ...own.at, column: own.at.endColumn - value.length } : word.at
    const replaceable = word !== own || at !== word.at
    return [
      {
        rule: 'flag-value-unknown',
        severity: 'error',
        at,
        message: `${name} takes ${expected}, not \`${shown(value)}\``,
        ...(near === undefined || !replaceable ? {} : { suggestion: near }),
      },
    ]
  })
}

function repeated(given: readonly Given[], command: string): Finding[] {
  const seen = new Set<OptionSpec>()
  return given.flatMap(({ spec, word, name }) => {
    if (word.optional || spec.repeatable !== false) return []
    if (!seen.has(spec)) {
      seen.add(spec)
      return []
    }
    return [
      { rule: 'flag-repeated', severity: 'error', at: word.at, message: `${command} takes ${name} only once` } as const,
    ]
  })
}

function exclusive(given: readonly Given[], groups: readonly OptionGroup[], command: string): Finding[] {
  return groups.flatMap(group => {
    const members = given.filter(({ spec, word }) => !word.optional && group.options.includes(spec.names[0]))
    const first = members[0]
    const second = members.find(({ spec }) => spec !== first?.spec)
    if (first === undefined || second === undefined) return []
    const message = `${command} takes ${first.name} or ${second.name}, not both`
    return [{ rule: 'flags-exclusive', severity: 'error', at: second.word.at, message } as const]
  })
}

/** Options that have to be given and are not. */
export function missingOptions(given: readonly Given[], node: CommandNode, command: string, at: Place): Finding[] {
  const names = new Set<string>(given.map(({ spec }) => spec.names[0]))
  const inGroups = new Set(node.groups.flatMap(({ options }) => options))
  const single = node.options.filter(spec => spec.required && !names.has(spec.names[0]) && !inGroups.has(spec.names[0]))
  const groups = node.groups.filter(group => group.required && !group.options.some(name => names.has(name)))
  const missing = [
    ...single.map(({ names: [name], value }) =>
      value === null ? name : `${name} <${value.values?.join('|') ?? value.name}>`,
    ),
    ...groups.map(({ options }) => `one of ${options.join(', ')}`),
  ]
  return missing.map(what => ({ rule: 'flag-missing', severity: 'error', at, message: `${command} lacks ${what}` }))
}
