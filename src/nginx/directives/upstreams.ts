/** Of the modules that pass requests on. See `table.ts` for how a line is read. */
export const UPSTREAMS = `
# ngx_http_proxy_module
proxy_bind http,server,location 1-2 text
proxy_buffer_size http,server,location 1 size
proxy_buffering http,server,location 1 flag
proxy_buffers http,server,location 2 buffers
proxy_busy_buffers_size http,server,location 1 size
proxy_cache http,server,location 1 text
proxy_cache_background_update http,server,location 1 flag
proxy_cache_bypass http,server,location 1+ list
proxy_cache_convert_head http,server,location 1 flag
proxy_cache_key http,server,location 1 text
proxy_cache_lock http,server,location 1 flag
proxy_cache_lock_age http,server,location 1 time
proxy_cache_lock_timeout http,server,location 1 time
proxy_cache_max_range_offset http,server,location 1 offset
proxy_cache_methods http,server,location 1+ any-of GET HEAD POST
proxy_cache_min_uses http,server,location 1 number
proxy_cache_path http 2+ list
proxy_cache_revalidate http,server,location 1 flag
proxy_cache_use_stale http,server,location 1+ any-of error timeout invalid_header non_idempotent http_500 http_502 http_503 http_504 http_403 http_404 http_429 updating off
proxy_cache_valid http,server,location 1+ list
proxy_connect_timeout http,server,location 1 time
proxy_cookie_domain http,server,location 1-2 list
proxy_cookie_flags http,server,location 1-4 list
proxy_cookie_path http,server,location 1-2 list
proxy_force_ranges http,server,location 1 flag
proxy_headers_hash_bucket_size http,server,location 1 number
proxy_headers_hash_max_size http,server,location 1 number
proxy_hide_header http,server,location 1 list
proxy_http_version http,server,location 1 one-of 1.0 1.1
proxy_ignore_client_abort http,server,location 1 flag
proxy_ignore_headers http,server,location 1+ any-of X-Accel-Redirect X-Accel-Expires X-Accel-Limit-Rate X-Accel-Buffering X-Accel-Charset Expires Cache-Control Set-Cookie Vary
proxy_intercept_errors http,server,location 1 flag
proxy_limit_rate http,server,location 1 size
proxy_max_temp_file_size http,server,location 1 size
proxy_method http,server,location 1 text
proxy_next_upstream http,server,location 1+ any-of error timeout invalid_header non_idempotent http_500 http_502 http_503 http_504 http_403 http_404 http_429 updating off
proxy_next_upstream_timeout http,server,location 1 time
proxy_next_upstream_tries http,server,location 1 number
proxy_no_cache http,server,location 1+ list
proxy_pass location,location-if,limit_except 1 text
proxy_pass_header http,server,location 1 list
proxy_pass_request_body http,server,location 1 flag
proxy_pass_request_headers http,server,location 1 flag
proxy_read_timeout http,server,location 1 time
proxy_redirect http,server,location 1-2 list
proxy_request_buffering http,server,location 1 flag
proxy_send_lowat http,server,location 1 size
proxy_send_timeout http,server,location 1 time
proxy_set_body http,server,location 1 text
proxy_set_header http,server,location 2 list
proxy_socket_keepalive http,server,location 1 flag
proxy_ssl_certificate http,server,location 1 text
proxy_ssl_certificate_key http,server,location 1 text
proxy_ssl_ciphers http,server,location 1 text
proxy_ssl_conf_command http,server,location 2 list
proxy_ssl_crl http,server,location 1 text
proxy_ssl_name http,server,location 1 text
proxy_ssl_password_file http,server,location 1 text
proxy_ssl_protocols http,server,location 1+ any-of SSLv2 SSLv3 TLSv1 TLSv1.1 TLSv1.2 TLSv1.3
proxy_ssl_server_name http,server,location 1 flag
proxy_ssl_session_reuse http,server,location 1 flag
proxy_ssl_trusted_certificate http,server,location 1 text
proxy_ssl_verify http,server,location 1 flag
proxy_ssl_verify_depth http,server,location 1 number
proxy_store http,server,location 1 text
proxy_store_access http,server,location 1-3 access
proxy_temp_file_write_size http,server,location 1 size
proxy_temp_path http,server,location 1-4 text

# ngx_http_fastcgi_module
fastcgi_bind http,server,location 1-2 text
fastcgi_buffer_size http,server,location 1 size
fastcgi_buffering http,server,location 1 flag
fastcgi_buffers http,server,location 2 buffers
fastcgi_busy_buffers_size http,server,location 1 size
fastcgi_cache http,server,location 1 text
fastcgi_cache_background_update http,server,location 1 flag
fastcgi_cache_bypass http,server,location 1+ list
fastcgi_cache_key http,server,location 1 text
fastcgi_cache_lock http,server,location 1 flag
fastcgi_cache_lock_age http,server,location 1 time
fastcgi_cache_lock_timeout http,server,location 1 time
fastcgi_cache_max_range_offset http,server,location 1 offset
fastcgi_cache_methods http,server,location 1+ any-of GET HEAD POST
fastcgi_cache_min_uses http,server,location 1 number
fastcgi_cache_path http 2+ list
fastcgi_cache_revalidate http,server,location 1 flag
fastcgi_cache_use_stale http,server,location 1+ any-of error timeout invalid_header non_idempotent http_500 http_503 http_403 http_404 http_429 updating off
fastcgi_cache_valid http,server,location 1+ list
fastcgi_catch_stderr http,server,location 1 list
fastcgi_connect_timeout http,server,location 1 time
fastcgi_force_ranges http,server,location 1 flag
fastcgi_hide_header http,server,location 1 list
fastcgi_ignore_client_abort http,server,location 1 flag
fastcgi_ignore_headers http,server,location 1+ any-of X-Accel-Redirect X-Accel-Expires X-Accel-Limit-Rate X-Accel-Buffering X-Accel-Charset Expires Cache-Control Set-Cookie Vary
fastcgi_index http,server,location 1 text
fastcgi_intercept_errors http,server,location 1 flag
fastcgi_keep_conn http,server,location 1 flag
fastcgi_limit_rate http,server,location 1 size
fastcgi_max_temp_file_size http,server,location 1 size
fastcgi_next_upstream http,server,location 1+ any-of error timeout invalid_header non_idempotent http_500 http_503 http_403 http_404 http_429 updating off
fastcgi_next_upstream_timeout http,server,location 1 time
fastcgi_next_upstream_tries http,server,location 1 number
fastcgi_no_cache http,server,location 1+ list
fastcgi_param http,server,location 2-3 list
fastcgi_pass location,location-if 1 text
fastcgi_pass_header http,server,location 1 list
fastcgi_pass_request_body http,server,location 1 flag
fastcgi_pass_request_headers http,server,location 1 flag
fastcgi_read_timeout http,server,location 1 time
fastcgi_request_buffering http,server,location 1 flag
fastcgi_send_lowat http,server,location 1 size
fastcgi_send_timeout http,server,location 1 time
fastcgi_socket_keepalive http,server,location 1 flag
fastcgi_split_path_info http,server,location 1 list
fastcgi_store http,server,location 1 text
fastcgi_store_access http,server,location 1-3 access
fastcgi_temp_file_write_size http,server,location 1 size
fastcgi_temp_path http,server,location 1-4 text

# ngx_http_grpc_module
grpc_bind http,server,location 1-2 text
grpc_buffer_size http,server,location 1 size
grpc_connect_timeout http,server,location 1 time
grpc_hide_header http,server,location 1 list
grpc_ignore_headers http,server,location 1+ any-of X-Accel-Redirect X-Accel-Expires X-Accel-Limit-Rate X-Accel-Buffering X-Accel-Charset Expires Cache-Control Set-Cookie Vary
grpc_intercept_errors http,server,location 1 flag
grpc_next_upstream http,server,location 1+ any-of error timeout invalid_header non_idempotent http_500 http_502 http_503 http_504 http_403 http_404 http_429 off
grpc_next_upstream_timeout http,server,location 1 time
grpc_next_upstream_tries http,server,location 1 number
grpc_pass location,location-if 1 text
grpc_pass_header http,server,location 1 list
grpc_read_timeout http,server,location 1 time
grpc_send_timeout http,server,location 1 time
grpc_set_header http,server,location 2 list
grpc_socket_keepalive http,server,location 1 flag
grpc_ssl_certificate http,server,location 1 text
grpc_ssl_certificate_key http,server,location 1 text
grpc_ssl_ciphers http,server,location 1 text
grpc_ssl_conf_command http,server,location 2 list
grpc_ssl_crl http,server,location 1 text
grpc_ssl_name http,server,location 1 text
grpc_ssl_password_file http,server,location 1 text
grpc_ssl_protocols http,server,location 1+ any-of SSLv2 SSLv3 TLSv1 TLSv1.1 TLSv1.2 TLSv1.3
grpc_ssl_server_name http,server,location 1 flag
grpc_ssl_session_reuse http,server,location 1 flag
grpc_ssl_trusted_certificate http,server,location 1 text
grpc_ssl_verify http,server,location 1 flag
grpc_ssl_verify_depth http,server,location 1 number

# ngx_http_memcached_module
memcached_bind http,server,location 1-2 text
memcached_buffer_size http,server,location 1 size
memcached_connect_timeout http,server,location 1 time
memcached_gzip_flag http,server,location 1 number
memcached_next_upstream http,server,location 1+ any-of error timeout invalid_response not_found off
memcached_next_upstream_timeout http,server,location 1 time
memcached_next_upstream_tries http,server,location 1 number
memcached_pass location,location-if 1 text
memcached_read_timeout http,server,location 1 time
memcached_send_timeout http,server,location 1 time
memcached_socket_keepalive http,server,location 1 flag

# ngx_http_scgi_module
scgi_bind http,server,location 1-2 text
scgi_buffer_size http,server,location 1 size
scgi_buffering http,server,location 1 flag
scgi_buffers http,server,location 2 buffers
scgi_busy_buffers_size http,server,location 1 size
scgi_cache http,server,location 1 text
scgi_cache_background_update http,server,location 1 flag
scgi_cache_bypass http,server,location 1+ list
scgi_cache_key http,server,location 1 text
scgi_cache_lock http,server,location 1 flag
scgi_cache_lock_age http,server,location 1 time
scgi_cache_lock_timeout http,server,location 1 time
scgi_cache_max_range_offset http,server,location 1 offset
scgi_cache_methods http,server,location 1+ any-of GET HEAD POST
scgi_cache_min_uses http,server,location 1 number
scgi_cache_path http 2+ list
scgi_cache_revalidate http,server,location 1 flag
scgi_cache_use_stale http,server,location 1+ any-of error timeout invalid_header non_idempotent http_500 http_503 http_403 http_404 http_429 updating off
scgi_cache_valid http,server,location 1+ list
scgi_connect_timeout http,server,location 1 time
scgi_force_ranges http,server,location 1 flag
scgi_hide_header http,server,location 1 list
scgi_ignore_client_abort http,server,location 1 flag
scgi_ignore_headers http,server,location 1+ any-of X-Accel-Redirect X-Accel-Expires X-Accel-Limit-Rate X-Accel-Buffering X-Accel-Charset Expires Cache-Control Set-Cookie Vary
scgi_intercept_errors http,server,location 1 flag
scgi_limit_rate http,server,location 1 size
scgi_max_temp_file_size http,server,location 1 size
scgi_next_upstream http,server,location 1+ any-of error timeout invalid_header non_idempotent http_500 http_503 http_403 http_404 http_429 updating off
scgi_next_upstream_timeout http,server,location 1 time
scgi_next_upstream_tries http,server,location 1 number
scgi_no_cache http,server,location 1+ list
scgi_param http,server,location 2-3 list
scgi_pass location,location-if 1 text
scgi_pass_header http,server,location 1 list
scgi_pass_request_body http,server,location 1 flag
scgi_pass_request_headers http,server,location 1 flag
scgi_read_timeout http,server,location 1 time
scgi_request_buffering http,server,location 1 flag
scgi_send_timeout http,server,location 1 time
scgi_socket_keepalive http,server,location 1 flag
scgi_store http,server,location 1 text
scgi_store_access http,server,location 1-3 access
scgi_temp_file_write_size http,server,location 1 size
scgi_temp_path http,server,location 1-4 text

# ngx_http_uwsgi_module
uwsgi_bind http,server,location 1-2 text
uwsgi_buffer_size http,server,location 1 size
uwsgi_buffering http,server,location 1 flag
uwsgi_buffers http,server,location 2 buffers
uwsgi_busy_buffers_size http,server,location 1 size
uwsgi_cache http,server,location 1 text
uwsgi_cache_background_update http,server,location 1 flag
uwsgi_cache_bypass http,server,location 1+ list
uwsgi_cache_key http,server,location 1 text
uwsgi_cache_lock http,server,location 1 flag
uwsgi_cache_lock_age http,server,location 1 time
uwsgi_cache_lock_timeout http,server,location 1 time
uwsgi_cache_max_range_offset http,server,location 1 offset
uwsgi_cache_methods http,server,location 1+ any-of GET HEAD POST
uwsgi_cache_min_uses http,server,location 1 number
uwsgi_cache_path http 2+ list
uwsgi_cache_revalidate http,server,location 1 flag
uwsgi_cache_use_stale http,server,location 1+ any-of error timeout invalid_header non_idempotent http_500 http_503 http_403 http_404 http_429 updating off
uwsgi_cache_valid http,server,location 1+ list
uwsgi_connect_timeout http,server,location 1 time
uwsgi_force_ranges http,server,location 1 flag
uwsgi_hide_header http,server,location 1 list
uwsgi_ignore_client_abort http,server,location 1 flag
uwsgi_ignore_headers http,server,location 1+ any-of X-Accel-Redirect X-Accel-Expires X-Accel-Limit-Rate X-Accel-Buffering X-Accel-Charset Expires Cache-Control Set-Cookie Vary
uwsgi_intercept_errors http,server,location 1 flag
uwsgi_limit_rate http,server,location 1 size
uwsgi_max_temp_file_size http,server,location 1 size
uwsgi_modifier1 http,server,location 1 number 0 255
uwsgi_modifier2 http,server,location 1 number 0 255
uwsgi_next_upstream http,server,location 1+ any-of error timeout invalid_header non_idempotent http_500 http_503 http_403 http_404 http_429 updating off
uwsgi_next_upstream_timeout http,server,location 1 time
uwsgi_next_upstream_tries http,server,location 1 number
uwsgi_no_cache http,server,location 1+ list
uwsgi_param http,server,location 2-3 list
uwsgi_pass location,location-if 1 text
uwsgi_pass_header http,server,location 1 list
uwsgi_pass_request_body http,server,location 1 flag
uwsgi_pass_request_headers http,server,location 1 flag
uwsgi_read_timeout http,server,location 1 time
uwsgi_request_buffering http,server,location 1 flag
uwsgi_send_timeout http,server,location 1 time
uwsgi_socket_keepalive http,server,location 1 flag
uwsgi_ssl_certificate http,server,location 1 text
uwsgi_ssl_certificate_key http,server,location 1 text
uwsgi_ssl_ciphers http,server,location 1 text
uwsgi_ssl_conf_command http,server,location 2 list
uwsgi_ssl_crl http,server,location 1 text
uwsgi_ssl_name http,server,location 1 text
uwsgi_ssl_password_file http,server,location 1 text
uwsgi_ssl_protocols http,server,location 1+ any-of SSLv2 SSLv3 TLSv1 TLSv1.1 TLSv1.2 TLSv1.3
uwsgi_ssl_server_name http,server,location 1 flag
uwsgi_ssl_session_reuse http,server,location 1 flag
uwsgi_ssl_trusted_certificate http,server,location 1 text
uwsgi_ssl_verify http,server,location 1 flag
uwsgi_ssl_verify_depth http,server,location 1 number
uwsgi_store http,server,location 1 text
uwsgi_store_access http,server,location 1-3 access
uwsgi_string http,server,location 1 text
uwsgi_temp_file_write_size http,server,location 1 size
uwsgi_temp_path http,server,location 1-4 text
`
