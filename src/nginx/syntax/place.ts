import type { Directive } from '../ast.ts'
import type { Context } from '../directives/table.ts'

/** Where a directive stands, as far as its meaning depends on it. */
export interface Place {
  readonly context: Context
  /** The blocks around it, innermost last. */
  readonly around: readonly Directive[]
}

export interface LocationName {
  readonly modifier: '' | '=' | '^~' | '~' | '~*' | '@'
  readonly path: string
}

/** How `location` reads its arguments: a modifier may touch the path. Undefined for an unknown modifier. */
export function locationName(args: readonly string[]): LocationName | undefined {
  const [first = '', second] = args
  if (second !== undefined) {
    if (first !== '=' && first !== '^~' && first !== '~' && first !== '~*') return undefined
    return { modifier: first, path: second }
  }
  const found = /^(=|\^~|~\*|~|@)?(.*)$/s.exec(first)!
  const modifier = (found[1] ?? '') as LocationName['modifier']
  return { modifier, path: modifier === '@' ? first : found[2]! }
}

/** The innermost location around, if any. */
export function locationAround({ around }: Place): LocationName | undefined {
  const location = around.findLast(({ name }) => name.text === 'location')
  return location === undefined ? undefined : locationName(location.args.map(word => word.text))
}
