import type { RunDetail, RunsApi } from '../../model/runs-api.ts'
import { Document } from './document.ts'
import { RUN_STATUSES, TERMINAL_STATUSES } from './run-statuses.ts'

const MOST_OUTPUT_TOKENS = 64

const text = (document: Document) => document.text()

function run(view: Document): RunDetail {
  const status = view.at('status').oneOf(RUN_STATUSES)
  return {
    id: view.at('run_id').text(),
    sessionId: view.at('session_id').text(),
    agentId: view.at('agent_id').text(),
    status,
    terminal: TERMINAL_STATUSES.includes(status),
    // Both are left out by the daemon while there is nothing to say; that is documented, not a default of ours.
    outputs: view.at('outputs').optional(outputs => outputs.list().map(output => output.at('content').text()), []),
    error: view.at('error').optional(text, undefined),
  }
}

const seg = encodeURIComponent

/** Sessions and runs of the daemon. */
export const runs: RunsApi = {
  paths: {
    sessions: '/v1/sessions',
    runtime: '/v1/runtime',
    session: id => `/v1/sessions/${seg(id)}`,
    submit: sessionId => `/v1/sessions/${seg(sessionId)}/runs`,
    run: id => `/v1/runs/${seg(id)}`,
    newest: limit => `/v1/runs?limit=${limit}`,
    actions: runId => `/v1/runs/${seg(runId)}/external-actions`,
  },
  setting: (name, value) =>
    name === 'permissionMode'
      ? { path: '/v1/runtime/permission-mode', body: { mode: value } }
      : { path: '/v1/runtime/debug-level', body: { level: value } },
  createSession: id => ({ session_id: id, thread_id: null }),
  // Members that are null stand for the daemon's own choice, and are sent as its own scripts do.
  submission: (content, routeId) => ({
    content,
    input_items: null,
    attachments: null,
    provider: routeId,
    generation: {
      model: null,
      fallback_model: null,
      temperature: null,
      max_output_tokens: MOST_OUTPUT_TOKENS,
      reasoning: null,
      tool_choice: { type: 'none' },
      response_format: null,
    },
    completion_requirements: null,
    metadata: null,
    reply_targets: null,
    source_plugin: 'runproof',
    source_kind: 'smoke',
    actor_id: 'runproof',
  }),
  actionTarget: (provider, origin) => `${provider}:${origin}`,

  read: {
    session(value) {
      const session = new Document(value, 'session')
      return { id: session.at('session_id').text(), agentId: session.at('agent_id').text() }
    },
    sessionIds: value => new Document(value, 'sessions').list().map(session => session.at('session_id').text()),
    journal(value) {
      const session = new Document(value, 'session events').at('session')
      return {
        sessionId: session.at('session_id').text(),
        entries: session.at('journal').list().length,
        text: JSON.stringify(value),
      }
    },
    run: value => run(new Document(value, 'run')),
    runs: value => new Document(value, 'runs').list().map(run),
    runtime(value) {
      const runtime = new Document(value, 'runtime')
      return {
        permissionMode: runtime.at('permission_mode').text(),
        debugLevel: runtime.at('debug_level').text(),
        stateRoot: runtime.at('state_root').text(),
        revision: runtime.at('config').at('revision').count(),
        routes: runtime.at('routes').optional(
          routes =>
            routes.list().map(route => ({
              id: route.at('route_id').text(),
              provider: route.at('provider').text(),
              model: route.at('model').text(),
            })),
          [],
        ),
        activeRoute: runtime.at('route_id').optional(text, undefined),
      }
    },
    interrupted: value => new Document(value, 'interrupt').at('interrupted').flag(),
    tasks: value => new Document(value, 'tasks').list().map(task => task.at('id').text()),
    deliveries: value =>
      new Document(value, 'deliveries').list().map(delivery => ({
        id: delivery.at('delivery_id').text(),
        runId: delivery.at('run_id').optional(text, undefined),
      })),
    problem(value) {
      const problem = new Document(value, 'problem')
      return {
        status: problem.at('status').count(),
        code: problem.at('code').text(),
        domain: problem.at('domain').optional(text, undefined),
      }
    },
    canaries: value =>
      new Document(value, 'doctor routes')
        .at('canaries')
        .list()
        .map(canary => ({
          routeId: canary.at('route_id').text(),
          status: canary.at('status').oneOf(['passed', 'failed', 'timeout']),
          runId: canary.at('run_id').text(),
        })),
  },
}
