import { daemon, isolated } from '../daemon/subjects.ts'
import type { CheckContext, Json } from '../model/check.ts'
import { RunproofError } from '../model/error.ts'
import { jsonOf } from './ask.ts'
import { PROVIDER } from './own-recipe.ts'

/** One request that reached the model provider beside the daemon. */
export interface ProviderRequest {
  readonly atMs: number
  /** It showed the credential that the provider was told to expect. */
  readonly authorized: boolean
  /** What the provider was told to call the key that was shown. */
  readonly key: string | undefined
  readonly model: string | undefined
  readonly status: number | undefined
  /** SHA-256, hex, of what was asked and answered, as compact JSON with sorted keys. */
  readonly requestSha256: string | undefined
  readonly responseSha256: string | undefined
}

/** Why there is no provider of the suite's own to look into, or undefined where one stands beside the daemon. */
export function withoutProvider({ values }: CheckContext): string | undefined {
  const asked = values.get(daemon)
  const beside = asked.reached === 'isolated' && values.get(isolated).recipe.tunnels?.includes(PROVIDER) === true
  return beside ? undefined : 'the model provider is not the suite’s own, and keeps no log for it'
}

/** Every request that the provider beside the daemon has seen, in the order they came. @throws RunproofError ANSWER_MALFORMED */
export async function providerRequests(context: CheckContext): Promise<readonly ProviderRequest[]> {
  const path = '/__control/requests'
  const answer = await context.values.get(isolated).instance.through(PROVIDER).request(path)
  const { requests } = jsonOf(path, answer.text) as { requests?: Json }
  if (answer.status !== 200 || !Array.isArray(requests))
    throw new RunproofError('ANSWER_MALFORMED', `${path} of the provider answered ${answer.status} and no list`)
  return requests.map(toRequest)
}

/** Changes how the provider beside the daemon behaves. @throws RunproofError ANSWER_MALFORMED */
export async function switchProvider(context: CheckContext, switches: Json): Promise<void> {
  const path = '/__control'
  const answer = await context.values
    .get(isolated)
    .instance.through(PROVIDER)
    .request(path, { method: 'POST', body: JSON.stringify(switches), headers: { 'content-type': 'application/json' } })
  if (answer.status !== 200)
    throw new RunproofError('ANSWER_MALFORMED', `${path} of the provider answered ${answer.status}`)
}

/** Lets the requests go that it was told to hold. @throws RunproofError ANSWER_MALFORMED */
export async function releaseProvider(context: CheckContext): Promise<void> {
  const path = '/__control/release'
  const answer = await context.values.get(isolated).instance.through(PROVIDER).request(path, { method: 'POST' })
  if (answer.status !== 200)
    throw new RunproofError('ANSWER_MALFORMED', `${path} of the provider answered ${answer.status}`)
}

/** Asks the provider itself for an answer, showing nothing. */
export async function askProvider(context: CheckContext): Promise<void> {
  await context.values
    .get(isolated)
    .instance.through(PROVIDER)
    .request('/v1/responses', { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } })
}

function toRequest(value: Json): ProviderRequest {
  const request = value as { readonly [name: string]: unknown }
  const { at_ms, authorized, key, model, status, request_sha256, response_sha256 } = request
  if (typeof at_ms !== 'number' || typeof authorized !== 'boolean')
    throw new RunproofError('ANSWER_MALFORMED', 'the provider lists a request without a time or a verdict on its key')
  const text = (member: unknown) => (typeof member === 'string' ? member : undefined)
  return {
    atMs: at_ms,
    authorized,
    key: text(key),
    model: text(model),
    status: typeof status === 'number' ? status : undefined,
    requestSha256: text(request_sha256),
    responseSha256: text(response_sha256),
  }
}
