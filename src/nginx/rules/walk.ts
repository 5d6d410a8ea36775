import type { Configuration, Directive } from '../ast.ts'

export interface Standing {
  readonly directive: Directive
  /** From the outermost in. Empty at the top. */
  readonly parents: readonly Directive[]
}

/** Every directive in the order in which nginx reads it, includes in the place of the directive that includes them. */
export function* everyDirective(configuration: Configuration): Generator<Standing> {
  const [main] = configuration.files
  if (main !== undefined) yield* below(main.directives, [], configuration)
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
export function* directivesIn(block: Directive, configuration: Configuration): Generator<Directive> {
  if (block.body.kind !== 'block') return
  for (const { directive, parents } of below(block.body.directives, [], configuration))
    if (parents.length === 0) yield directive
}

export function argTexts({ args }: Directive): readonly string[] {
  return args.map(({ text }) => text)
}
