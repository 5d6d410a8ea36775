import type { Configuration, Directive } from '../ast.ts'
import { argsOf, blockOf, expand, type Scope } from './scope.ts'

/** Variables that a block or a directive defines. Names are without `$`, lower case. */
export interface VariableBlocks {
  readonly maps: ReadonlyMap<string, Directive>
  /** Those that a `set` anywhere gives a value; empty for requests that do not come by. */
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
      const name = argsOf(one)[0]
      if (one.name.text === 'set' && name !== undefined) set.add(nameOf(name))
      if (one.body.kind === 'block' && one.name.text !== 'map') walk(expand(configuration, blockOf(one)))
    }
  }
  walk(http.directives)
  return { maps, set }
}

export function nameOf(variable: string): string {
  return variable.replace(/^\$/, '').toLowerCase()
}
