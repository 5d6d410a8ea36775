import type { AgentConfig, CaptureAgentsApi, CaptureAgentView } from '../../model/capture-agents.ts'
import { RunproofError } from '../../model/error.ts'
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
    osProfile: view.at('os_profile').text(),
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

/** What a source of that name is asked for with. Call audio has one source for both of its sounds, and a view does not say which. */
const SWITCHES = { screen: 'screen', camera: 'camera', 'call-audio': 'microphone' } as const

/** @throws RunproofError ANSWER_MALFORMED */
function switchesOf(sourceIds: readonly string[]): Readonly<Record<string, boolean>> {
  const on = sourceIds.map(id => {
    const kind = Object.keys(SWITCHES).find(name => id.endsWith(`-${name}`))
    if (kind === undefined)
      throw new RunproofError('ANSWER_MALFORMED', `nobody knows how the source ${id} is asked for again`, {
        hint: 'provision the machine by hand',
      })
    return SWITCHES[kind as keyof typeof SWITCHES]
  })
  return Object.fromEntries(
    ['screen', 'camera', 'system_audio', 'microphone'].map(name => [name, on.some(one => one === name)]),
  )
}

/** The members of such a file are read by name and its tables in order: nothing else of TOML is needed. */
function agentConfig(text: string): AgentConfig {
  const [head = '', ...tables] = text.split(/^\s*\[\[sources\]\]\s*$/m)
  const member = (table: string, name: string): string => {
    const value = new RegExp(`^\\s*${name}\\s*=\\s*"([^"]+)"\\s*$`, 'm').exec(table)?.[1]
    if (value === undefined)
      throw new RunproofError('ANSWER_MALFORMED', `the configuration file of an agent has no ${name} where one belongs`)
    return value
  }
  return {
    machineId: member(head, 'machine_id'),
    batchId: member(head, 'batch_id'),
    heartbeatToken: member(head, 'heartbeat_token'),
    sources: tables.map(table => ({
      sourceId: member(table, 'source_id'),
      uploadToken: member(table, 'upload_token'),
    })),
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
  reprovision: ({ batchId, view, daemonBaseUrl, lifetimeMs, also }) => ({
    ...also,
    batch_id: batchId,
    daemon_base_url: daemonBaseUrl,
    os_profile: view.osProfile,
    agents: [{ machine_id: view.machineId }],
    sources: also['sources'] ?? switchesOf(view.sourceIds),
    heartbeat_interval_ms: view.intervalMs,
    heartbeat_grace_ms: view.graceMs,
    ...(lifetimeMs === undefined ? {} : { token_ttl_ms: lifetimeMs }),
  }),
  guessed: sourceIds =>
    sourceIds.some(id => id.endsWith('-call-audio'))
      ? 'no view says which sounds the call audio of the machine is made of: the microphone is asked for; also={"sources":{…}} says otherwise'
      : undefined,
  alsoMembers: [
    ...['sources', 'interval_ms', 'max_runs', 'duration_ms'],
    ...['retention_seconds', 'max_active_observations', 'max_active_bytes'],
  ],
  configFile: machineId => `${machineId}.capture.toml`,
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
    config: agentConfig,
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
