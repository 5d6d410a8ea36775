import { type Context, DIRECTIVES, type ValueKind } from '../directives/table.ts'

const OF_HTTP: ReadonlySet<Context> = new Set(['main', 'http', 'server', 'location', 'upstream'])

/** Written more than once in a block they do not add up: the last one, or any, is meant. */
const NO_LISTS = new Set(
  `break empty_gif flv hash http2_idle_timeout http2_max_field_size http2_max_header_size http2_max_requests
  http2_recv_timeout image_filter image_filter_jpeg_quality image_filter_sharpen image_filter_webp_quality ip_hash
  least_conn mp4 perl random return ssl_session_cache stub_status zone`.split(/\s+/),
)

function namesOfKind(wanted: ValueKind): Set<string> {
  const names = new Set<string>()
  for (const [name, syntaxes] of DIRECTIVES) {
    for (const { kind, contexts } of syntaxes) {
      if (kind === wanted && (contexts === 'everywhere' || !contexts.isDisjointFrom(OF_HTTP))) names.add(name)
    }
  }
  return names
}

/** Directives that add up within a level; a level with any of them has none of those outside. */
const LISTS = namesOfKind('list').difference(NO_LISTS)

/** Directives with words that add up within a level, as one value. */
const WORDS = namesOfKind('any-of')

/** Directives that mean their own block and nothing within it. */
const OWN = new Set(
  `alias empty_gif fastcgi_pass flv grpc_pass if limit_except listen location memcached_pass mp4 perl proxy_pass return
  rewrite scgi_pass server_name set stub_status try_files upstream uwsgi_pass js_content content_by_lua
  content_by_lua_block content_by_lua_file`.split(/\s+/),
)

/** Kept in one list by nginx: a level with one of them inherits none of the others. */
const TOGETHER: readonly (readonly string[])[] = [['allow', 'deny']]

export function isList(name: string): boolean {
  return LISTS.has(name)
}

export function addsUpWords(name: string): boolean {
  return WORDS.has(name)
}

export function isOwn(name: string): boolean {
  return OWN.has(name)
}

export function companions(name: string): readonly string[] {
  return TOGETHER.find(names => names.includes(name)) ?? [name]
}
