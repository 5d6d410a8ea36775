/** Outside of any protocol, and of `events`. See `table.ts` for how a line is read. */
export const CORE = `
# ngx_core_module
daemon main 1 flag
debug_points main 1 one-of stop abort
env main 1 list
load_module main 1 list
lock_file main 1 text
master_process main 1 flag
pid main 1 text
timer_resolution main 1 time
user main 1-2 text
worker_cpu_affinity main 1+ text
worker_priority main 1 text
worker_processes main 1 text
worker_rlimit_core main 1 offset
worker_rlimit_nofile main 1 number
worker_shutdown_timeout main 1 time
working_directory main 1 text

# ngx_conf_module
include everywhere 1 list

# ngx_epoll_module
epoll_events events 1 number
worker_aio_requests events 1 number

# ngx_errlog_module
error_log main 1+ list

# ngx_event_core_module
accept_mutex events 1 flag
accept_mutex_delay events 1 time
debug_connection events 1 list
multi_accept events 1 flag
use events 1 text
worker_connections events 1 text

# ngx_events_module
events main 0{} text

# ngx_http_module
http main 0{} text

# ngx_mail_module
mail main 0{} text

# ngx_openssl_module
ssl_engine main 1 list

# ngx_regex_module
pcre_jit main 1 flag

# ngx_stream_module
stream main 0{} text

# ngx_thread_pool_module
thread_pool main 2-3 list
`
