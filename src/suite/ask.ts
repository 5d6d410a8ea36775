import { daemon } from '../daemon/subjects.ts'
import type { CheckContext, Json } from '../model/check.ts'
import type { Answer } from '../model/http.ts'
import { jsonAnswer, parseJson } from '../model/json-answer.ts'
import type { Secret } from '../model/secret.ts'

export interface Asking {
  /** Default: what the daemon's operator would show. `none` shows nothing. */
  readonly bearer?: Secret | 'none'
  /** Makes it a POST. */
  readonly body?: Json
  /** Default GET, or POST with a body. */
  readonly method?: string
}

/** Asks the daemon, whatever it answers. Reads are asked with the weaker token, everything else with the admin token. */
export function ask(context: CheckContext, path: string, { bearer, body, method }: Asking = {}): Promise<Answer> {
  const { instance, adminToken, readonlyToken } = context.values.get(daemon)
  const verb = method ?? (body === undefined ? 'GET' : 'POST')
  const shown = bearer ?? (verb === 'GET' ? (readonlyToken ?? adminToken) : adminToken)
  return instance.request(path, {
    method: verb,
    timeoutMs: Math.min(context.deadlineMs, 10_000),
    signal: context.signal,
    ...(shown === undefined || shown === 'none' ? {} : { bearer: shown }),
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  })
}

/**
 * Asks for a document.
 *
 * @throws RunproofError ANSWER_MALFORMED for another status than 200, and for what is no such document
 */
export async function askFor<View>(
  context: CheckContext,
  path: string,
  read: (document: Json) => View,
  asking?: Asking,
): Promise<View> {
  return read(jsonAnswer(path, await ask(context, path, asking)))
}

/** @throws RunproofError ANSWER_MALFORMED */
export function jsonOf(path: string, text: string): Json {
  return parseJson(text, `${path} answered`)
}
