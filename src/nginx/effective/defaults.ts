/**
 * What a directive comes to where nobody writes it, one a line; a name alone has no value by default.
 *
 * @see https://nginx.org/en/docs/dirindex.html, as of 1.22
 */
const TEXT = `
absolute_redirect on
alias
auth_basic off
auth_basic_user_file
auth_request off
autoindex off
autoindex_exact_size on
chunked_transfer_encoding on
client_body_buffer_size 16k
client_body_temp_path client_body_temp
client_body_timeout 60s
client_header_buffer_size 1k
client_header_timeout 60s
client_max_body_size 1m
daemon on
default_type text/plain
etag on
expires off
fastcgi_buffering on
fastcgi_cache off
fastcgi_ignore_headers
fastcgi_intercept_errors off
fastcgi_pass
fastcgi_read_timeout 60s
fastcgi_request_buffering on
fastcgi_send_timeout 60s
grpc_connect_timeout 60s
grpc_intercept_errors off
grpc_pass
grpc_read_timeout 60s
grpc_send_timeout 60s
grpc_ssl_name $proxy_host
grpc_ssl_protocols TLSv1 TLSv1.1 TLSv1.2
grpc_ssl_server_name off
grpc_ssl_trusted_certificate
grpc_ssl_verify off
grpc_ssl_verify_depth 1
gunzip off
gzip off
gzip_comp_level 1
gzip_http_version 1.1
gzip_min_length 20
gzip_proxied off
gzip_static off
gzip_vary off
http2_chunk_size 8k
http2_max_concurrent_streams 128
if_modified_since exact
ignore_invalid_headers on
internal
keepalive_disable msie6
keepalive_requests 1000
keepalive_time 1h
keepalive_timeout 75s
large_client_header_buffers 4 8k
limit_conn_status 503
limit_rate 0
limit_rate_after 0
limit_req_status 503
lingering_close on
lingering_time 30s
lingering_timeout 5s
log_not_found on
log_subrequest off
map_hash_bucket_size
map_hash_max_size 2048
max_ranges
memcached_pass
merge_slashes on
msie_refresh off
open_file_cache off
output_buffers 2 32k
pid logs/nginx.pid
port_in_redirect on
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
proxy_temp_path proxy_temp
real_ip_header X-Real-IP
real_ip_recursive off
recursive_error_pages off
request_pool_size 4k
reset_timedout_connection off
resolver
resolver_timeout 30s
return
root html
satisfy all
scgi_buffering on
scgi_cache off
scgi_ignore_headers
scgi_pass
scgi_read_timeout 60s
scgi_request_buffering on
scgi_send_timeout 60s
send_timeout 60s
sendfile off
server_name_in_redirect off
server_names_hash_bucket_size
server_names_hash_max_size 512
server_tokens on
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
ssl_password_file
ssl_prefer_server_ciphers off
ssl_protocols TLSv1 TLSv1.1 TLSv1.2
ssl_reject_handshake off
ssl_session_cache none
ssl_session_tickets on
ssl_session_timeout 5m
ssl_stapling off
ssl_stapling_file
ssl_stapling_verify off
ssl_trusted_certificate
ssl_verify_client off
ssl_verify_depth 1
stub_status
sub_filter_once on
tcp_nodelay on
tcp_nopush off
try_files
types_hash_max_size 1024
underscores_in_headers off
user nobody nobody
uwsgi_buffering on
uwsgi_cache off
uwsgi_ignore_headers
uwsgi_pass
uwsgi_read_timeout 60s
uwsgi_request_buffering on
uwsgi_send_timeout 60s
variables_hash_bucket_size 64
variables_hash_max_size 1024
worker_connections 512
worker_processes 1
`

export const DEFAULTS: ReadonlyMap<string, readonly string[]> = new Map(
  TEXT.trim()
    .split('\n')
    .map(line => line.split(' '))
    .map(([name, ...args]) => [name!, args]),
)
