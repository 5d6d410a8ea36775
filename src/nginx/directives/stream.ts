/** Of `stream`. See `table.ts` for how a line is read. */
export const STREAM = `
# ngx_stream_core_module
error_log stream,stream-server 1+ list
listen stream-server 1+ list
preread_buffer_size stream,stream-server 1 size
preread_timeout stream,stream-server 1 time
proxy_protocol_timeout stream,stream-server 1 time
resolver stream,stream-server 1+ text
resolver_timeout stream,stream-server 1 time
server stream 0{} list
tcp_nodelay stream,stream-server 1 flag
variables_hash_bucket_size stream 1 number
variables_hash_max_size stream 1 number

# ngx_stream_access_module
allow stream,stream-server 1 list
deny stream,stream-server 1 list

# ngx_stream_geo_module
geo stream 1-2{} list

# ngx_stream_limit_conn_module
limit_conn stream,stream-server 2 list
limit_conn_dry_run stream,stream-server 1 flag
limit_conn_log_level stream,stream-server 1 one-of info notice warn error
limit_conn_zone stream 2 list

# ngx_stream_log_module
access_log stream,stream-server 1+ list
log_format stream 2+ list
open_log_file_cache stream,stream-server 1-4 text

# ngx_stream_map_module
map stream 2{} list
map_hash_bucket_size stream 1 number
map_hash_max_size stream 1 number

# ngx_stream_proxy_module
proxy_bind stream,stream-server 1-2 text
proxy_buffer_size stream,stream-server 1 size
proxy_connect_timeout stream,stream-server 1 time
proxy_download_rate stream,stream-server 1 text
proxy_downstream_buffer stream,stream-server 1 size
proxy_half_close stream,stream-server 1 flag
proxy_next_upstream stream,stream-server 1 flag
proxy_next_upstream_timeout stream,stream-server 1 time
proxy_next_upstream_tries stream,stream-server 1 number
proxy_pass stream-server 1 text
proxy_protocol stream,stream-server 1 flag
proxy_requests stream,stream-server 1 number
proxy_responses stream,stream-server 1 number
proxy_socket_keepalive stream,stream-server 1 flag
proxy_ssl stream,stream-server 1 flag
proxy_ssl_certificate stream,stream-server 1 text
proxy_ssl_certificate_key stream,stream-server 1 text
proxy_ssl_ciphers stream,stream-server 1 text
proxy_ssl_conf_command stream,stream-server 2 list
proxy_ssl_crl stream,stream-server 1 text
proxy_ssl_name stream,stream-server 1 text
proxy_ssl_password_file stream,stream-server 1 text
proxy_ssl_protocols stream,stream-server 1+ any-of SSLv2 SSLv3 TLSv1 TLSv1.1 TLSv1.2 TLSv1.3
proxy_ssl_server_name stream,stream-server 1 flag
proxy_ssl_session_reuse stream,stream-server 1 flag
proxy_ssl_trusted_certificate stream,stream-server 1 text
proxy_ssl_verify stream,stream-server 1 flag
proxy_ssl_verify_depth stream,stream-server 1 number
proxy_timeout stream,stream-server 1 time
proxy_upload_rate stream,stream-server 1 text
proxy_upstream_buffer stream,stream-server 1 size

# ngx_stream_realip_module
set_real_ip_from stream,stream-server 1 list

# ngx_stream_return_module
return stream-server 1 text

# ngx_stream_set_module
set stream-server 2 list

# ngx_stream_split_clients_module
split_clients stream 2{} list

# ngx_stream_ssl_module
ssl_alpn stream,stream-server 1+ text
ssl_certificate stream,stream-server 1 list
ssl_certificate_key stream,stream-server 1 list
ssl_ciphers stream,stream-server 1 text
ssl_client_certificate stream,stream-server 1 text
ssl_conf_command stream,stream-server 2 list
ssl_crl stream,stream-server 1 text
ssl_dhparam stream,stream-server 1 text
ssl_ecdh_curve stream,stream-server 1 text
ssl_handshake_timeout stream,stream-server 1 time
ssl_password_file stream,stream-server 1 text
ssl_prefer_server_ciphers stream,stream-server 1 flag
ssl_protocols stream,stream-server 1+ any-of SSLv2 SSLv3 TLSv1 TLSv1.1 TLSv1.2 TLSv1.3
ssl_session_cache stream,stream-server 1-2 list
ssl_session_ticket_key stream,stream-server 1 list
ssl_session_tickets stream,stream-server 1 flag
ssl_session_timeout stream,stream-server 1 seconds
ssl_trusted_certificate stream,stream-server 1 text
ssl_verify_client stream,stream-server 1 one-of off on optional optional_no_ca
ssl_verify_depth stream,stream-server 1 number

# ngx_stream_ssl_preread_module
ssl_preread stream,stream-server 1 flag

# ngx_stream_upstream_hash_module
hash stream-upstream 1-2 list

# ngx_stream_upstream_least_conn_module
least_conn stream-upstream 0 list

# ngx_stream_upstream_module
server stream-upstream 1+ list
upstream stream 1{} list

# ngx_stream_upstream_random_module
random stream-upstream 0-2 list

# ngx_stream_upstream_zone_module
zone stream-upstream 1-2 list
`
