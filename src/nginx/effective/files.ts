import { argsOf } from '../directive.ts'
import type { Action } from '../view.ts'
import type { Scope } from './scope.ts'

/** Files below the `root` or `alias` in effect: the innermost of both. */
export function filesOf(scope: Scope): Extract<Action, { kind: 'files' }> {
  for (let at: Scope | undefined = scope; at !== undefined; at = at.outer) {
    const directive = at.byName.get('alias')?.at(-1) ?? at.byName.get('root')?.at(-1)
    if (directive === undefined) continue
    const how = directive.name.text === 'alias' ? 'alias' : 'root'
    return { kind: 'files', how, text: argsOf(directive)[0] ?? '', at: directive.name.at }
  }
  return { kind: 'files', how: 'root', text: 'html' }
}
