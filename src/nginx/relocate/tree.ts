import type { ConfigFile, Configuration, Directive } from '../ast.ts'
import { expand } from '../expand.ts'

/** The blocks around a directive, outermost first. */
export type Context = readonly Directive[]

/** Blocks that hold directives. Others, as `map` and `types`, hold pairs that may look like some. */
const STRUCTURE = new Set(['http', 'stream', 'mail', 'events', 'server', 'upstream', 'location', 'if', 'limit_except'])

export function holdsDirectives(context: Context): boolean {
  return context.every(({ name }) => STRUCTURE.has(name.text))
}

/** Undefined for what is no `include`. */
export function includedBy(configuration: Configuration, directive: Directive): readonly ConfigFile[] | undefined {
  if (directive.name.text !== 'include' || directive.body.kind !== 'ended') return undefined
  return configuration.included.get(directive) ?? []
}

/** Every directive with its context, across includes; not those of blocks that hold none. */
export function* walk(
  configuration: Configuration,
  directives: readonly Directive[] = configuration.files[0]?.directives ?? [],
  context: Context = [],
): Generator<readonly [Directive, Context]> {
  for (const directive of expand(configuration, directives)) {
    yield [directive, context]
    const inner = [...context, directive]
    if (directive.body.kind === 'block' && holdsDirectives(inner)) {
      yield* walk(configuration, directive.body.directives, inner)
    }
  }
}
