import { setTimeout as delay } from 'node:timers/promises'
import { client, type Ran } from '../daemon/client.ts'
import { daemon, isolated } from '../daemon/subjects.ts'
import type { CheckContext, Json } from '../model/check.ts'
import type { Diagnosis } from '../model/target.ts'

/**
 * Runs the daemon's own doctor. On an idle daemon it waits for the first heartbeat of a stream, about ten seconds. On a
 * stand-in of our own something harmless happens meanwhile; any other daemon is given the time.
 */
export function diagnose(context: CheckContext, words: readonly string[]): Promise<Ran<Diagnosis>> {
  return diagnoseAs(context, words, context.target.read.diagnosis)
}

/** The same, read in another way. */
export async function diagnoseAs<View>(
  context: CheckContext,
  words: readonly string[],
  read: (document: Json) => View,
): Promise<Ran<View>> {
  const diagnosing = client(context, words, read)
  if (context.target.real || context.values.get(daemon).reached === 'running') {
    const began = context.tools.clock.monotonicMs()
    const ran = await diagnosing
    context.waited('first heartbeat of an idle stream', context.tools.clock.monotonicMs() - began)
    return ran
  }
  const controller = new AbortController()
  const stirring = stir(context, controller.signal)
  try {
    return await diagnosing
  } finally {
    controller.abort()
    await stirring
  }
}

/** Publishes an event now and then until told to stop: setting the debug level to what it is changes nothing else. */
async function stir(context: CheckContext, signal: AbortSignal): Promise<void> {
  const { instance, adminToken } = context.values.get(isolated)
  const { path, body } = context.target.http.refusedMutation
  while (!signal.aborted) {
    await instance.request(path, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json' },
      bearer: adminToken,
    })
    // Ended early by the abort, which is no error here.
    await delay(100, undefined, { signal }).catch(() => {})
  }
}
