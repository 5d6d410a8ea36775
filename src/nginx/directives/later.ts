/** What versions after 1.22 brought. See `table.ts` for how a line is read. */
export const LATER = `
# 1.23 to 1.25
http2 http,server 1 flag
http3 http,server 1 flag
http3_hq http,server 1 flag
http3_max_concurrent_streams http,server 1 number
http3_stream_buffer_size http,server 1 size
quic_active_connection_id_limit http,server 1 number
quic_bpf main 1 flag
quic_gso http,server 1 flag
quic_host_key http,server 1 text
quic_retry http,server 1 flag
server_name stream-server 1+ list
server_names_hash_bucket_size stream 1 number
server_names_hash_max_size stream 1 number
ssl_reject_handshake stream,stream-server 1 flag
pass stream-server 1 text

# 1.27
keepalive_min_timeout http,server,location 1 time
proxy_pass_trailers http,server,location 1 flag
resolver upstream,stream-upstream 1+ text
resolver_timeout upstream,stream-upstream 1 time
state upstream,stream-upstream 1 text
ssl_certificate_cache http,server,stream,stream-server 1-3 text
proxy_ssl_certificate_cache http,server,location,stream,stream-server 1-3 text
grpc_ssl_certificate_cache http,server,location 1-3 text
uwsgi_ssl_certificate_cache http,server,location 1-3 text
ssl_client_certificate stream,stream-server 1 text
ssl_key_log http,server,stream,stream-server 1 text
proxy_ssl_key_log http,server,location,stream,stream-server 1 text
grpc_ssl_key_log http,server,location 1 text
uwsgi_ssl_key_log http,server,location 1 text
ssl_object_cache_inheritable main 1 flag
ssl_ocsp stream,stream-server 1 one-of off on leaf
ssl_ocsp_cache stream,stream-server 1 text
ssl_ocsp_responder stream,stream-server 1 text
ssl_stapling stream,stream-server 1 flag
ssl_stapling_file stream,stream-server 1 text
ssl_stapling_responder stream,stream-server 1 text
ssl_stapling_verify stream,stream-server 1 flag

# 1.29
add_header_inherit http,server,location,location-if 1 one-of on off merge
add_trailer_inherit http,server,location,location-if 1 one-of on off merge
early_hints http,server,location 1+ list
ssl_certificate_compression http,server,stream,stream-server 1 flag
ssl_ech_file http,server,stream,stream-server 1 list
sticky upstream 1+ list
`
