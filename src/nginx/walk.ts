import type { Configuration, Directive } from './ast.ts'
import { blockOf } from './directive.ts'
import { expand } from './expand.ts'

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
  for (const directive of expand(configuration, directives)) {
    yield { directive, parents }
    if (directive.body.kind === 'block') yield* below(directive.body.directives, [...parents, directive], configuration)
  }
}

/** The directives of a block, those of included files among them. */
export function directivesIn(block: Directive, configuration: Configuration): readonly Directive[] {
  return expand(configuration, blockOf(block))
}
