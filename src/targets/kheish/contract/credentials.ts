import type { Fact } from '../../../model/contract.ts'
import { SLOT } from './shapes.ts'

const generic = (slot: string, value: string) => ({
  path: '/v1/runtime/secrets',
  method: 'POST',
  body: { slot_id: slot, provider: 'generic', mode: 'opaque_secret', state: { value }, updated_at_ms: 1 },
})

/** Secrets, subjects, leases and connectors: what is told of them, and what never is. */
export const credentialFacts: readonly Fact[] = [
  {
    id: 'secret-listed',
    section: 'secrets 2.3',
    says: 'secrets are listed by status, never by value',
    ask: { path: '/v1/runtime/secrets' },
    expected: { status: 200, json: { listOf: SLOT } },
  },
  {
    id: 'secret-set',
    section: 'secrets 2.3',
    says: 'setting a slot answers with its status',
    ask: generic('contract.set', 'a-value-of-no-use'),
    expected: {
      status: 200,
      json: {
        members: {
          slot_id: { is: 'contract.set' },
          provider: { is: 'generic' },
          mode: { is: 'opaque_secret' },
          summary: 'text',
          updated_at_ms: 'count',
        },
      },
    },
  },
  {
    id: 'secret-unknown',
    section: 'secrets 2.3',
    says: 'an unknown slot answers 404 and is named',
    ask: { path: '/v1/runtime/secrets/contract.no-such' },
    expected: {
      status: 404,
      json: { members: { status: { is: 404 }, code: { is: 'not_found' }, detail: /contract\.no-such/ } },
    },
  },
  {
    id: 'secret-deleted',
    section: 'secrets 2.3',
    says: 'deleting a slot answers accepted',
    before: [generic('contract.gone', 'a-value-of-no-use')],
    ask: { path: '/v1/runtime/secrets/contract.gone', method: 'DELETE' },
    expected: { status: 200, json: { members: { accepted: { is: true } } } },
  },
  {
    id: 'secret-deleted-twice',
    section: 'secrets 2.3',
    says: 'deleting a slot that is not there answers 200 and not accepted',
    ask: { path: '/v1/runtime/secrets/contract.never', method: 'DELETE' },
    expected: { status: 200, json: { members: { accepted: { is: false } } } },
  },
  {
    id: 'secret-namespace',
    section: 'secrets 2.1',
    says: 'slots of connectors must be generic or OAuth',
    ask: {
      path: '/v1/runtime/secrets',
      method: 'POST',
      body: {
        slot_id: 'connectors.contract',
        provider: 'open_ai',
        mode: 'api_key',
        state: { kind: 'api_key', api_key: 'of-no-use-at-all', organization: null, project: null },
        updated_at_ms: 1,
      },
    },
    expected: { status: 400, json: { members: { status: { is: 400 }, detail: 'text' } } },
  },
  {
    id: 'slot-revoked',
    section: 'secrets 3.2',
    says: 'revoking a slot without leases, and with no body, says that none was revoked',
    before: [generic('contract.revoked', 'a-value-of-no-use')],
    ask: { path: '/v1/runtime/auth/slots/contract.revoked/revoke', method: 'POST' },
    expected: { status: 200, json: { members: { slot_id: { is: 'contract.revoked' }, revoked_leases: { is: 0 } } } },
  },
  {
    id: 'slot-revoked-looks-healthy',
    section: 'secrets 2.2',
    says: 'a revoked slot looks as it did: its status does not say so',
    before: [
      generic('contract.blocked', 'a-value-of-no-use'),
      { path: '/v1/runtime/auth/slots/contract.blocked/revoke', method: 'POST' },
    ],
    ask: { path: '/v1/runtime/secrets/contract.blocked' },
    expected: { status: 200, json: SLOT },
  },
  {
    id: 'slot-unknown-revoked',
    section: 'secrets 3.2',
    says: 'revoking an unknown slot answers 404',
    ask: { path: '/v1/runtime/auth/slots/contract.no-such/revoke', method: 'POST' },
    expected: { status: 404, json: { members: { code: { is: 'not_found' } } } },
  },
  {
    id: 'subject-unknown',
    section: 'secrets 3.2',
    says: 'an unknown subject answers 404',
    ask: { path: '/v1/runtime/auth/subjects/agent:no-such' },
    expected: { status: 404, json: { members: { code: { is: 'not_found' } } } },
  },
  {
    id: 'lease-unknown',
    section: 'secrets 3.2',
    says: 'an unknown lease answers 404, also when its id begins with a hyphen',
    ask: { path: '/v1/runtime/auth/leases/-no-such-lease' },
    expected: { status: 404, json: { members: { code: { is: 'not_found' } } } },
  },
  {
    id: 'accounts-none',
    section: 'secrets 3.2',
    says: 'without OAuth accounts their list is empty',
    ask: { path: '/v1/runtime/auth/accounts' },
    expected: { status: 200, json: { is: [] } },
  },
  {
    id: 'connector-unknown',
    section: 'secrets 5.1',
    says: 'an unknown connector answers 404 and is named',
    ask: { path: '/v1/runtime/connectors/external/no-such', as: 'readonly' },
    expected: { status: 404, json: { members: { detail: /external\/no-such/ } } },
  },
  {
    id: 'connector-metrics',
    section: 'secrets 5.1',
    says: 'metrics of connectors are Prometheus text',
    ask: { path: '/v1/runtime/connectors/external/metrics', as: 'readonly' },
    expected: { status: 200, headers: { 'content-type': /^text\/plain; version=0\.0\.4/ } },
  },
  {
    id: 'capture-agents-none',
    section: 'secrets 8.2',
    says: 'without capture agents their list is empty',
    ask: { path: '/v1/capture-agents', as: 'readonly' },
    expected: { status: 200, json: { is: [] } },
  },
  {
    id: 'capture-heartbeat-unknown',
    section: 'secrets 8.3',
    says: 'the heartbeat of an unknown agent answers 401 like any wrong token',
    ask: { path: '/v1/capture-agents/no-such/heartbeat', method: 'POST', as: 'wrong', body: {} },
    expected: {
      status: 401,
      json: { members: { code: { is: 'unauthorized' }, domain: { is: 'observation_ingress' } } },
    },
  },
]
