import type { Fact } from '../../../model/contract.ts'
import { CAPABILITIES, RUNTIME, SESSION, SLOT, STATUS } from './shapes.ts'

/** What the client half of the binary prints, and how it ends. */
export const clientFacts: readonly Fact[] = [
  {
    id: 'cli-status',
    section: 'core 1.3',
    says: 'status prints the status document',
    ask: { words: ['status'] },
    expected: { exit: 0, json: STATUS },
  },
  {
    id: 'cli-capabilities',
    section: 'core 1.3',
    says: 'capabilities prints them',
    ask: { words: ['capabilities'] },
    expected: { exit: 0, json: CAPABILITIES },
  },
  {
    id: 'cli-runtime',
    section: 'core 1.3',
    says: 'runtime get prints the settings',
    ask: { words: ['runtime', 'get'] },
    expected: { exit: 0, json: RUNTIME },
  },
  {
    id: 'cli-session',
    section: 'core 1.3',
    says: 'sessions create prints the session',
    ask: { words: ['sessions', 'create', 'contract-client'] },
    expected: { exit: 0, json: SESSION },
  },
  {
    id: 'cli-secret',
    section: 'core 1.4',
    says: 'secrets set takes a value from standard input and prints the status of the slot',
    ask: {
      words: ['secrets', 'set', 'contract.client', '--provider', 'generic', '--stdin'],
      stdin: 'a-value-of-no-use',
    },
    expected: { exit: 0, json: SLOT },
  },
  {
    id: 'cli-two-sources',
    section: 'secrets 2.1',
    says: 'secrets set with two sources is refused',
    ask: {
      words: ['secrets', 'set', 'contract.two', '--provider', 'generic', '--stdin', '--from-env', 'NO_SUCH'],
      stdin: 'a-value-of-no-use',
    },
    expected: { exit: 1, text: /provide exactly one of/ },
  },
  {
    id: 'cli-doctor-routes',
    section: 'core 1.6',
    says: 'doctor routes --check-auth prints its view, with nothing to tell on a sound daemon',
    ask: { words: ['doctor', 'routes', '--check-auth'] },
    expected: {
      exit: 0,
      json: {
        members: {
          ok: { is: true },
          source: { is: 'runtime' },
          default_route: 'text',
          route_count: { is: 1 },
          auth_checked: { is: true },
          reference_checked: { is: false },
          canary_checked: { is: false },
          routes: { listOf: { members: { route_id: 'text', auth_ref: 'text', auth_kind: { is: 'auth_ref' } } } },
          diagnostics: { is: [] },
          warnings: { is: [] },
          errors: { is: [] },
        },
      },
    },
  },
  {
    id: 'cli-refused',
    section: 'core 1.2',
    says: 'a command whose token is refused exits with 4 and says why on standard error',
    ask: { words: ['status'], as: 'wrong' },
    expected: { exit: 4, text: /^Error: daemon returned 401 Unauthorized \(invalid_token\): / },
  },
  {
    id: 'cli-not-found',
    section: 'core 1.2',
    says: 'a 404 exits with 5',
    ask: { words: ['runs', 'get', 'run-999999'] },
    expected: { exit: 5, text: /run_not_found/ },
  },
  {
    id: 'cli-bad-request',
    section: 'core 1.2',
    says: 'a 400 exits with 2',
    ask: { words: ['sessions', 'create', '..'] },
    expected: { exit: 2, text: /^Error: daemon returned 400 Bad Request/ },
  },
  {
    id: 'cli-usage',
    section: 'core 1.2',
    says: 'an unknown flag is a usage error: 2',
    ask: { words: ['status', '--no-such-flag'] },
    expected: { exit: 2, text: /no-such-flag/ },
  },
]
