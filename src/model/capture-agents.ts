import type { Json } from './check.ts'

/** One upload token of one source of an agent, as an operator sees it: never the token, never its digest. */
export interface CaptureLease {
  readonly leaseId: string
  readonly sourceId: string
  readonly tokenVersion: number
  /** Milliseconds since 1970 by the daemon's clock, like every other instant here. */
  readonly issuedAtMs: number
  readonly expiresAtMs: number
  readonly revokedAtMs: number | undefined
  /** The lease that a later batch put in its place. */
  readonly supersededBy: string | undefined
}

/** A machine that records for a daemon and reports to it with tokens of its own. */
export interface CaptureAgentView {
  readonly machineId: string
  readonly batchId: string
  readonly osProfile: string
  readonly status: 'active' | 'revoked'
  readonly heartbeat: 'pending' | 'healthy' | 'missing' | 'revoked'
  readonly sourceIds: readonly string[]
  readonly leases: readonly CaptureLease[]
  readonly intervalMs: number
  readonly graceMs: number
  readonly deadlineMs: number
  readonly tokenVersion: number
  readonly lastHeartbeatAtMs: number | undefined
  readonly agentVersion: string | undefined
  readonly observedSourceIds: readonly string[] | undefined
  readonly missingSinceMs: number | undefined
  readonly revokedAtMs: number | undefined
  readonly revokedReason: string | undefined
}

/** That a machine's heartbeat stays away; there is no other kind. */
export interface CaptureAlert {
  readonly machineId: string
  readonly detectedAtMs: number
  readonly deadlineMs: number
}

/** What an agent is told once. The tokens in it are values: whoever reads it makes secrets of them at once. */
export interface ProvisionedAgent {
  readonly machineId: string
  readonly intervalMs: number
  readonly graceMs: number
  readonly deadlineMs: number
  readonly heartbeatToken: string
  readonly expiresAtMs: number
  /** The configuration file of the agent. */
  readonly config: string
  readonly sources: readonly {
    readonly sourceId: string
    readonly kind: string
    readonly leaseId: string
    readonly expiresAtMs: number
    readonly uploadToken: string
  }[]
}

export interface HeartbeatReply {
  readonly machineId: string
  readonly heartbeat: CaptureAgentView['heartbeat']
  readonly lastHeartbeatAtMs: number
  readonly deadlineMs: number
}

export interface ProvisionRequest {
  readonly batchId: string
  readonly machineId: string
  readonly daemonBaseUrl: string
  readonly intervalMs: number
  readonly graceMs: number
}

/** A machine is provisioned again as it was, as far as its view tells; what it does not tell takes the daemon's defaults. */
export interface ReprovisionRequest {
  readonly batchId: string
  readonly view: Pick<CaptureAgentView, 'machineId' | 'osProfile' | 'sourceIds' | 'intervalMs' | 'graceMs'>
  /** Where the machine reaches the daemon. */
  readonly daemonBaseUrl: string
  /** Of the tokens. */
  readonly lifetimeMs: number | undefined
  /** Members of the request that no view shows. */
  readonly also: Readonly<Record<string, Json>>
}

/** What the configuration file of an agent says. The tokens in it are values: whoever reads it makes secrets of them at once. */
export interface AgentConfig {
  readonly machineId: string
  readonly batchId: string
  readonly heartbeatToken: string
  readonly sources: readonly { readonly sourceId: string; readonly uploadToken: string }[]
}

/** The calls about capture agents, and strict readers of what they answer. */
export interface CaptureAgentsApi {
  readonly paths: {
    readonly provisions: string
    readonly agents: string
    readonly alerts: string
    /** What was uploaded, and what was refused with its reason. */
    readonly uploadAudit: string
    agent(machineId: string): string
    heartbeat(machineId: string): string
    revoke(machineId: string): string
    uploads(sourceId: string): string
  }
  /** What a token looks like, wherever it stands; global. */
  readonly token: RegExp
  /** Members of views that are digests of no token. */
  readonly harmlessDigests: readonly string[]
  /** Two sources, so that a rotation has more than one lease to replace. */
  provision(request: ProvisionRequest): Json
  reprovision(request: ReprovisionRequest): Json
  /** What of such sources a view does not tell, and how they are asked for all the same; undefined where it tells everything. */
  guessed(sourceIds: readonly string[]): string | undefined
  /** Members that {@link ReprovisionRequest.also} may have. */
  readonly alsoMembers: readonly string[]
  /** The name of the configuration file of a machine. */
  configFile(machineId: string): string
  heartbeat(observedSourceIds: readonly string[], agentVersion: string): Json
  observation(idempotencyKey: string, text: string): Json
  read: {
    provisioned(document: Json): { readonly batchId: string; readonly agents: readonly ProvisionedAgent[] }
    /** @throws RunproofError ANSWER_MALFORMED, which repeats nothing of it */
    config(text: string): AgentConfig
    agent(document: Json): CaptureAgentView
    agents(document: Json): readonly CaptureAgentView[]
    alerts(document: Json): readonly CaptureAlert[]
    heartbeat(document: Json): HeartbeatReply
    /** What a refusal says, without what differs from one request to the next. */
    refusal(document: Json): string
    /** The id of what was uploaded. */
    uploaded(document: Json): string
    uploadAudit(document: Json): readonly {
      readonly sourceId: string
      readonly outcome: string
      readonly reason: string | undefined
    }[]
  }
}
