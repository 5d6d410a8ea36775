import type { ConfigFile, Directive } from '../../ast.ts'
import { parseConfig } from '../../parse.ts'
import type { Effective } from '../../view.ts'
import { effective } from '../effective.ts'

/** The view of a configuration without includes. */
export function effectiveOf(text: string): Effective {
  return effective({
    files: [parseConfig('nginx.conf', Buffer.from(text))],
    included: new Map<Directive, ConfigFile[]>(),
  })
}
