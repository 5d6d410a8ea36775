import fc from 'fast-check'

/** A command line as its author would declare it. */
export interface ProgramSpec {
  readonly name: string
  readonly aliases: readonly string[]
  readonly about: string
  readonly options: readonly SpecOption[]
  readonly args: readonly SpecArgument[]
  readonly commands: readonly ProgramSpec[]
}

export interface SpecOption {
  readonly short: string | null
  readonly long: string
  readonly kind: 'switch' | 'value' | 'many' | 'maybe'
  readonly values: readonly string[] | null
  readonly required: boolean
  readonly about: string
}

export interface SpecArgument {
  readonly name: string
  readonly required: boolean
  readonly many: boolean
  readonly about: string
}

/** Words that a careless reader would take for something else. `Usage:` alone, where a line is wrapped before it, is a heading to any. */
const ABOUT = fc
  .array(
    fc.constantFrom(
      'stores',
      'it',
      '--like',
      'an',
      '-o',
      'note:',
      '[sic]',
      '(twice)',
      '<x>',
      '"Usage:',
      'a,b',
      '...',
      'naïve',
      '🦀',
    ),
    { minLength: 1, maxLength: 25 },
  )
  // A description is a sentence, so it does not begin like an option.
  .map(words => `Says ${words.join(' ')}`)

const NAME = fc.stringMatching(/^[a-z][a-z0-9]{1,6}(?:-[a-z0-9]{2,6}){0,2}$/).filter(name => name !== 'help')
const VALUES = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,6}$/), { minLength: 1, maxLength: 12 })
const unique = <Item>(item: fc.Arbitrary<Item>, key: (item: Item) => string, most: number) =>
  fc.uniqueArray(item, { maxLength: most, selector: key })

const OPTION: fc.Arbitrary<SpecOption> = fc
  .record({
    short: fc.option(fc.constantFrom(...'abcdefgijklmnopqrstuwxyz').map(letter => `-${letter}`)),
    long: NAME.filter(name => !/^(?:no-|version)/.test(name)).map(name => `--${name}`),
    kind: fc.constantFrom('switch', 'value', 'many', 'maybe'),
    values: fc.option(VALUES),
    required: fc.boolean(),
    about: ABOUT,
  })
  .map(option => ({ ...option, required: option.required && option.kind === 'value' }))

const OPTIONS = unique(OPTION, ({ long }) => long, 5).map(options => {
  const taken = new Set<string>()
  return options.map(option => {
    const free = option.short !== null && !taken.has(option.short)
    if (free) taken.add(option.short!)
    return free ? option : { ...option, short: null }
  })
})

const ARGUMENTS = unique(NAME, name => name, 3).chain(names =>
  fc
    .tuple(fc.nat(names.length), fc.boolean(), ABOUT)
    .map(([needed, many, about]) =>
      names.map((name, at) => ({ name, about, required: at < needed, many: many && at === names.length - 1 })),
    ),
)

/** Up to three levels; what has sub-commands takes no arguments of its own. */
export const PROGRAM: fc.Arbitrary<ProgramSpec> = program(2)

function program(levels: number): fc.Arbitrary<ProgramSpec> {
  const commands: fc.Arbitrary<ProgramSpec[]> =
    levels === 0 ? fc.constant([]) : fc.array(program(levels - 1), { maxLength: 3 })
  return fc
    .record({
      name: NAME,
      aliases: fc.array(NAME, { maxLength: 1 }),
      about: ABOUT,
      options: OPTIONS,
      args: ARGUMENTS,
      commands,
    })
    .map(spec => {
      const taken = new Set<string>()
      const free = (name: string) => !taken.has(name) && taken.add(name) !== undefined
      const siblings = spec.commands
        .filter(({ name }) => free(name))
        .map(child => ({ ...child, aliases: child.aliases.filter(free) }))
      return { ...spec, commands: siblings, args: siblings.length > 0 ? [] : spec.args }
    })
}
