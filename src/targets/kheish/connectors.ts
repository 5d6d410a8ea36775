import type { ConnectorsApi } from '../../model/connectors-api.ts'
import { Document } from './document.ts'

const ROUTE = 'demo'
const ROUTES_KEY = 'WEBHOOK_ROUTES_JSON'
const GENERATION_KEY = 'RUNPROOF_GENERATION'

/** External connectors of the daemon, and the webhook process that is one. */
export const connectors: ConnectorsApi = {
  kind: 'external',
  paths: {
    connector: name => `/v1/runtime/connectors/external/${encodeURIComponent(name)}`,
    health: '/health',
  },
  makesSession: (name, sessionId) => sessionId.startsWith(`external:${name}:`),
  webhook: ({ command, args, port, sharedSlot, routesSlot, generation }) => ({
    platform: 'webhook',
    mode: 'child_process',
    base_url: `http://127.0.0.1:${port}`,
    shared_token: { secret_ref: sharedSlot },
    include_self_output: true,
    session_policy: { create_if_missing: true },
    child_process: {
      command,
      args,
      env: { [GENERATION_KEY]: generation },
      credential_slots: { [ROUTES_KEY]: routesSlot },
    },
  }),
  // The event that we send is not among the allowed ones, so that no run is made of it.
  routes: secret =>
    JSON.stringify({
      [ROUTE]: {
        secret,
        prompt_template: '{payload_json}',
        session_mode: 'per_delivery',
        allowed_events: ['runproof-accepted'],
      },
    }),
  request: (delivery, signature) => ({
    path: `/webhooks/${ROUTE}`,
    headers: {
      'content-type': 'application/json',
      'x-github-delivery': delivery,
      'x-github-event': 'ignored',
      'x-hub-signature-256': `sha256=${signature}`,
    },
  }),
  ignored: 'ignored',
  invalidSignature: 'invalid signature',

  read: {
    connector(value) {
      const view = new Document(value, 'connector')
      return {
        name: view.at('name').text(),
        // Left out when empty; that is documented, not a default of ours.
        credentialKeys: view
          .at('child_process')
          .at('credential_env_keys')
          .optional(keys => keys.list().map(key => key.text()), []),
        text: JSON.stringify(value),
      }
    },
    health: value => ({ status: new Document(value, 'health').at('status').text() }),
    verdict(value) {
      const verdict = new Document(value, 'webhook')
      return verdict.at('error').optional(
        error => error.text(),
        verdict.at('status').optional(status => status.text(), ''),
      )
    },
  },
}
