import type { Configuration, Directive } from '../ast.ts'
import { argsOf, blockOf } from '../directive.ts'
import { expand } from '../expand.ts'
import type { Scope } from './scope.ts'

/** Variables that a block or a directive defines. Names are without `$`, lower case. */
export interface VariableBlocks {
  readonly maps: ReadonlyMap<string, Directive>
  /** Those that a `set` or a named group anywhere gives a value; empty for requests that do not come by. */
  readonly set: ReadonlySet<string>
}

export function findVariableBlocks(configuration: Configuration, http: Scope): VariableBlocks {
  const maps = new Map<string, Directive>()
  for (const map of http.byName.get('map') ?? []) {
    const name = argsOf(map)[1]
    if (name !== undefined) maps.set(nameOf(name), map)
  }
  const set = new Set<string>()
  const walk = (directives: readonly Directive[]): void => {
    for (const one of directives) {
      for (const group of namedGroups(one.name.text)) set.add(group)
      for (const { text } of one.args) for (const group of namedGroups(text)) set.add(group)
      const name = one.args[0]?.text
      if (one.name.text === 'set' && name !== undefined) set.add(nameOf(name))
      if (one.body.kind === 'block') walk(expand(configuration, blockOf(one)))
    }
  }
  walk(http.directives)
  return { maps, set }
}

function namedGroups(text: string): string[] {
  if (!text.includes('(?')) return []
  return [...text.matchAll(/\(\?(?:P?<([A-Za-z_]\w*)>|'([A-Za-z_]\w*)')/g)].map(([, name, quoted]) =>
    (name ?? quoted)!.toLowerCase(),
  )
}

export function nameOf(variable: string): string {
  return variable.replace(/^\$/, '').toLowerCase()
}
