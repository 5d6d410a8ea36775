import type { Fact } from '../../../model/contract.ts'
import { problem } from './shapes.ts'

const CHALLENGE = { 'www-authenticate': /^Bearer realm="kheish-daemon"$/ }
const ALLOWED_METHODS = /GET.*POST|POST.*GET/

/** Who may ask, from where, and how refusals look. Few refusals a code: the daemon counts them. */
export const accessFacts: readonly Fact[] = [
  {
    id: 'no-token',
    section: 'core 4.1',
    says: 'a request without a token answers 401 missing_token, with a challenge',
    ask: { path: '/v1/status', as: 'nobody' },
    expected: { ...problem(401, 'missing_token', 'auth'), headers: CHALLENGE },
  },
  {
    id: 'unknown-token',
    section: 'core 4.1',
    says: 'an unknown token answers 401 invalid_token, with a challenge',
    ask: { path: '/v1/status', as: 'wrong' },
    expected: { ...problem(401, 'invalid_token', 'auth'), headers: CHALLENGE },
  },
  {
    id: 'no-bearer',
    section: 'core 4.1',
    says: 'another scheme than bearer answers 401 malformed_token',
    ask: { path: '/v1/status', as: 'nobody', headers: { authorization: 'Basic bm90OmE=' } },
    expected: problem(401, 'malformed_token', 'auth'),
  },
  {
    id: 'readonly-reads',
    section: 'core 4.1',
    says: 'a read-only token may read sessions',
    ask: { path: '/v1/sessions', as: 'readonly' },
    expected: { status: 200, json: { listOf: 'any' } },
  },
  {
    id: 'readonly-writes',
    section: 'core 4.1',
    says: 'a read-only token may change nothing: 403 insufficient_access',
    ask: { path: '/v1/runtime/debug-level', method: 'POST', as: 'readonly', body: { level: 'off' } },
    expected: problem(403, 'insufficient_access', 'auth'),
  },
  {
    id: 'readonly-secrets',
    section: 'core 4.1',
    says: 'a read-only token may not list secrets',
    ask: { path: '/v1/runtime/secrets', as: 'readonly' },
    expected: problem(403, 'insufficient_access', 'auth'),
  },
  {
    id: 'loopback-origin',
    section: 'core 4.5',
    says: 'a loopback origin is echoed',
    ask: { path: '/v1/capabilities', as: 'readonly', headers: { origin: 'http://localhost:5173' } },
    expected: { status: 200, headers: { 'access-control-allow-origin': /^http:\/\/localhost:5173$/ } },
  },
  {
    id: 'foreign-origin',
    section: 'core 4.5',
    says: 'another origin is refused, whoever asks: 403 origin_not_allowed',
    ask: { path: '/v1/capabilities', as: 'readonly', headers: { origin: 'https://elsewhere.example' } },
    expected: problem(403, 'origin_not_allowed', 'cors'),
  },
  {
    id: 'preflight',
    section: 'core 4.5',
    says: 'OPTIONS needs no token and names methods, headers and their age',
    ask: {
      path: '/v1/status',
      method: 'OPTIONS',
      as: 'nobody',
      headers: {
        origin: 'http://127.0.0.1:5173',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type',
      },
    },
    expected: {
      status: 204,
      headers: {
        'access-control-allow-origin': /^http:\/\/127\.0\.0\.1:5173$/,
        'access-control-allow-methods': ALLOWED_METHODS,
        'access-control-allow-headers': /authorization.*content-type/,
        'access-control-max-age': /^600$/,
      },
    },
  },
  {
    id: 'cursor-query',
    section: 'core 3.3',
    says: 'a cursor that is no number answers 400 invalid_event_cursor',
    ask: { path: '/v1/events/stream?cursor=abc', as: 'readonly' },
    expected: problem(400, 'invalid_event_cursor', 'events'),
  },
  {
    id: 'cursor-header',
    section: 'core 3.3',
    says: 'neither does one in Last-Event-ID pass',
    ask: { path: '/v1/events/stream', as: 'readonly', headers: { 'last-event-id': 'abc' } },
    expected: problem(400, 'invalid_event_cursor', 'events'),
  },
  {
    id: 'unknown-session-stream',
    section: 'core 3',
    says: 'the stream of an unknown session answers 404 session_not_found',
    ask: { path: '/v1/sessions/no-such-session/stream', as: 'readonly' },
    expected: problem(404, 'session_not_found', 'sessions'),
  },
]
