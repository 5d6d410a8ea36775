import type { Fact } from '../../../model/contract.ts'

/** Liveness, readiness and who may ask. */
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
    id: 'status-without-token',
    section: 'core 4.1',
    says: 'a request without a token answers 401 missing_token as a problem, with a challenge',
    ask: { path: '/v1/status', as: 'nobody' },
    expected: {
      status: 401,
      headers: {
        'content-type': /^application\/problem\+json/,
        'www-authenticate': /^Bearer realm="kheish-daemon"$/,
      },
      json: {
        members: {
          type: { is: 'urn:kheish:problem:missing_token' },
          title: { is: 'Unauthorized' },
          status: { is: 401 },
          detail: 'text',
          code: { is: 'missing_token' },
          domain: { is: 'auth' },
        },
      },
    },
  },
  {
    id: 'status-exit-4',
    section: 'core 1.2',
    says: 'a command that is refused its token exits with 4 and prints nothing on standard output',
    ask: { words: ['status'], as: 'wrong' },
    expected: { exit: 4, text: /^Error: daemon returned 401 Unauthorized \(invalid_token\): / },
  },
]
