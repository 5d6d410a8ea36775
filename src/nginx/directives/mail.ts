/** Of `mail`. See `table.ts` for how a line is read. */
export const MAIL = `
# ngx_mail_core_module
error_log mail,mail-server 1+ list
listen mail-server 1+ list
max_errors mail,mail-server 1 number
protocol mail-server 1 list
resolver mail,mail-server 1+ text
resolver_timeout mail,mail-server 1 time
server mail 0{} list
server_name mail,mail-server 1 text
timeout mail,mail-server 1 time

# ngx_mail_auth_http_module
auth_http mail,mail-server 1 list
auth_http_header mail,mail-server 2 list
auth_http_pass_client_cert mail,mail-server 1 flag
auth_http_timeout mail,mail-server 1 time

# ngx_mail_imap_module
imap_auth mail,mail-server 1+ any-of plain login cram-md5 external
imap_capabilities mail,mail-server 1+ list
imap_client_buffer mail,mail-server 1 size

# ngx_mail_pop3_module
pop3_auth mail,mail-server 1+ any-of plain apop cram-md5 external
pop3_capabilities mail,mail-server 1+ list

# ngx_mail_proxy_module
proxy mail,mail-server 1 flag
proxy_buffer mail,mail-server 1 size
proxy_pass_error_message mail,mail-server 1 flag
proxy_protocol mail,mail-server 1 flag
proxy_smtp_auth mail,mail-server 1 flag
proxy_timeout mail,mail-server 1 time
xclient mail,mail-server 1 flag

# ngx_mail_realip_module
set_real_ip_from mail,mail-server 1 list

# ngx_mail_smtp_module
smtp_auth mail,mail-server 1+ any-of plain login cram-md5 external none
smtp_capabilities mail,mail-server 1+ list
smtp_client_buffer mail,mail-server 1 size
smtp_greeting_delay mail,mail-server 1 time

# ngx_mail_ssl_module
ssl mail,mail-server 1 flag
ssl_certificate mail,mail-server 1 list
ssl_certificate_key mail,mail-server 1 list
ssl_ciphers mail,mail-server 1 text
ssl_client_certificate mail,mail-server 1 text
ssl_conf_command mail,mail-server 2 list
ssl_crl mail,mail-server 1 text
ssl_dhparam mail,mail-server 1 text
ssl_ecdh_curve mail,mail-server 1 text
ssl_password_file mail,mail-server 1 text
ssl_prefer_server_ciphers mail,mail-server 1 flag
ssl_protocols mail,mail-server 1+ any-of SSLv2 SSLv3 TLSv1 TLSv1.1 TLSv1.2 TLSv1.3
ssl_session_cache mail,mail-server 1-2 list
ssl_session_ticket_key mail,mail-server 1 list
ssl_session_tickets mail,mail-server 1 flag
ssl_session_timeout mail,mail-server 1 seconds
ssl_trusted_certificate mail,mail-server 1 text
ssl_verify_client mail,mail-server 1 one-of off on optional optional_no_ca
ssl_verify_depth mail,mail-server 1 number
starttls mail,mail-server 1 text
`
