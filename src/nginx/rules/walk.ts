import type { Configuration, Directive } from '../ast.ts'

export interface Standing {
  readonly directive: Directive
  /** From the outermost in. Empty at the top. */
  readonly parents: readonly Directive[]
}

const walked = new WeakMap<Configuration, ReadonlyMap<string, readonly Standing[]>>()

/** Every directive of these names, those of included files in each place that includes them. */
export function directivesNamed(configuration: Configuration, ...names: readonly string[]): readonly Standing[] {
  // Rules ask by the dozen: walking 10 000 lines anew for each took a third of a check.
  const known = walked.get(configuration) ?? byName(configuration)
  walked.set(configuration, known)
  return names.flatMap(name => known.get(name) ?? [])
}

function byName(configuration: Configuration): ReadonlyMap<string, readonly Standing[]> {
  const all = below(configuration.files[0]?.directives ?? [], [], configuration)
  return Map.groupBy(all, ({ directive }) => directive.name.text)
}

function* below(
  directives: readonly Directive[],
  parents: readonly Directive[],
  configuration: Configuration,
): Generator<Standing> {
  for (const directive of directives) {
    yield { directive, parents }
    for (const file of configuration.included.get(directive) ?? [])
      yield* below(file.directives, parents, configuration)
    if (directive.body.kind === 'block') yield* below(directive.body.directives, [...parents, directive], configuration)
  }
}

/** The directives of a block, those of included files among them. */
export function directivesIn(block: Directive, configuration: Configuration): readonly Directive[] {
  return block.body.kind === 'block' ? inPlace(block.body.directives, configuration) : []
}

function inPlace(directives: readonly Directive[], configuration: Configuration): readonly Directive[] {
  const { included } = configuration
  return directives.flatMap(one => [
    one,
    ...(included.get(one) ?? []).flatMap(file => inPlace(file.directives, configuration)),
  ])
}

export function argTexts({ args }: Directive): readonly string[] {
  return args.map(({ text }) => text)
}
