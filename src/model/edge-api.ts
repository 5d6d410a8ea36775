/** What kind of request arrives at a path: what it needs of a proxy in front differs. */
export type EdgeKind = 'stream' | 'connector' | 'health' | 'ordinary'

/** One path of a daemon that stands for all of its kind. */
export interface EdgePath {
  readonly id: string
  readonly kind: EdgeKind
  readonly method: 'GET' | 'POST'
  readonly path: string
}

/** How the daemon refuses: the status and the code in the answer's document. */
export interface Refusal {
  readonly status: number
  readonly code: string
}

/** What a proxy in front of a daemon has to get right. */
export interface EdgeApi {
  readonly paths: readonly EdgePath[]
  /** Heartbeats of an idle stream come this often. */
  readonly heartbeatMs: number
  /** Refused attempts per code and minute before the daemon's limiter answers instead. */
  readonly refusalsPerMinute: number
  /** Without a token, with an unknown one, with one that may only read, and from an origin that is not allowed. */
  readonly refusals: Readonly<Record<'missing' | 'unknown' | 'readonly' | 'origin', Refusal>>
  /** Headers by which connectors are authenticated, if the contract names them; lower case. */
  readonly connectorHeaders: readonly string[]
}
