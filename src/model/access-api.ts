import type { Json } from './check.ts'

export type LeaseFamily = 'connector' | 'route' | 'mcp'

/** Who is given credentials: an agent, a session, a connector. */
export interface SubjectView {
  readonly id: string
  readonly epoch: number
  readonly revoked: boolean
  /** Ids of leases that are good now. */
  readonly leases: Readonly<Record<LeaseFamily, readonly string[]>>
}

export interface LeaseView {
  readonly id: string
  readonly subjectId: string
  /** Slots whose value it gives access to. */
  readonly slots: readonly string[]
  readonly revoked: boolean
  readonly active: boolean
  readonly issuedAtMs: number
  readonly expiresAtMs: number
  /** Every member name anywhere in the view: a digest that is shown stands among them. */
  readonly memberNames: readonly string[]
}

/** Who holds which credential for how long: the calls, and strict readers of what they answer. */
export interface AccessApi {
  readonly paths: {
    subject(id: string): string
    revokeSubject(id: string): string
    lease(id: string): string
    slot(id: string): string
    revokeSlot(id: string): string
  }
  /** Names under which a view would show what a lease is proven by. */
  readonly hidden: RegExp
  agentSubject(agentId: string): string
  connectorSubject(name: string): string
  /** The client's own word for a provider as slots name it; undefined where the client cannot set such a slot. */
  providerOption(provider: string): string | undefined
  readonly read: {
    subject(document: Json): SubjectView
    lease(document: Json): LeaseView
    accepted(document: Json): boolean
    /** Ids of every lease in the broker's state file. */
    storedLeases(document: Json): readonly string[]
  }
}
