import type { AccessApi } from '../../model/access-api.ts'
import type { Json } from '../../model/check.ts'
import { Document } from './document.ts'

const seg = encodeURIComponent
/** Flags of `secrets set --provider`, by what slots call them. Accounts of an authorization server come from a login. */
const PROVIDER_OPTIONS: Readonly<Record<string, string>> = {
  generic: 'generic',
  anthropic: 'anthropic',
  google: 'google',
  open_ai: 'openai',
  open_router: 'openrouter',
  x_ai: 'xai',
}
const LEASES = ['issued_route_leases', 'issued_connector_leases', 'issued_mcp_leases']
const ids = (list: Document) => list.list().map(id => id.text())

function memberNames(value: Json | undefined): string[] {
  if (Array.isArray(value)) return value.flatMap(memberNames)
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, member]) => [name, ...memberNames(member)])
}

/** A connector may have several, and an empty list is left out; what has one only must name it. */
function slotsOf(audience: Document): readonly string[] {
  return audience.at('type').text() === 'connector'
    ? audience.at('secret_refs').optional(ids, [])
    : [audience.at('slot_id').text()]
}

/** Subjects, leases and slots of the daemon. */
export const access: AccessApi = {
  paths: {
    subject: id => `/v1/runtime/auth/subjects/${seg(id)}`,
    revokeSubject: id => `/v1/runtime/auth/subjects/${seg(id)}/revoke`,
    lease: id => `/v1/runtime/auth/leases/${seg(id)}`,
    slot: id => `/v1/runtime/secrets/${seg(id)}`,
    revokeSlot: id => `/v1/runtime/auth/slots/${seg(id)}/revoke`,
  },
  hidden: /digest|token|secret_value/i,
  agentSubject: agentId => `agent:${agentId}`,
  connectorSubject: name => `connector:${name}`,
  providerOption: provider => PROVIDER_OPTIONS[provider],

  read: {
    subject(value) {
      const subject = new Document(value, 'subject')
      return {
        id: subject.at('subject_id').text(),
        epoch: subject.at('current_epoch').count(),
        revoked: subject.at('revoked').flag(),
        // Each is left out when empty; that is documented, not a default of ours.
        leases: {
          connector: subject.at('active_connector_lease_ids').optional(ids, []),
          route: subject.at('active_route_lease_ids').optional(ids, []),
          mcp: subject.at('active_mcp_lease_ids').optional(ids, []),
        },
      }
    },
    lease(value) {
      const status = new Document(value, 'lease status')
      const lease = status.at('lease')
      return {
        id: lease.at('id').text(),
        subjectId: lease.at('subject_id').text(),
        slots: slotsOf(lease.at('audience')),
        revoked: status.at('revoked').flag(),
        active: status.at('active').flag(),
        issuedAtMs: lease.at('issued_at_ms').count(),
        expiresAtMs: lease.at('expires_at_ms').count(),
        memberNames: memberNames(value),
      }
    },
    accepted: value => new Document(value, 'answer').at('accepted').flag(),
    storedLeases(value) {
      const state = new Document(value, 'broker state')
      return LEASES.flatMap(name => state.at(name).optional(leases => leases.names(), []))
    },
  },
}
