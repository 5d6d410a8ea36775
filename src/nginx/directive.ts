import type { Directive } from './ast.ts'

/** What stands between the braces; nothing for a directive without a block, or with one in another language. */
export function blockOf(directive: Directive): readonly Directive[] {
  return directive.body.kind === 'block' ? directive.body.directives : []
}

export function argsOf(directive: Directive): readonly string[] {
  return directive.args.map(word => word.text)
}
