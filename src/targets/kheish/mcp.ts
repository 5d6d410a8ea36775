import type { McpApi, OAuthAccount } from '../../model/mcp.ts'
import { Document } from './document.ts'

const text = (document: Document) => document.text()
const texts = (document: Document) => document.list().map(text)
const count = (document: Document) => document.count()
const quoted = (value: string) => JSON.stringify(value)

function account(status: Document): OAuthAccount {
  const details = status.at('details')
  return {
    slot: status.at('slot_id').text(),
    provider: status.at('provider').text(),
    mode: status.at('mode').text(),
    resource: details.at('resource').text(),
    clientId: details.at('client_id').text(),
    // These are shown only when they are known; that is documented, not a default of ours.
    scopes: details.at('scopes').optional(texts, []),
    expiresAtMs: details.at('expires_at_ms').optional(count, undefined),
    lastRefreshAtMs: details.at('last_refresh_at_ms').optional(count, undefined),
    lastRefreshOutcome: details.at('last_refresh_outcome').optional(text, undefined),
  }
}

/** MCP servers over HTTP and their credentials. What a tool call answers is not written down: only its text is looked at. */
export const mcp: McpApi = {
  paths: {
    runtime: '/v1/runtime',
    accounts: '/v1/runtime/auth/accounts',
    account: slot => `/v1/runtime/auth/accounts/${slot}`,
    refreshAccount: slot => `/v1/runtime/auth/accounts/${slot}/refresh`,
    revokeAccount: slot => `/v1/runtime/auth/accounts/${slot}/revoke`,
    secret: slot => `/v1/runtime/secrets/${slot}`,
    callTool: tool => `/v1/runtime/mcp/tools/${tool}/call`,
  },
  toolName: (server, tool) => `mcp__${server}__${tool}`,
  bearerSlot: server => `mcp.custom.${server}.BEARER_TOKEN`,
  accountSlot: server => `mcp.oauth.${server}`,
  bearerConfig: ({ name, url, slot }) =>
    [`[mcp_servers.${name}]`, `url = ${quoted(url)}`, `bearer_token_secret_ref = ${quoted(slot)}`, ''].join('\n'),
  oauthConfig: ({ name, url, slot, scopes }) =>
    [
      `[mcp_servers.${name}]`,
      `url = ${quoted(url)}`,
      `oauth_slot_ref = ${quoted(slot)}`,
      `oauth_resource = ${quoted(url)}`,
      `oauth_scopes = [${scopes.map(quoted).join(', ')}]`,
      '',
    ].join('\n'),
  allowTools: { path: '/v1/runtime/permission-mode', body: { mode: 'bypassPermissions' } },
  submission: (content, routeId) => ({
    content,
    provider: routeId,
    source_plugin: 'runproof',
    source_kind: 'smoke',
    actor_id: 'runproof',
  }),
  lazy: 'oauth_requires_scoped_runtime_initialization',
  held: 'still referenced by one or more MCP servers',
  accountKind: { provider: 'mcp_oauth', mode: 'oauth_account' },

  read: {
    snapshot(value) {
      const snapshot = new Document(value, 'runtime').at('mcp')
      const servers = snapshot.at('servers').optional(list => list.list(), [])
      return {
        servers: servers.map(server => ({
          server: server.at('server').text(),
          transport: server.at('transport').text(),
          usesCredentials: server.at('uses_credentials').flag(),
          secretRefs: server.at('credential_secret_refs').optional(texts, []),
          connected: server.at('connected').flag(),
          tools: server.at('tools').optional(texts, []),
          error: server.at('error').optional(text, undefined),
        })),
        toolNames: snapshot.at('tool_names').optional(texts, []),
      }
    },
    account: value => account(new Document(value, 'account')),
    accounts: value => new Document(value, 'accounts').list().map(account),
    accepted: value => new Document(value, 'answer').at('accepted').flag(),
    loginOffer(value) {
      const offer = new Document(value, 'login')
      return {
        authorizationUrl: offer.at('authorization_url').text(),
        redirectUri: offer.at('redirect_uri').text(),
        slot: offer.at('slot_id').text(),
      }
    },
    problem: value => new Document(value, 'problem').at('detail').text(),
  },
}
