import type { Directive, Position } from '../ast.ts'
import { argsOf } from '../directive.ts'
import type { Scope } from './scope.ts'

export interface ErrorPage {
  /** A path, `@name` or URL, with variables. */
  readonly target: string
  /** The status that is answered then; undefined: that of the target. */
  readonly status: number | undefined
  readonly directive: Directive
  readonly at: Position
}

/** The `error_page` for a status, of the innermost level that has any at all. */
export function errorPageFor(scope: Scope, status: number): ErrorPage | undefined {
  for (let at: Scope | undefined = scope; at !== undefined; at = at.outer) {
    const pages = at.byName.get('error_page')
    if (pages === undefined) continue
    for (const directive of pages) {
      const args = argsOf(directive)
      const target = args.at(-1) ?? ''
      const before = args.slice(0, -1)
      const instead = before.at(-1)?.startsWith('=') ? before.pop()!.slice(1) : undefined
      if (!before.includes(String(status))) continue
      const fixed = instead === undefined ? status : Number(instead)
      return { target, status: instead === '' ? undefined : fixed, directive, at: directive.name.at }
    }
    return undefined
  }
  return undefined
}
