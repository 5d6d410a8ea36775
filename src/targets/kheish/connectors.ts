import type { Json } from '../../model/check.ts'
import type { ConnectorsApi, RestartingConfiguration, Signing } from '../../model/connectors-api.ts'
import { RunproofError } from '../../model/error.ts'
import { Document } from './document.ts'

const ROUTE = 'demo'
const ROUTES_KEY = 'WEBHOOK_ROUTES_JSON'
const GENERATION_KEY = 'RUNPROOF_GENERATION'

const OUR_EVENT = 'ignored'
const OWN: Pick<Signing, 'route' | 'eventHeader' | 'signatureHeader'> = {
  route: ROUTE,
  eventHeader: 'x-github-event',
  signatureHeader: 'x-hub-signature-256',
}

const text = (document: Document) => document.text()

/** Lists of names are left out when empty, and with them a process that is none; that is documented, not a default of ours. */
function namesIn(view: Document, member: string): readonly string[] {
  const list = (process: Document) => process.at(member).optional(keys => keys.list().map(text), [])
  return view.at('child_process').optional(list, [])
}

type Table = { readonly [name: string]: Json | undefined }

const isTable = (value: Json | undefined): value is Table =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function signings(value: string): readonly Signing[] {
  let routes: Json
  try {
    routes = JSON.parse(value)
  } catch {
    return []
  }
  if (!isTable(routes)) return []
  return Object.entries(routes).flatMap(([route, table]) => {
    if (!isTable(table) || typeof table['secret'] !== 'string' || table['secret'].trim() === '') return []
    // What is written so takes any signature, as one without a secret does.
    if (table['secret'] === 'INSECURE_NO_AUTH') return []
    const { signature_header, event_header, allowed_events } = table
    const secret = table['secret']
    const allowed = Array.isArray(allowed_events) ? allowed_events : []
    return [
      {
        route,
        secret,
        signatureHeader: typeof signature_header === 'string' ? signature_header : OWN.signatureHeader,
        eventHeader: typeof event_header === 'string' ? event_header : OWN.eventHeader,
        takesNoneOfOurs: allowed.length > 0 && !allowed.includes(OUR_EVENT),
      },
    ]
  })
}

function restarting(configuration: Json, generation: string): RestartingConfiguration {
  const refuse = (why: string): never => {
    throw new RunproofError('PARAM_INVALID', `the configuration of the connector ${why}`, {
      hint: 'the whole configuration, as it is put: the daemon shows neither values nor slots of it',
    })
  }
  if (!isTable(configuration)) return refuse('is no JSON object')
  const { child_process: process, shared_token: token } = configuration
  if (!isTable(process)) return refuse('has no child_process')
  if (isTable(token) && token['value'] !== undefined)
    return refuse('has the value of its shared_token in it: name its slot, {"secret_ref": …}')
  const env = isTable(process['env']) ? process['env'] : {}
  const slots = isTable(process['credential_slots']) ? process['credential_slots'] : {}
  return {
    configuration: {
      ...configuration,
      child_process: { ...process, env: { ...env, [GENERATION_KEY]: generation } },
    },
    slots: Object.values(slots).filter(slot => typeof slot === 'string'),
    envKeys: Object.keys(env).sort(),
    credentialKeys: Object.keys(slots).sort(),
  }
}

/** External connectors of the daemon, and the webhook process that is one. */
export const connectors: ConnectorsApi = {
  kind: 'external',
  paths: {
    connector: name => `/v1/runtime/connectors/external/${encodeURIComponent(name)}`,
    events: name => `/v1/connectors/external/${encodeURIComponent(name)}/events/batch`,
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
  request: (delivery, signature, { route, eventHeader, signatureHeader } = OWN) => ({
    path: `/webhooks/${encodeURIComponent(route)}`,
    headers: {
      'content-type': 'application/json',
      'x-github-delivery': delivery,
      [eventHeader]: OUR_EVENT,
      [signatureHeader]: `sha256=${signature}`,
    },
  }),
  signings,
  marker: GENERATION_KEY,
  noEvents: { protocol_version: 2, events: [] },
  restarting,
  ignored: 'ignored',
  invalidSignature: 'invalid signature',

  read: {
    connector(value) {
      const view = new Document(value, 'connector')
      return {
        name: view.at('name').text(),
        changeable: view.at('source').oneOf(['daemon', 'file']) === 'daemon',
        ownProcess: view.at('mode').text() === 'child_process',
        baseUrl: view.at('base_url').text(),
        sharedSlot: view
          .at('shared_token')
          .optional(token => token.at('secret_ref').optional(text, undefined), undefined),
        envKeys: namesIn(view, 'env_keys'),
        credentialKeys: namesIn(view, 'credential_env_keys'),
        text: JSON.stringify(value),
      }
    },
    health(value) {
      const health = new Document(value, 'health')
      return { status: health.at('status').text(), instanceId: health.at('instance_id').text() }
    },
    verdict(value) {
      const verdict = new Document(value, 'webhook')
      return verdict.at('error').optional(
        error => error.text(),
        verdict.at('status').optional(status => status.text(), ''),
      )
    },
  },
}
