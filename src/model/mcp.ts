import type { Json } from './check.ts'

/** An MCP server, as the daemon's runtime shows it. */
export interface McpServerView {
  readonly server: string
  readonly transport: string
  readonly usesCredentials: boolean
  /** Slots it draws on. */
  readonly secretRefs: readonly string[]
  readonly connected: boolean
  readonly tools: readonly string[]
  readonly error: string | undefined
}

export interface McpSnapshot {
  readonly servers: readonly McpServerView[]
  /** Of all servers together. */
  readonly toolNames: readonly string[]
}

/** An account at an authorization server that the daemon keeps; never its tokens. */
export interface OAuthAccount {
  readonly slot: string
  readonly provider: string
  readonly mode: string
  readonly resource: string
  /** Under which the authorization server knows the daemon. */
  readonly clientId: string
  readonly scopes: readonly string[]
  readonly expiresAtMs: number | undefined
  readonly lastRefreshAtMs: number | undefined
  readonly lastRefreshOutcome: string | undefined
}

/** What a login says before it waits for the browser. */
export interface LoginOffer {
  readonly authorizationUrl: string
  readonly redirectUri: string
  readonly slot: string
}

/** MCP servers and OAuth accounts of a daemon: calls, names, configuration, and strict readers. */
export interface McpApi {
  readonly paths: {
    readonly runtime: string
    readonly accounts: string
    account(slot: string): string
    refreshAccount(slot: string): string
    revokeAccount(slot: string): string
    secret(slot: string): string
    callTool(tool: string): string
  }
  toolName(server: string, tool: string): string
  /** The slot of a bearer token that an operator keeps for a server. */
  bearerSlot(server: string): string
  /** The slot that a login without a choice of its own stores an account in. */
  accountSlot(server: string): string
  /** Configuration files. */
  bearerConfig(server: { readonly name: string; readonly url: string; readonly slot: string }): string
  oauthConfig(server: {
    readonly name: string
    readonly url: string
    readonly slot: string
    readonly scopes: readonly string[]
  }): string
  /** Lets every tool be called without a person deciding. */
  readonly allowTools: { readonly path: string; readonly body: Json }
  /** An input for a session that has its model call tools. */
  submission(content: string, routeId: string): Json
  /** Why a server with an account is not connected at boot. */
  readonly lazy: string
  /** What is said of a slot that cannot be deleted because a server uses it. */
  readonly held: string
  /** `provider` and `mode` of an account. */
  readonly accountKind: { readonly provider: string; readonly mode: string }
  read: {
    snapshot(runtime: Json): McpSnapshot
    account(document: Json): OAuthAccount
    accounts(document: Json): readonly OAuthAccount[]
    accepted(document: Json): boolean
    loginOffer(document: Json): LoginOffer
    /** What a problem document says. */
    problem(document: Json): string
  }
}
