import { withBrokenDaemon } from '../../daemon/break.ts'
import { type Check, type CheckContext, defineCheck, failed, type Judgement, passed } from '../../model/check.ts'
import { openSession } from '../../suite/probe-run.ts'
import { type Attempted, attemptRun } from '../../suite/refused-runs.ts'
import { slotRevocation, subjectRevocation } from '../../suite/revocations.ts'

const RUN_MS = 15_000
/** A daemon may look at revocations when a run is submitted, or when it takes its credential. */
const REFUSED_EARLY = 'route_not_ready'

/** A run that needs what was revoked is refused, in words that say so, and the provider hears nothing of it. */
export function refusesRun(
  check: Pick<Check<unknown>, 'id' | 'title'> & {
    readonly sessionOf: (context: CheckContext) => string
    /** Default: the route a run takes when none is named. */
    readonly routeOf?: (context: CheckContext) => string
    readonly says: RegExp
  },
): Check<Attempted> {
  const { id, title, sessionOf, routeOf, says } = check
  return defineCheck<Attempted>({
    id,
    title,
    async probe(context) {
      const sessionId = sessionOf(context)
      await openSession(context, sessionId)
      return attemptRun(context, sessionId, RUN_MS, routeOf?.(context))
    },
    judge: observed => judgeRefused(observed, says),
    counterproofs: [
      {
        id: `${id}-answered`,
        breaks: 'the run is answered',
        because: /the run ended completed/,
        observation: observed => ({
          ...observed,
          refusedAs: undefined,
          run: { ...observed.run!, status: 'completed', error: undefined },
        }),
      },
      {
        id: `${id}-asked`,
        breaks: 'the provider is asked all the same',
        because: /provider was asked/,
        observation: observed => ({ ...observed, providerRequests: 1 }),
      },
      {
        id: `${id}-otherwise`,
        breaks: 'the run fails for a reason of its own',
        because: /for another reason/,
        observation: observed => ({
          ...observed,
          refusedAs: undefined,
          run: { ...observed.run!, error: 'the model is not in the mood' },
        }),
      },
      {
        id: `${id}-unrevoked`,
        breaks: 'the same is asked of another daemon, on which nothing was revoked',
        because: /the run ended completed/,
        cost: { instances: 1 },
        subject: (context, scope) => withBrokenDaemon(context, scope, {}),
      },
    ],
  })
}

function judgeRefused({ refusedAs, run, providerRequests }: Attempted, says: RegExp): Judgement {
  if (refusedAs === undefined && run?.status !== 'failed') return failed(`the run ended ${run?.status}`)
  if (providerRequests > 0) return failed('the provider was asked', { expected: 0, actual: providerRequests })
  if (refusedAs !== undefined)
    return refusedAs === REFUSED_EARLY
      ? passed({ actual: refusedAs })
      : failed('the run was refused for another reason', { expected: REFUSED_EARLY, actual: refusedAs })
  return says.test(run?.error ?? '')
    ? passed({ actual: run!.error! })
    : failed('the run failed for another reason', { expected: String(says), actual: run?.error ?? null })
}

export const revokedAgentRefused = refusesRun({
  id: 'revoked-agent-refused',
  title: 'An agent that was revoked gets no credential for a run',
  sessionOf: ({ values }) => values.get(subjectRevocation).sessionId,
  says: /credential subject .* has been revoked/,
})

/** How a daemon says so of a slot. */
export const SLOT_REVOKED = /auth slot .* has been revoked/

export const revokedSlotRefused = refusesRun({
  id: 'revoked-slot-refused',
  title: 'A slot that was revoked gives its credential to nobody, although the daemon calls its route ready',
  sessionOf: ({ values }) => values.get(slotRevocation).sessionId,
  says: SLOT_REVOKED,
})
