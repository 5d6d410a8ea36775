import type { Directive } from '../ast.ts'
import type { Scope } from './scope.ts'

const ANSWERING = new Set(
  `content_by_lua content_by_lua_block content_by_lua_file empty_gif fastcgi_pass flv grpc_pass js_content
  memcached_pass mp4 perl proxy_pass scgi_pass stub_status uwsgi_pass`.split(/\s+/),
)

/** The directive of a block that says which module answers; the last one counts. */
export function answersIn({ directives }: Scope): Directive | undefined {
  return directives.findLast(one => ANSWERING.has(one.name.text))
}
