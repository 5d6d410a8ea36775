/** Directives that add up within a level; a level with any of them has none of those outside. */
const LISTS = new Set(
  `access_log add_header add_trailer allow auth_request_set charset_types deny env error_log error_page
  fastcgi_cache_bypass fastcgi_cache_valid fastcgi_hide_header fastcgi_no_cache fastcgi_param fastcgi_pass_header
  grpc_hide_header grpc_pass_header grpc_set_header grpc_ssl_conf_command gzip_types if include index limit_conn
  limit_conn_zone limit_req limit_req_zone listen load_module location log_format map mirror proxy_cache_bypass
  proxy_cache_path proxy_cache_valid proxy_cookie_domain proxy_cookie_flags proxy_cookie_path proxy_hide_header
  proxy_no_cache proxy_pass_header proxy_redirect proxy_set_header proxy_ssl_conf_command rewrite scgi_hide_header
  scgi_param scgi_pass_header server server_name set set_real_ip_from ssi_types ssl_certificate ssl_certificate_key
  ssl_conf_command ssl_session_ticket_key sub_filter sub_filter_types upstream uwsgi_hide_header uwsgi_param
  uwsgi_pass_header`.split(/\s+/),
)

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

export function isOwn(name: string): boolean {
  return OWN.has(name)
}

export function companions(name: string): readonly string[] {
  return TOGETHER.find(names => names.includes(name)) ?? [name]
}
