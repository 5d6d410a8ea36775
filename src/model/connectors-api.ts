import type { Json } from './check.ts'

export interface ConnectorView {
  readonly name: string
  /** Whether it can be put; else it stands in a file that the daemon was started with. */
  readonly changeable: boolean
  /** Whether the daemon runs its process; else somebody does elsewhere. */
  readonly ownProcess: boolean
  /** Where that listens. */
  readonly baseUrl: string
  /** The slot that the token between the two is in; undefined where it is not in one. */
  readonly sharedSlot: string | undefined
  /** Names of the environment that it is given. */
  readonly envKeys: readonly string[]
  /** Names of the environment that the process is to fetch for itself. */
  readonly credentialKeys: readonly string[]
  /** Compact JSON of all of it, to look a value up in. */
  readonly text: string
}

export interface SidecarHealth {
  readonly status: string
  /** Another one after each start. */
  readonly instanceId: string
}

/** A process that the daemon starts and that takes signed webhooks from outside. */
export interface WebhookSetup {
  readonly command: string
  readonly args: readonly string[]
  /** Of 127.0.0.1, where it is to listen. */
  readonly port: number
  /** Slots of the token between daemon and process, and of the webhook routes. */
  readonly sharedSlot: string
  readonly routesSlot: string
  /** What else is different each time it is to be started anew. */
  readonly generation: string
}

/** How one route of webhooks is signed. */
export interface Signing {
  readonly route: string
  readonly secret: string
  readonly signatureHeader: string
  readonly eventHeader: string
  /** An event of ours is not among those that it takes, so that nothing comes of one. */
  readonly takesNoneOfOurs: boolean
}

export interface WebhookRequest {
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
}

export interface RestartingConfiguration {
  readonly configuration: Json
  /** Slots whose values its process fetches. */
  readonly slots: readonly string[]
  /** As the daemon would show it. */
  readonly envKeys: readonly string[]
  readonly credentialKeys: readonly string[]
}

/** Connectors: the calls, what is put into them, and what their processes are asked. */
export interface ConnectorsApi {
  readonly kind: string
  readonly paths: {
    connector(name: string): string
    /** Where its process hands in several events at once. */
    events(name: string): string
    readonly health: string
  }
  /** Whether a session is one that events of this connector are taken to. */
  makesSession(name: string, sessionId: string): boolean
  webhook(setup: WebhookSetup): Json
  /** What the slot of the routes holds: one route, which takes no event that we send. */
  routes(secret: string): string
  /**
   * A webhook that is signed and asks for nothing.
   *
   * @param signature - hex of the HMAC-SHA256 of the body
   * @param signing - default: that of the one route of {@link ConnectorsApi.routes}
   */
  request(
    delivery: string,
    signature: string,
    signing?: Pick<Signing, 'route' | 'eventHeader' | 'signatureHeader'>,
  ): WebhookRequest
  /** How the webhook routes of a slot's value are signed; empty where it holds none that are. */
  signings(value: string): readonly Signing[]
  /** The variable that {@link ConnectorsApi.restarting} gives another value. */
  readonly marker: string
  /** Events of which there are none: asking for nothing, with the token that would be needed. */
  readonly noEvents: Json
  /**
   * A configuration that starts the process anew: the same with another value of a variable that nobody reads.
   *
   * @throws RunproofError PARAM_INVALID for one that has no process, or has a secret's value in it
   */
  restarting(configuration: Json, generation: string): RestartingConfiguration
  /** The status of an answer to one that is signed well, and what one that is not is told. */
  readonly ignored: string
  readonly invalidSignature: string
  readonly read: {
    connector(document: Json): ConnectorView
    health(document: Json): SidecarHealth
    /** `status` of a webhook that was taken, or `error` of one that was not. */
    verdict(document: Json): string
  }
}
