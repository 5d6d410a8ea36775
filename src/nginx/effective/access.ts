import type { Directive } from '../ast.ts'
import { argsOf } from '../directive.ts'
import { placeOf } from '../invalid.ts'
import { companions } from './inheritance.ts'
import type { Running } from './running.ts'
import { type Scope, settingIn } from './scope.ts'

/**
 * The rule that refuses every client, if one does. Rules that look at the address of the client count as letting it in, as
 * do the ones that ask who it is; that is told.
 */
export function refusedBy(running: Running): Directive | undefined {
  const rules = rulesIn(running.scope)
  const [first] = rules
  const asks = ['auth_basic', 'auth_request'].filter(name => settingIn(running.scope, name).args[0] !== 'off')
  for (const name of asks) {
    const { at } = settingIn(running.scope, name)
    running.unsure(`taken that ${name} lets the request in${at === undefined ? '' : ` (${placeOf(at)})`}`)
  }
  if (first === undefined) return undefined
  if (argsOf(first)[0] === 'all') {
    const anyWay = asks.length > 0 && settingIn(running.scope, 'satisfy').args[0] === 'any'
    return first.name.text === 'deny' && !anyWay ? first : undefined
  }
  running.unsure(`taken that the address of the client is let in (${placeOf(first.name.at)})`)
  return undefined
}

/** `allow` and `deny` of the innermost level that has one of them, in their order. */
function rulesIn(scope: Scope): readonly Directive[] {
  const names = companions('allow')
  for (let at: Scope | undefined = scope; at !== undefined; at = at.outer) {
    const rules = at.directives.filter(one => names.includes(one.name.text))
    if (rules.length > 0) return rules
  }
  return []
}
