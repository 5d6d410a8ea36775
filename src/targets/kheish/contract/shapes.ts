import type { Expected, Shape } from '../../../model/contract.ts'
import { RUN_STATUSES } from '../run-statuses.ts'

/** A problem document of a code. Without a domain none is expected, and none is refused. */
export function problem(status: number, code: string, domain?: string): Expected {
  return {
    status,
    headers: { 'content-type': /^application\/problem\+json/ },
    json: {
      members: {
        type: { is: `urn:kheish:problem:${code}` },
        title: 'text',
        status: { is: status },
        detail: 'text',
        code: { is: code },
        ...(domain === undefined ? {} : { domain: { is: domain } }),
      },
    },
  }
}

/** A list answered as an envelope of pages. */
export function page(order: string, items: Shape = 'any'): Shape {
  return {
    members: {
      items: { listOf: items },
      pagination: {
        members: {
          limit: 'count',
          total_count: 'count',
          has_more: 'flag',
          'next_cursor?': 'text',
          order: { is: order },
        },
      },
    },
  }
}

export const CAPABILITIES: Shape = {
  members: {
    control_plane_version: 'text',
    api_revision: { is: 3 },
    route_capability_matrix_version: { is: 2 },
    ...Object.fromEntries(
      [
        'approvals',
        'sidechains',
        'mailboxes',
        'session_events',
        'restart_restore',
        'live_events',
        'session_run_idempotency',
        'playbooks',
        'flows',
        'problem_details',
        'openapi',
        'cursor_pagination',
        'paginated_lists',
        'domain_errors',
        'sse_replay',
        'typed_sse_heartbeat',
        'agent_supervisor_audit',
        'spawn_policies',
      ].map(name => [name, 'flag'] as const),
    ),
  },
}

const CONFIG: Shape = {
  members: { revision: 'count', persisted: 'flag', history_len: 'count', history_limit: 'count' },
}

export const RUNTIME: Shape = {
  members: {
    'workspace_root?': 'text',
    'state_root?': 'text',
    permission_mode: { oneOf: ['default', 'acceptEdits', 'bypassPermissions', 'plan', 'dontAsk'] },
    debug_level: { oneOf: ['off', 'on', 'redacted', 'full'] },
    route_diagnostics: { listOf: 'any' },
    hooks: 'any',
    skills: { members: { loaded_count: 'count' } },
    scheduler_policy: {
      members: {
        retry_base_delay_ms: 'count',
        retry_max_delay_ms: 'count',
        retry_jitter_ms: 'count',
        retry_max_attempts: 'count',
      },
    },
    config: CONFIG,
  },
}

const counts = (...names: readonly string[]): Shape => ({
  members: Object.fromEntries(names.map(name => [name, 'count'] as const)),
})

const EVENT_ID = /^\d{1,20}$/

export const STATUS: Shape = {
  members: {
    snapshot_at_ms: 'count',
    process_id: 'count',
    status: { is: 'ready' },
    ready: { is: true },
    capabilities: CAPABILITIES,
    runtime: RUNTIME,
    control_plane: {
      members: {
        base_url: 'text',
        bind_is_loopback: { is: true },
        bind_is_unspecified: { is: false },
        auth_enabled: { is: true },
        read_only_token_enabled: { is: true },
        auth_effective_admin_token_available: { is: true },
        auth_effective_read_only_token_available: { is: true },
        auth_token_file_count: { is: 2 },
        auth_token_file_error_count: { is: 0 },
        auth_duplicate_token: { is: false },
        auth_token_files: {
          listOf: {
            members: {
              role: { oneOf: ['admin', 'read_only'] },
              path: 'text',
              readable: { is: true },
              token_loaded: { is: true },
            },
          },
        },
        cors_policy: { is: 'loopback' },
        cors_allowed_origin_count: 'count',
        externally_exposed_without_auth: { is: false },
      },
    },
    storage: {
      members: {
        checked_at_ms: 'count',
        ok: { is: true },
        write_error_count: 'count',
        probes: {
          listOf: {
            members: {
              name: { oneOf: ['state_root', 'workspace_root'] },
              path: 'text',
              state: { is: 'ok' },
              writable: { is: true },
              latency_ms: 'number',
              code: { is: 'write_probe_ok' },
            },
          },
        },
        state_root_lock: { members: { path: 'text', held: { is: true }, mechanism: { oneOf: ['flock', 'none'] } } },
        'session_storage?': counts(
          'session_count',
          'total_bytes',
          'oversized_threshold_bytes',
          'oversized_session_count',
        ),
      },
    },
    provider_readiness: {
      members: {
        route_count: 'count',
        ready_route_count: 'count',
        warning_route_count: 'count',
        error_route_count: 'count',
        active_route_ready: { is: true },
        routes: {
          listOf: {
            members: {
              route_id: 'text',
              provider: 'text',
              model: 'text',
              active: 'flag',
              state: { is: 'ok' },
              code: { is: 'route_auth_ready' },
            },
          },
        },
      },
    },
    health: {
      members: {
        generated_at_ms: 'count',
        snapshot_duration_ms: 'number',
        ok: 'flag',
        route_error_count: 'count',
        route_warning_count: 'count',
        'warnings?': {
          listOf: { members: { severity: { oneOf: ['info', 'warning', 'error'] }, code: 'text', message: 'text' } },
        },
      },
    },
    hooks: counts('configured_count', 'dead_lettered_count', 'unresolved_dead_lettered_count', 'execution_count'),
    events: {
      members: {
        history_capacity: 'count',
        retained_event_count: 'count',
        subscriber_count: 'count',
        next_event_id: EVENT_ID,
        'oldest_event_id?': EVENT_ID,
        'newest_event_id?': EVENT_ID,
        replay_buffer_utilization_percent: 'number',
        evicted_event_count: 'count',
        replay_gap_count: 'count',
        stream_lagged_event_count: 'count',
      },
    },
    sessions: counts('total'),
    runs: counts(
      'total',
      ...RUN_STATUSES,
      'queued_run_lag_threshold_ms',
      'stale_non_terminal_run_threshold_ms',
      'stale_non_terminal_run_count',
    ),
    schedules: {
      members: {
        dispatch_worker_enabled: 'flag',
        total: 'count',
        active: 'count',
        paused: 'count',
        due_count: 'count',
      },
    },
    delivery: counts(
      'pending',
      'retrying',
      'delivered',
      'dead_lettered',
      'unresolved_dead_lettered',
      'status_error_count',
    ),
    agents: counts('total', 'idle', 'running', 'failed', 'completed'),
    tasks: counts(
      'live_background_shell_task_count',
      'total',
      'pending',
      'in_progress',
      'blocked',
      'completed',
      'failed',
    ),
  },
}

export const SLOT: Shape = {
  members: {
    slot_id: 'text',
    provider: { oneOf: ['generic', 'mcp_oauth', 'open_ai', 'anthropic', 'google', 'open_router', 'x_ai'] },
    mode: { oneOf: ['opaque_secret', 'api_key', 'oauth_account'] },
    summary: 'text',
    updated_at_ms: 'count',
  },
}

export const SESSION: Shape = {
  members: {
    session_id: 'text',
    agent_id: 'text',
    snapshot: {
      members: {
        agent: {
          members: {
            id: 'text',
            conversation: { members: { session_id: 'text', thread_id: 'text' } },
            status: {
              oneOf: ['idle', 'running', 'waiting_for_approval', 'waiting_for_user_input', 'failed', 'completed'],
            },
            spawned_at_ms: 'count',
          },
        },
        pending_approvals: { listOf: 'any' },
        journal_len: 'count',
        checkpoint_len: 'count',
      },
    },
    outputs: { listOf: 'any' },
  },
}

export const RUN: Shape = {
  members: {
    run_id: /^run-\d+$/,
    session_id: 'text',
    agent_id: 'text',
    kind: 'text',
    status: {
      oneOf: RUN_STATUSES,
    },
    submitted_at_ms: 'count',
    updated_at_ms: 'count',
    request: { members: { source_plugin: 'text', source_kind: 'text', actor_id: 'text' } },
  },
}
