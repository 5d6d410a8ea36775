import type { Fact } from '../../../model/contract.ts'
import { page, problem, RUN, SESSION } from './shapes.ts'

const SUBMIT = {
  content: 'Reply with exactly CONTRACT_OK',
  source_plugin: 'runproof',
  source_kind: 'contract',
  actor_id: 'runproof',
  metadata: null,
}

const session = (id: string) => ({ path: '/v1/sessions', method: 'POST', body: { session_id: id, thread_id: null } })

/** Sessions, runs and what hangs on them. */
export const objectFacts: readonly Fact[] = [
  {
    id: 'session-created',
    section: 'core 2.6',
    says: 'POST /v1/sessions answers 201 with the session',
    ask: session('contract-created'),
    expected: { status: 201, json: SESSION },
  },
  {
    id: 'session-again',
    section: 'core 2.6',
    says: 'creating a session that is there answers 201 with it',
    before: [session('contract-again')],
    ask: session('contract-again'),
    expected: { status: 201, json: { members: { session_id: { is: 'contract-again' }, agent_id: 'text' } } },
  },
  {
    id: 'session-named',
    section: 'core 2.6',
    says: 'without an id the daemon makes session-<n>',
    ask: { path: '/v1/sessions', method: 'POST', body: {} },
    expected: { status: 201, json: { members: { session_id: /^session-\d+$/ } } },
  },
  {
    id: 'session-dot',
    section: 'core 2.6',
    says: 'an id of two dots is refused with 400',
    ask: session('..'),
    expected: { status: 400, json: { members: { status: { is: 400 }, code: 'text' } } },
  },
  {
    id: 'session-unknown',
    section: 'core 2.6',
    says: 'an unknown session answers 404 session_not_found',
    ask: { path: '/v1/sessions/no-such-session', as: 'readonly' },
    expected: problem(404, 'session_not_found', 'sessions'),
  },
  {
    id: 'session-page',
    section: 'core 2.2',
    says: 'sessions come in pages with page=true',
    before: [session('contract-page')],
    ask: { path: '/v1/sessions?page=true&limit=1', as: 'readonly' },
    expected: {
      status: 200,
      json: page('session_id_asc', { members: { session_id: 'text', agent_id: 'text', status: 'text' } }),
    },
  },
  {
    id: 'session-idle-interrupt',
    section: 'core 2.6',
    says: 'an idle session can be interrupted, with no body, and says that nothing was',
    before: [session('contract-idle')],
    ask: { path: '/v1/sessions/contract-idle/interrupt', method: 'POST' },
    expected: { status: 200, json: { members: { interrupted: { is: false }, snapshot: 'any' } } },
  },
  {
    id: 'session-events',
    section: 'core 2.6',
    says: 'the events of a session are its journal',
    before: [session('contract-events')],
    ask: { path: '/v1/sessions/contract-events/events', as: 'readonly' },
    expected: {
      status: 200,
      json: {
        members: {
          session: { members: { session_id: 'text', journal: 'any', metadata: 'any' } },
          daemon_outputs: 'any',
        },
      },
    },
  },
  {
    id: 'session-tasks',
    section: 'core 2.6',
    says: 'a session without tasks has an empty list of them',
    before: [session('contract-tasks')],
    ask: { path: '/v1/sessions/contract-tasks/tasks', as: 'readonly' },
    expected: { status: 200, json: { is: [] } },
  },
  {
    id: 'run-accepted',
    section: 'core 2.7',
    says: 'submitting a run answers 202 with the run, nulls for what is optional included',
    before: [session('contract-run')],
    ask: { path: '/v1/sessions/contract-run/runs', method: 'POST', body: SUBMIT },
    expected: { status: 202, json: RUN },
  },
  {
    id: 'run-tool-choice',
    section: 'core 2.7',
    says: 'tool_choice is a tagged object; a bare string is refused',
    before: [session('contract-choice')],
    ask: {
      path: '/v1/sessions/contract-choice/runs',
      method: 'POST',
      body: { ...SUBMIT, generation: { tool_choice: 'none' } },
    },
    expected: { status: 422, json: { members: { status: { is: 422 }, code: { is: 'daemon_error' } } } },
  },
  {
    id: 'run-empty-key',
    section: 'core 2.7',
    says: 'an empty idempotency key answers 400 invalid_idempotency_key',
    before: [session('contract-key')],
    ask: {
      path: '/v1/sessions/contract-key/runs',
      method: 'POST',
      body: { ...SUBMIT, idempotency_key: '' },
    },
    expected: problem(400, 'invalid_idempotency_key', 'idempotency'),
  },
  {
    id: 'run-key-conflict',
    section: 'core 2.7',
    says: 'the same idempotency key with another request answers 409 idempotency_conflict',
    before: [
      session('contract-conflict'),
      {
        path: '/v1/sessions/contract-conflict/runs',
        method: 'POST',
        body: { ...SUBMIT, idempotency_key: 'contract-key-1' },
      },
    ],
    ask: {
      path: '/v1/sessions/contract-conflict/runs',
      method: 'POST',
      body: { ...SUBMIT, content: 'Something else', idempotency_key: 'contract-key-1' },
    },
    expected: problem(409, 'idempotency_conflict', 'idempotency'),
  },
  {
    id: 'run-unknown',
    section: 'core 2.7',
    says: 'an unknown run answers 404 run_not_found',
    ask: { path: '/v1/runs/run-999999', as: 'readonly' },
    expected: problem(404, 'run_not_found', 'runs'),
  },
  {
    id: 'run-page',
    section: 'core 2.2',
    says: 'runs come in pages with their order',
    before: [session('contract-runs'), { path: '/v1/sessions/contract-runs/runs', method: 'POST', body: SUBMIT }],
    ask: { path: '/v1/runs?page=true', as: 'readonly' },
    expected: { status: 200, json: page('submitted_at_ms_asc,run_id_asc', RUN) },
  },
  {
    id: 'deliveries',
    section: 'core 2.8',
    says: 'deliveries are a list',
    ask: { path: '/v1/deliveries', as: 'readonly' },
    expected: { status: 200, json: { listOf: 'any' } },
  },
  {
    id: 'delivery-unknown',
    section: 'core 2.8',
    says: 'an unknown delivery answers 404 delivery_not_found',
    ask: { path: '/v1/deliveries/no-such-delivery', as: 'readonly' },
    expected: problem(404, 'delivery_not_found', 'deliveries'),
  },
  {
    id: 'delivery-metrics',
    section: 'core 2.8',
    says: 'metrics of deliveries are Prometheus text',
    ask: { path: '/v1/runtime/deliveries/metrics', as: 'readonly' },
    expected: { status: 200, headers: { 'content-type': /^text\/plain; version=0\.0\.4/ } },
  },
  {
    id: 'schedules',
    section: 'core 2.8',
    says: 'schedules are a list',
    ask: { path: '/v1/schedules', as: 'readonly' },
    expected: { status: 200, json: { listOf: 'any' } },
  },
]
