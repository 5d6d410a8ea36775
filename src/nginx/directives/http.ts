/** Of `http`, but for the modules that pass requests on. See `table.ts` for how a line is read. */
export const HTTP = `
# ngx_http_core_module
absolute_redirect http,server,location 1 flag
aio http,server,location 1 text
aio_write http,server,location 1 flag
alias location 1 text
auth_delay http,server,location 1 time
chunked_transfer_encoding http,server,location 1 flag
client_body_buffer_size http,server,location 1 size
client_body_in_file_only http,server,location 1 one-of off on clean
client_body_in_single_buffer http,server,location 1 flag
client_body_temp_path http,server,location 1-4 text
client_body_timeout http,server,location 1 time
client_header_buffer_size http,server 1 size
client_header_timeout http,server 1 time
client_max_body_size http,server,location 1 offset
connection_pool_size http,server 1 size
default_type http,server,location 1 text
directio http,server,location 1 text
directio_alignment http,server,location 1 offset
disable_symlinks http,server,location 1-2 text
error_log http,server,location 1+ list
error_page http,server,location,location-if 2+ list
etag http,server,location 1 flag
gzip_disable http,server,location 1+ list
gzip_http_version http,server,location 1 one-of 1.0 1.1
gzip_proxied http,server,location 1+ any-of off expired no-cache no-store private no_last_modified no_etag auth any
gzip_vary http,server,location 1 flag
if_modified_since http,server,location 1 one-of off exact before
ignore_invalid_headers http,server 1 flag
internal location 0 text
keepalive_disable http,server,location 1-2 any-of none msie6 safari
keepalive_requests http,server,location 1 number
keepalive_time http,server,location 1 time
keepalive_timeout http,server,location 1-2 text
large_client_header_buffers http,server 2 buffers
limit_except location 1+{} text
limit_rate http,server,location,location-if 1 text
limit_rate_after http,server,location,location-if 1 text
lingering_close http,server,location 1 one-of off on always
lingering_time http,server,location 1 time
lingering_timeout http,server,location 1 time
listen server 1+ list
location server,location 1-2{} list
log_not_found http,server,location 1 flag
log_subrequest http,server,location 1 flag
max_ranges http,server,location 1 number
merge_slashes http,server 1 flag
msie_padding http,server,location 1 flag
msie_refresh http,server,location 1 flag
open_file_cache http,server,location 1-2 text
open_file_cache_errors http,server,location 1 flag
open_file_cache_events http,server,location 1 flag
open_file_cache_min_uses http,server,location 1 number
open_file_cache_valid http,server,location 1 seconds
port_in_redirect http,server,location 1 flag
post_action http,server,location,location-if 1 text
postpone_output http,server,location 1 size
read_ahead http,server,location 1 size
recursive_error_pages http,server,location 1 flag
request_pool_size http,server 1 size
reset_timedout_connection http,server,location 1 flag
resolver http,server,location 1+ text
resolver_timeout http,server,location 1 time
root http,server,location,location-if 1 text
satisfy http,server,location 1 one-of all any
send_lowat http,server,location 1 size
send_timeout http,server,location 1 time
sendfile http,server,location,location-if 1 flag
sendfile_max_chunk http,server,location 1 size
server http 0{} list
server_name server 1+ list
server_name_in_redirect http,server,location 1 flag
server_names_hash_bucket_size http 1 number
server_names_hash_max_size http 1 number
server_tokens http,server,location 1 one-of off on build
subrequest_output_buffer_size http,server,location 1 size
tcp_nodelay http,server,location 1 flag
tcp_nopush http,server,location 1 flag
types http,server,location 0{} list
types_hash_bucket_size http,server,location 1 number
types_hash_max_size http,server,location 1 number
underscores_in_headers http,server 1 flag
variables_hash_bucket_size http 1 number
variables_hash_max_size http 1 number

# ngx_http_ssl_module
ssl http,server 1 flag
ssl_buffer_size http,server 1 size
ssl_certificate http,server 1 list
ssl_certificate_key http,server 1 list
ssl_ciphers http,server 1 text
ssl_client_certificate http,server 1 text
ssl_conf_command http,server 2 list
ssl_crl http,server 1 text
ssl_dhparam http,server 1 text
ssl_early_data http,server 1 flag
ssl_ecdh_curve http,server 1 text
ssl_ocsp http,server 1 one-of off on leaf
ssl_ocsp_cache http,server 1 text
ssl_ocsp_responder http,server 1 text
ssl_password_file http,server 1 text
ssl_prefer_server_ciphers http,server 1 flag
ssl_protocols http,server 1+ any-of SSLv2 SSLv3 TLSv1 TLSv1.1 TLSv1.2 TLSv1.3
ssl_reject_handshake http,server 1 flag
ssl_session_cache http,server 1-2 list
ssl_session_ticket_key http,server 1 list
ssl_session_tickets http,server 1 flag
ssl_session_timeout http,server 1 seconds
ssl_stapling http,server 1 flag
ssl_stapling_file http,server 1 text
ssl_stapling_responder http,server 1 text
ssl_stapling_verify http,server 1 flag
ssl_trusted_certificate http,server 1 text
ssl_verify_client http,server 1 one-of off on optional optional_no_ca
ssl_verify_depth http,server 1 number

# ngx_http_v2_module
http2_body_preread_size http,server 1 size
http2_chunk_size http,server,location 1 size
http2_idle_timeout http,server 1 list
http2_max_concurrent_pushes http,server 1 number
http2_max_concurrent_streams http,server 1 number
http2_max_field_size http,server 1 list
http2_max_header_size http,server 1 list
http2_max_requests http,server 1 list
http2_pool_size http,server 1 size
http2_push http,server,location 1 list
http2_push_preload http,server,location 1 flag
http2_recv_buffer_size http 1 size
http2_recv_timeout http,server 1 list
http2_streams_index_size http,server 1 number

# ngx_http_access_module
allow http,server,location,limit_except 1 list
deny http,server,location,limit_except 1 list

# ngx_http_addition_filter_module
add_after_body http,server,location 1 text
add_before_body http,server,location 1 text
addition_types http,server,location 1+ list

# ngx_http_auth_basic_module
auth_basic http,server,location,limit_except 1 text
auth_basic_user_file http,server,location,limit_except 1 text

# ngx_http_auth_request_module
auth_request http,server,location 1 text
auth_request_set http,server,location 2 list

# ngx_http_autoindex_module
autoindex http,server,location 1 flag
autoindex_exact_size http,server,location 1 flag
autoindex_format http,server,location 1 one-of html json jsonp xml
autoindex_localtime http,server,location 1 flag

# ngx_http_browser_module
ancient_browser http,server,location 1+ list
ancient_browser_value http,server,location 1 list
modern_browser http,server,location 1-2 list
modern_browser_value http,server,location 1 list

# ngx_http_charset_filter_module
charset http,server,location,location-if 1 text
charset_map http 2{} list
charset_types http,server,location 1+ list
override_charset http,server,location,location-if 1 flag
source_charset http,server,location,location-if 1 text

# ngx_http_copy_filter_module
output_buffers http,server,location 2 buffers

# ngx_http_dav_module
create_full_put_path http,server,location 1 flag
dav_access http,server,location 1-3 access
dav_methods http,server,location 1+ any-of off put delete mkcol copy move
min_delete_depth http,server,location 1 number

# ngx_http_empty_gif_module
empty_gif location 0 list

# ngx_http_flv_module
flv location 0 list

# ngx_http_geo_module
geo http 1-2{} list

# ngx_http_gunzip_filter_module
gunzip http,server,location 1 flag
gunzip_buffers http,server,location 2 buffers

# ngx_http_gzip_filter_module
gzip http,server,location,location-if 1 flag
gzip_buffers http,server,location 2 buffers
gzip_comp_level http,server,location 1 number 1 9
gzip_hash http,server,location 1 size
gzip_min_length http,server,location 1 size
gzip_no_buffer http,server,location 1 flag
gzip_types http,server,location 1+ list
gzip_window http,server,location 1 size
postpone_gzipping http,server,location 1 size

# ngx_http_gzip_static_module
gzip_static http,server,location 1 one-of off on always

# ngx_http_header_count_module
max_headers http,server 1 number

# ngx_http_headers_filter_module
add_header http,server,location,location-if 2-3 list
add_trailer http,server,location,location-if 2-3 list
expires http,server,location,location-if 1-2 text

# ngx_http_index_module
index http,server,location 1+ list

# ngx_http_limit_conn_module
limit_conn http,server,location 2 list
limit_conn_dry_run http,server,location 1 flag
limit_conn_log_level http,server,location 1 one-of info notice warn error
limit_conn_status http,server,location 1 number 400 599
limit_conn_zone http 2 list

# ngx_http_limit_req_module
limit_req http,server,location 1-3 list
limit_req_dry_run http,server,location 1 flag
limit_req_log_level http,server,location 1 one-of info notice warn error
limit_req_status http,server,location 1 number 400 599
limit_req_zone http 3 list

# ngx_http_log_module
access_log http,server,location,location-if,limit_except 1+ list
log_format http 2+ list
open_log_file_cache http,server,location 1-4 text

# ngx_http_map_module
map http 2{} list
map_hash_bucket_size http 1 number
map_hash_max_size http 1 number

# ngx_http_mirror_module
mirror http,server,location 1 list
mirror_request_body http,server,location 1 flag

# ngx_http_mp4_module
mp4 location 0 list
mp4_buffer_size http,server,location 1 size
mp4_max_buffer_size http,server,location 1 size
mp4_start_key_frame http,server,location 1 flag

# ngx_http_random_index_module
random_index location 1 flag

# ngx_http_realip_module
real_ip_header http,server,location 1 text
real_ip_recursive http,server,location 1 flag
set_real_ip_from http,server,location 1 list

# ngx_http_referer_module
referer_hash_bucket_size server,location 1 number
referer_hash_max_size server,location 1 number
valid_referers server,location 1+ list

# ngx_http_rewrite_module
break server,location,server-if,location-if 0 list
if server,location 1+{} list
return server,location,server-if,location-if 1-2 list
rewrite server,location,server-if,location-if 2-3 list
rewrite_log http,server,location,server-if,location-if 1 flag
set server,location,server-if,location-if 2 list
uninitialized_variable_warn http,server,location,server-if,location-if 1 flag

# ngx_http_secure_link_module
secure_link http,server,location 1 text
secure_link_md5 http,server,location 1 text
secure_link_secret http,server,location 1 text

# ngx_http_slice_filter_module
slice http,server,location 1 size

# ngx_http_split_clients_module
split_clients http 2{} list

# ngx_http_ssi_filter_module
ssi http,server,location,location-if 1 flag
ssi_ignore_recycled_buffers http,server,location 1 flag
ssi_last_modified http,server,location 1 flag
ssi_min_file_chunk http,server,location 1 size
ssi_silent_errors http,server,location 1 flag
ssi_types http,server,location 1+ list
ssi_value_length http,server,location 1 size

# ngx_http_stub_status_module
stub_status server,location 0-1 list

# ngx_http_sub_filter_module
sub_filter http,server,location 2 list
sub_filter_last_modified http,server,location 1 flag
sub_filter_once http,server,location 1 flag
sub_filter_types http,server,location 1+ list

# ngx_http_try_files_module
try_files server,location 2+ text

# ngx_http_upstream_hash_module
hash upstream 1-2 list

# ngx_http_upstream_ip_hash_module
ip_hash upstream 0 list

# ngx_http_upstream_keepalive_module
keepalive upstream 1 text
keepalive_requests upstream 1 number
keepalive_time upstream 1 time
keepalive_timeout upstream 1 time

# ngx_http_upstream_least_conn_module
least_conn upstream 0 list

# ngx_http_upstream_module
server upstream 1+ list
upstream http 1{} list

# ngx_http_upstream_random_module
random upstream 0-2 list

# ngx_http_upstream_zone_module
zone upstream 1-2 list

# ngx_http_userid_filter_module
userid http,server,location 1 one-of off log v1 on
userid_domain http,server,location 1 text
userid_expires http,server,location 1 text
userid_flags http,server,location 1-3 any-of off secure httponly samesite=strict samesite=lax samesite=none
userid_mark http,server,location 1 text
userid_name http,server,location 1 text
userid_p3p http,server,location 1 text
userid_path http,server,location 1 text
userid_service http,server,location 1 number
`
