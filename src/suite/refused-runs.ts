import type { CheckContext } from '../model/check.ts'
import type { RunDetail } from '../model/runs-api.ts'
import { ask, jsonOf } from './ask.ts'
import { activeRoute, freshMarker, promptFor, runEnded } from './probe-run.ts'
import { providerRequests, withoutProvider } from './provider.ts'

/** What became of a run that nobody should do: refused when it was submitted, or ended. */
export interface Attempted {
  /** Code of the refusal; undefined when it was accepted. */
  readonly refusedAs: string | undefined
  readonly run: RunDetail | undefined
  readonly marker: string
  /** How often the provider was asked for it; zero where it keeps no log for us. */
  readonly providerRequests: number
}

/**
 * Submits a run to a session, whatever comes of it.
 *
 * @param routeId - default: the route a run takes when none is named
 * @throws RunproofError TIMEOUT, ANSWER_MALFORMED
 */
export async function attemptRun(
  context: CheckContext,
  sessionId: string,
  timeoutMs: number,
  routeId?: string,
): Promise<Attempted> {
  const { paths, read, submission } = context.target.runs
  const requests = async () => (withoutProvider(context) === undefined ? (await providerRequests(context)).length : 0)
  const before = await requests()
  const marker = freshMarker()
  const route = routeId ?? (await activeRoute(context)).id
  const path = paths.submit(sessionId)
  const answer = await ask(context, path, { body: submission(promptFor(marker), route) })
  const document = jsonOf(path, answer.text)
  if (answer.status !== 202) {
    const { code } = read.problem(document)
    return { refusedAs: code, run: undefined, marker, providerRequests: (await requests()) - before }
  }
  const run = await runEnded(context, read.run(document).id, timeoutMs)
  return { refusedAs: undefined, run, marker, providerRequests: (await requests()) - before }
}
