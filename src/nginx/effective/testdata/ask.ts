import type { Asked, View } from '../../view.ts'
import { effectiveOf } from './read.ts'

/** What a request gets of one server on port 80. */
export function ask(server: string, path = '/', more: Partial<Asked> = {}): View {
  return askHttp(`server { listen 80; ${server} }`, path, more)
}

/** What a request gets of what stands in `http { … }`. */
export function askHttp(http: string, path = '/', more: Partial<Asked> = {}): View {
  return effectiveOf(`http { ${http} }`).view({ scheme: 'http', host: 'a.test', path, ...more })
}

/** Where it ends, for a table: `proxy http://a`, `return 404`, `files`. */
export function endOf({ action }: View): string {
  switch (action.kind) {
    case 'proxy':
      return `proxy ${action.upstream.scheme}://${action.upstream.name}`
    case 'return':
      return ['return', action.status, action.text].filter(part => part !== undefined).join(' ')
    case 'files':
      return `${action.how} ${action.text}`
    case 'module':
      return action.directive
  }
}
