import type { EdgeApi, EdgeKind } from '../../model/edge-api.ts'

const get = (id: string, kind: EdgeKind, path: string) => ({ id, kind, method: 'GET', path }) as const
const post = (id: string, kind: EdgeKind, path: string) => ({ id, kind, method: 'POST', path }) as const

/** What a proxy in front of the daemon has to get right. `x` stands for any id. */
export const edge: EdgeApi = {
  paths: [
    get('events-stream', 'stream', '/v1/events/stream'),
    get('session-stream', 'stream', '/v1/sessions/x/stream'),
    get('run-stream', 'stream', '/v1/runs/x/stream'),
    get('flow-stream', 'stream', '/v1/flows/x/stream'),
    post('connector-http', 'connector', '/v1/connectors/http/x'),
    post('connector-events', 'connector', '/v1/connectors/external/x/events'),
    post('observations', 'connector', '/v1/observation-sources/x/observations'),
    get('healthz', 'health', '/healthz'),
    get('readyz', 'health', '/readyz'),
    get('status', 'ordinary', '/v1/status'),
    post('sessions', 'ordinary', '/v1/sessions'),
  ],
  heartbeatMs: 10_000,
  refusalsPerMinute: 60,
  refusals: {
    missing: { status: 401, code: 'missing_token' },
    unknown: { status: 401, code: 'invalid_token' },
    readonly: { status: 403, code: 'insufficient_access' },
    origin: { status: 403, code: 'origin_not_allowed' },
  },
  // The contract does not name the headers that webhooks are signed with.
  connectorHeaders: [],
}
