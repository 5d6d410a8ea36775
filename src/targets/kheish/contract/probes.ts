import type { Fact } from '../../../model/contract.ts'
import { CAPABILITIES, problem, RUNTIME, STATUS } from './shapes.ts'

/** Liveness, readiness, what the daemon says of itself, and how it refuses. */
export const probeFacts: readonly Fact[] = [
  {
    id: 'healthz',
    section: 'core 2.3',
    says: 'GET /healthz answers 200 and ok, to anybody',
    ask: { path: '/healthz', as: 'nobody' },
    expected: { status: 200, text: /^ok\n$/ },
  },
  {
    id: 'readyz',
    section: 'core 2.3',
    says: 'GET /readyz answers 200 and ready, to anybody',
    ask: { path: '/readyz', as: 'nobody' },
    expected: { status: 200, text: /^ready\n$/ },
  },
  {
    id: 'capabilities',
    section: 'core 2.3',
    says: 'GET /v1/capabilities names the revision of the API and what the daemon can do',
    ask: { path: '/v1/capabilities', as: 'readonly' },
    expected: { status: 200, json: CAPABILITIES },
  },
  {
    id: 'openapi',
    section: 'core 2.3',
    says: 'GET /v1/openapi.json is an OpenAPI 3.1.0 document with the revision in it',
    ask: { path: '/v1/openapi.json', as: 'readonly' },
    expected: {
      status: 200,
      json: {
        members: {
          openapi: { is: '3.1.0' },
          'x-api-revision': { is: 3 },
          'x-sse-replay': 'any',
          'x-typed-sse-heartbeat': 'any',
          paths: 'any',
        },
      },
    },
  },
  {
    id: 'status',
    section: 'core 2.3',
    says: 'GET /v1/status has every member that probes rely on, each of its type',
    ask: { path: '/v1/status', as: 'readonly' },
    expected: { status: 200, json: STATUS },
  },
  {
    id: 'runtime',
    section: 'core 2.4',
    says: 'GET /v1/runtime is the runtime settings, to a read-only token too',
    ask: { path: '/v1/runtime', as: 'readonly' },
    expected: { status: 200, json: RUNTIME },
  },
  {
    id: 'permission-mode',
    section: 'core 2.4',
    says: 'POST /v1/runtime/permission-mode answers with the settings as they are then',
    ask: { path: '/v1/runtime/permission-mode', method: 'POST', body: { mode: 'dontAsk' } },
    expected: { status: 200, json: { members: { permission_mode: { is: 'dontAsk' }, config: 'any' } } },
  },
  {
    id: 'debug-level',
    section: 'core 2.4',
    says: 'POST /v1/runtime/debug-level answers with the settings as they are then',
    ask: { path: '/v1/runtime/debug-level', method: 'POST', body: { level: 'redacted' } },
    expected: { status: 200, json: { members: { debug_level: { is: 'redacted' } } } },
  },
  {
    id: 'stale-revision',
    section: 'core 2.4',
    says: 'a change with a wrong expected_revision is refused as a conflict',
    ask: { path: '/v1/runtime/permission-mode', method: 'POST', body: { mode: 'plan', expected_revision: 999_999 } },
    expected: problem(409, 'runtime_revision_conflict', 'runtime'),
  },
  {
    id: 'unknown-path',
    section: 'core 2.1',
    says: 'an unknown path under /v1 answers 404 route_not_found',
    ask: { path: '/v1/no-such-path' },
    expected: problem(404, 'route_not_found', 'api'),
  },
  {
    id: 'bad-limit',
    section: 'core 2.2',
    says: 'a limit of 0 answers 400 invalid_limit',
    ask: { path: '/v1/runs?page=true&limit=0', as: 'readonly' },
    expected: problem(400, 'invalid_limit', 'pagination'),
  },
  {
    id: 'bad-cursor',
    section: 'core 2.2',
    says: 'a cursor that is no base64url answers 400 invalid_cursor',
    ask: { path: '/v1/runs?cursor=%25%25', as: 'readonly' },
    expected: problem(400, 'invalid_cursor', 'pagination'),
  },
  {
    id: 'bad-order',
    section: 'core 2.2',
    says: 'an order that there is not answers 400 invalid_order',
    ask: { path: '/v1/runs?page=true&order=sideways', as: 'readonly' },
    expected: problem(400, 'invalid_order', 'pagination'),
  },
]
