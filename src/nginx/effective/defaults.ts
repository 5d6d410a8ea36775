/**
 * What a directive comes to where nobody writes it, one a line; a name alone has no value by default.
 *
 * @see https://nginx.org/en/docs/dirindex.html, as of 1.22
 */
const TEXT = `
absolute_redirect on
add_header_inherit on
add_trailer_inherit on
aio off
aio_write off
alias
auth_basic off
auth_basic_user_file
auth_delay 0s
auth_request off
autoindex off
autoindex_exact_size on
autoindex_format html
autoindex_localtime off
charset off
chunked_transfer_encoding on
client_body_buffer_size 16k
client_body_in_file_only off
client_body_in_single_buffer off
client_body_temp_path client_body_temp
client_body_timeout 60s
client_header_buffer_size 1k
client_header_timeout 60s
client_max_body_size 1m
connection_pool_size 256|512
create_full_put_path off
daemon on
dav_access user:rw
dav_methods off
default_type text/plain
directio off
directio_alignment 512
disable_symlinks off
etag on
expires off
fastcgi_cache_key
fastcgi_index
fastcgi_keep_conn off
fastcgi_pass
fastcgi_send_lowat 0
fastcgi_temp_path fastcgi_temp
grpc_pass
gunzip off
gunzip_buffers 32 4k|16 8k
gzip off
gzip_buffers 32 4k|16 8k
gzip_comp_level 1
gzip_http_version 1.1
gzip_min_length 20
gzip_proxied off
gzip_static off
gzip_vary off
http2 off
http2_body_preread_size 64k
http2_chunk_size 8k
http2_max_concurrent_streams 128
http2_recv_buffer_size 256k
if_modified_since exact
ignore_invalid_headers on
internal
keepalive_disable msie6
keepalive_requests 1000
keepalive_time 1h
keepalive_timeout 75s
large_client_header_buffers 4 8k
limit_conn_dry_run off
limit_conn_log_level error
limit_conn_status 503
limit_rate 0
limit_rate_after 0
limit_req_dry_run off
limit_req_log_level error
limit_req_status 503
lingering_close on
lingering_time 30s
lingering_timeout 5s
log_not_found on
log_subrequest off
map_hash_bucket_size
map_hash_max_size 2048
master_process on
max_ranges
memcached_pass
merge_slashes on
min_delete_depth 0
mirror_request_body on
msie_padding on
msie_refresh off
open_file_cache off
open_file_cache_errors off
open_file_cache_min_uses 1
open_file_cache_valid 60s
open_log_file_cache off
output_buffers 2 32k
override_charset off
pid logs/nginx.pid
port_in_redirect on
postpone_output 1460
proxy_bind
proxy_buffer_size 4k|8k
proxy_buffering on
proxy_buffers 8 4k|8k
proxy_busy_buffers_size 8k|16k
proxy_cache off
proxy_cache_background_update off
proxy_cache_convert_head on
proxy_cache_key $scheme$proxy_host$request_uri
proxy_cache_lock off
proxy_cache_lock_age 5s
proxy_cache_lock_timeout 5s
proxy_cache_max_range_offset
proxy_cache_methods GET HEAD
proxy_cache_min_uses 1
proxy_cache_revalidate off
proxy_cache_use_stale off
proxy_connect_timeout 60s
proxy_force_ranges off
proxy_headers_hash_bucket_size 64
proxy_headers_hash_max_size 512
proxy_http_version 1.0
proxy_ignore_client_abort off
proxy_ignore_headers
proxy_intercept_errors off
proxy_limit_rate 0
proxy_max_temp_file_size 1024m
proxy_method
proxy_next_upstream error timeout
proxy_next_upstream_timeout 0
proxy_next_upstream_tries 0
proxy_pass
proxy_pass_request_body on
proxy_pass_request_headers on
proxy_read_timeout 60s
proxy_request_buffering on
proxy_send_lowat 0
proxy_send_timeout 60s
proxy_set_body
proxy_socket_keepalive off
proxy_ssl_certificate
proxy_ssl_certificate_key
proxy_ssl_ciphers DEFAULT
proxy_ssl_crl
proxy_ssl_name $proxy_host
proxy_ssl_password_file
proxy_ssl_protocols TLSv1 TLSv1.1 TLSv1.2
proxy_ssl_server_name off
proxy_ssl_session_reuse on
proxy_ssl_trusted_certificate
proxy_ssl_verify off
proxy_ssl_verify_depth 1
proxy_store off
proxy_store_access user:rw
proxy_temp_file_write_size 8k|16k
proxy_temp_path proxy_temp
random_index off
read_ahead 0
real_ip_header X-Real-IP
real_ip_recursive off
recursive_error_pages off
request_pool_size 4k
reset_timedout_connection off
resolver
resolver_timeout 30s
return
rewrite_log off
root html
satisfy all
scgi_cache_key
scgi_pass
scgi_temp_path scgi_temp
secure_link
secure_link_md5
secure_link_secret
send_lowat 0
send_timeout 60s
sendfile off
sendfile_max_chunk 2m
server_name_in_redirect off
server_names_hash_bucket_size
server_names_hash_max_size 512
server_tokens on
slice 0
source_charset
ssi off
ssl off
ssl_buffer_size 16k
ssl_ciphers HIGH:!aNULL:!MD5
ssl_client_certificate
ssl_crl
ssl_dhparam
ssl_early_data off
ssl_ecdh_curve auto
ssl_ocsp off
ssl_ocsp_cache off
ssl_ocsp_responder
ssl_password_file
ssl_prefer_server_ciphers off
ssl_protocols TLSv1 TLSv1.1 TLSv1.2
ssl_reject_handshake off
ssl_session_cache none
ssl_session_tickets on
ssl_session_timeout 5m
ssl_stapling off
ssl_stapling_file
ssl_stapling_responder
ssl_stapling_verify off
ssl_trusted_certificate
ssl_verify_client off
ssl_verify_depth 1
stub_status
sub_filter_last_modified off
sub_filter_once on
subrequest_output_buffer_size 4k|8k
tcp_nodelay on
tcp_nopush off
try_files
types_hash_bucket_size 64
types_hash_max_size 1024
underscores_in_headers off
uninitialized_variable_warn on
user nobody nobody
userid off
uwsgi_cache_key
uwsgi_modifier1 0
uwsgi_modifier2 0
uwsgi_pass
uwsgi_string
uwsgi_temp_path uwsgi_temp
variables_hash_bucket_size 64
variables_hash_max_size 1024
worker_connections 512
worker_processes 1
worker_rlimit_nofile
worker_shutdown_timeout
working_directory
`

/** Modules that pass requests on share most of their settings; what follows the name of the module has one default. */
const ALIKE: readonly (readonly [modules: readonly string[], names: string])[] = [
  [
    ['fastcgi', 'scgi', 'uwsgi'],
    `bind buffer_size buffering buffers busy_buffers_size cache cache_background_update cache_lock cache_lock_age
    cache_lock_timeout cache_max_range_offset cache_methods cache_min_uses cache_revalidate cache_use_stale
    connect_timeout force_ranges ignore_client_abort ignore_headers intercept_errors limit_rate max_temp_file_size
    next_upstream next_upstream_timeout next_upstream_tries pass_request_body pass_request_headers read_timeout
    request_buffering send_timeout socket_keepalive store store_access temp_file_write_size`,
  ],
  [
    ['grpc', 'memcached'],
    `bind buffer_size connect_timeout next_upstream next_upstream_timeout next_upstream_tries read_timeout send_timeout
    socket_keepalive`,
  ],
  [['grpc'], 'ignore_headers intercept_errors'],
  [
    ['grpc', 'uwsgi'],
    `ssl_certificate ssl_certificate_key ssl_ciphers ssl_crl ssl_name ssl_password_file ssl_protocols ssl_server_name
    ssl_session_reuse ssl_trusted_certificate ssl_verify ssl_verify_depth`,
  ],
]

function readDefaults(): ReadonlyMap<string, readonly string[]> {
  const defaults = new Map<string, readonly string[]>()
  for (const line of TEXT.trim().split('\n')) {
    const [name, ...args] = line.split(' ')
    defaults.set(name!, args)
  }
  for (const [modules, names] of ALIKE) {
    for (const name of names.split(/\s+/)) {
      for (const module of modules) defaults.set(`${module}_${name}`, defaults.get(`proxy_${name}`)!)
    }
  }
  return defaults
}

export const DEFAULTS = readDefaults()
