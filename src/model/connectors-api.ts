import type { Json } from './check.ts'

export interface ConnectorView {
  readonly name: string
  /** Names of the environment that the process is to fetch for itself. */
  readonly credentialKeys: readonly string[]
  /** Compact JSON of all of it, to look a value up in. */
  readonly text: string
}

export interface SidecarHealth {
  readonly status: string
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

export interface WebhookRequest {
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
}

/** Connectors: the calls, what is put into them, and what their processes are asked. */
export interface ConnectorsApi {
  readonly kind: string
  readonly paths: {
    connector(name: string): string
    readonly health: string
  }
  /** Whether a session is one that events of this connector are taken to. */
  makesSession(name: string, sessionId: string): boolean
  webhook(setup: WebhookSetup): Json
  /** What the slot of the routes holds: one route, which takes no event that we send. */
  routes(secret: string): string
  /** A webhook that is signed and asks for nothing. @param signature - hex of the HMAC-SHA256 of the body */
  request(delivery: string, signature: string): WebhookRequest
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
