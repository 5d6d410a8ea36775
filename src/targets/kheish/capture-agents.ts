import type { CaptureAgentsApi, CaptureAgentView } from '../../model/capture-agents.ts'
import { Document } from './document.ts'

const HEARTBEATS = ['pending', 'healthy', 'missing', 'revoked'] as const
const STATUSES = ['active', 'revoked'] as const

const text = (document: Document) => document.text()
const texts = (document: Document) => document.list().map(text)
const count = (document: Document) => document.count()

function agent(view: Document): CaptureAgentView {
  return {
    machineId: view.at('machine_id').text(),
    batchId: view.at('batch_id').text(),
    status: view.at('status').oneOf(STATUSES),
    heartbeat: view.at('heartbeat_state').oneOf(HEARTBEATS),
    sourceIds: texts(view.at('source_ids')),
    leases: view
      .at('leases')
      .list()
      .map(lease => ({
        leaseId: lease.at('lease_id').text(),
        sourceId: lease.at('source_id').text(),
        tokenVersion: lease.at('upload_token_version').count(),
        issuedAtMs: lease.at('issued_at_ms').count(),
        expiresAtMs: lease.at('expires_at_ms').count(),
        // Left out by the daemon while there is nothing to say; that is documented, not a default of ours.
        revokedAtMs: lease.at('revoked_at_ms').optional(count, undefined),
        supersededBy: lease.at('superseded_by').optional(text, undefined),
      })),
    intervalMs: view.at('heartbeat_interval_ms').count(),
    graceMs: view.at('heartbeat_grace_ms').count(),
    deadlineMs: view.at('heartbeat_deadline_ms').count(),
    tokenVersion: view.at('heartbeat_token_version').count(),
    lastHeartbeatAtMs: view.at('last_heartbeat_at_ms').optional(count, undefined),
    agentVersion: view.at('last_heartbeat_agent_version').optional(text, undefined),
    observedSourceIds: view.at('last_heartbeat_observed_source_ids').optional(texts, undefined),
    missingSinceMs: view.at('heartbeat_missing_since_ms').optional(count, undefined),
    revokedAtMs: view.at('revoked_at_ms').optional(count, undefined),
    revokedReason: view.at('revoked_reason').optional(text, undefined),
  }
}

/** Capture agents of the daemon. What an upload holds besides its key is not written down anywhere; the stand-in takes any. */
export const captureAgents: CaptureAgentsApi = {
  paths: {
    provisions: '/v1/capture-agent-provisions',
    agents: '/v1/capture-agents',
    alerts: '/v1/capture-alerts',
    uploadAudit: '/v1/observation-audit',
    agent: machineId => `/v1/capture-agents/${encodeURIComponent(machineId)}`,
    heartbeat: machineId => `/v1/capture-agents/${encodeURIComponent(machineId)}/heartbeat`,
    revoke: machineId => `/v1/capture-agents/${encodeURIComponent(machineId)}/revoke`,
    uploads: sourceId => `/v1/observation-sources/${encodeURIComponent(sourceId)}/observations`,
  },
  token: /khc_[0-9a-f]{64}/g,
  harmlessDigests: ['provision_fingerprint_sha256'],

  provision: ({ batchId, machineId, daemonBaseUrl, intervalMs, graceMs }) => ({
    batch_id: batchId,
    daemon_base_url: daemonBaseUrl,
    agents: [{ machine_id: machineId }],
    sources: { screen: true, microphone: true },
    heartbeat_interval_ms: intervalMs,
    heartbeat_grace_ms: graceMs,
  }),
  heartbeat: (observedSourceIds, agentVersion) => ({
    observed_source_ids: observedSourceIds,
    agent_version: agentVersion,
  }),
  observation: (idempotencyKey, content) => ({ idempotency_key: idempotencyKey, text: content }),

  read: {
    provisioned(value) {
      const reply = new Document(value, 'provision')
      return {
        batchId: reply.at('batch_id').text(),
        agents: reply
          .at('agents')
          .list()
          .map(one => ({
            machineId: one.at('machine_id').text(),
            intervalMs: one.at('heartbeat_interval_ms').count(),
            graceMs: one.at('heartbeat_grace_ms').count(),
            deadlineMs: one.at('heartbeat_deadline_ms').count(),
            heartbeatToken: one.at('heartbeat_token').text(),
            expiresAtMs: one.at('token_expires_at_ms').count(),
            config: one.at('config_toml').text(),
            sources: one
              .at('sources')
              .list()
              .map(source => ({
                sourceId: source.at('source_id').text(),
                kind: source.at('kind').text(),
                leaseId: source.at('lease_id').text(),
                expiresAtMs: source.at('expires_at_ms').count(),
                uploadToken: source.at('upload_token').text(),
              })),
          })),
      }
    },
    agent: value => agent(new Document(value, 'capture agent')),
    agents: value => new Document(value, 'capture agents').list().map(agent),
    alerts: value =>
      new Document(value, 'capture alerts').list().map(alert => {
        alert.at('kind').oneOf(['missing_heartbeat'])
        alert.at('severity').text()
        return {
          machineId: alert.at('machine_id').text(),
          detectedAtMs: alert.at('detected_at_ms').count(),
          deadlineMs: alert.at('heartbeat_deadline_ms').count(),
        }
      }),
    heartbeat(value) {
      const reply = new Document(value, 'heartbeat')
      return {
        machineId: reply.at('machine_id').text(),
        heartbeat: reply.at('heartbeat_state').oneOf(HEARTBEATS),
        lastHeartbeatAtMs: reply.at('last_heartbeat_at_ms').count(),
        deadlineMs: reply.at('heartbeat_deadline_ms').count(),
      }
    },
    refusal(value) {
      const problem = new Document(value, 'problem')
      const [domain, code, detail] = ['domain', 'code', 'detail'].map(name => problem.at(name).text())
      return `${domain} ${code}: ${detail}`
    },
    uploaded: value => new Document(value, 'observation').at('observation_id').text(),
    uploadAudit: value =>
      new Document(value, 'observation audit').list().map(entry => ({
        sourceId: entry.at('source_id').text(),
        outcome: entry.at('outcome').text(),
        reason: entry.at('reason').optional(text, undefined),
      })),
  },
}
