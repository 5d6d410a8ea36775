import type { HelpPage } from '../help-page.ts'
import { readHelp } from '../read-help.ts'
import type { ArgumentSpec, OptionSpec } from '../tree.ts'

/**
 * What was read of a page of help, short enough for a table: `--out -o =FILE!` is required, `=?` may lack its value, `==` only
 * takes it with an equals sign, `*` takes many, `+` may be repeated, `-` may not.
 */
export function brief(text: string, ...path: string[]) {
  const page = readHelp(text, path)
  return {
    style: page.style,
    options: page.options.map(option),
    args: page.args?.map(argument).join(' ') ?? null,
    commands: page.commands.map(({ name, aliases }) => [name, ...aliases].join('|')).join(' '),
    ...extras(page),
  }
}

/** Only what is out of the ordinary, so that a table doesn't repeat it. */
function extras(page: HelpPage): {
  aliases?: string
  optionsKnown?: boolean
  commandsKnown?: boolean
  commandRequired?: boolean
  groups?: string[]
  doubts?: readonly string[]
} {
  return {
    ...(page.aliases.length > 0 && { aliases: page.aliases.join(' ') }),
    ...(!page.optionsKnown && { optionsKnown: false }),
    ...(!page.commandsKnown && { commandsKnown: false }),
    ...(page.commandRequired && { commandRequired: true }),
    ...(page.groups.length > 0 && {
      groups: page.groups.map(({ options, required }) => options.join('|') + (required ? '!' : '')),
    }),
    ...(page.doubts.length > 0 && { doubts: page.doubts }),
  }
}

function option({ names, value, required, repeatable }: OptionSpec): string {
  const repeats = repeatable === null ? '' : repeatable ? '+' : '-'
  if (value === null) return `${names.join(' ')} ${repeats}${required ? '!' : ''}`.trim()
  const mark = `${value.attached ? '==' : '='}${value.optional ? '?' : ''}`
  const many = value.many ? '*' : ''
  return `${names.join(' ')} ${mark}${value.name}${many}${enumerated(value.values)}${repeats}${required ? '!' : ''}`
}

function argument({ name, required, many, values }: ArgumentSpec): string {
  const inner = name + enumerated(values)
  return (required ? `<${inner}>` : `[${inner}]`) + (many ? '*' : '')
}

const enumerated = (values: readonly string[] | null) => (values === null ? '' : `{${values.join(',')}}`)
