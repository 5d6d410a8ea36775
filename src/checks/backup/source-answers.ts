import { deployment, live, statusBefore } from '../../drill/backup-subjects.ts'
import { liveStatus, sameRoot } from '../../drill/hold-source.ts'
import { changed, defineCheck, failed, passed, type SubjectCounterproof } from '../../model/check.ts'
import type { StatusView } from '../../model/target.ts'

type Answer = Pick<StatusView, 'stateRoot' | 'storageOk' | 'healthOk' | 'runsTotal' | 'sessionsTotal'>

interface Observed {
  readonly answer: Answer
  readonly sameRoot: boolean
}

/** The daemon that answers is the one whose state root is about to be archived; another one's would be the wrong backup. */
export const sourceAnswers = defineCheck<Observed>({
  id: 'source-answers',
  title: 'The source answers, can write its storage, and works on the state root that is to be archived',

  async probe(context) {
    const answer = pick(await liveStatus(context, context.values.get(live)))
    return { answer, sameRoot: await sameRoot(context, answer.stateRoot, context.values.get(deployment).stateRoot) }
  },

  judge: observed => wrong(observed) ?? passed({ actual: { ...observed.answer } }),

  counterproofs: [
    {
      id: 'other-root',
      breaks: 'the daemon that answers works on another state root',
      because: /works on/,
      observation: observed => ({ ...observed, sameRoot: false }),
    },
    {
      id: 'storage-broken',
      breaks: 'a write probe of the source failed',
      because: /storage/,
      observation: observed => ({ ...observed, answer: { ...observed.answer, storageOk: false } }),
    },
    nobodyAnswers(),
  ],
})

/** The source is back, with no less than it held and no less healthy than it was. */
export const sourceBack = defineCheck<Observed & { readonly before: Answer }>({
  id: 'source-back',
  title: 'The source serves again, with the sessions, runs and health it had',

  async probe(context) {
    const answer = pick(await liveStatus(context, context.values.get(live)))
    return {
      answer,
      sameRoot: await sameRoot(context, answer.stateRoot, context.values.get(deployment).stateRoot),
      before: pick(context.values.get(statusBefore)),
    }
  },

  judge(observed) {
    const { answer, before } = observed
    const details = { expected: { ...before }, actual: { ...answer } }
    if (before.healthOk && !answer.healthOk) return failed('the source was healthy and is not any more', details)
    if (answer.runsTotal < before.runsTotal || answer.sessionsTotal < before.sessionsTotal)
      return failed('the source has fewer sessions or runs than before', details)
    return wrong(observed) ?? passed(details)
  },

  counterproofs: [
    {
      id: 'unhealthy',
      breaks: 'it was healthy and came back ill',
      because: /not any more/,
      observation: observed => ({
        ...observed,
        before: { ...observed.before, healthOk: true },
        answer: { ...observed.answer, healthOk: false },
      }),
    },
    {
      id: 'run-lost',
      breaks: 'a run is gone',
      because: /fewer/,
      observation: observed => ({
        ...observed,
        answer: { ...observed.answer, runsTotal: observed.before.runsTotal - 1 },
      }),
    },
    nobodyAnswers(),
  ],
})

function wrong({ answer, sameRoot: same }: Observed) {
  if (!same) return failed(`the daemon that answers works on ${answer.stateRoot}, which is not what is archived`)
  return answer.storageOk ? undefined : failed('the source can’t write its storage', { actual: { ...answer } })
}

function pick({ stateRoot, storageOk, healthOk, runsTotal, sessionsTotal }: StatusView): Answer {
  return { stateRoot, storageOk, healthOk, runsTotal, sessionsTotal }
}

/** The source itself is not touched: somebody else is asked. */
function nobodyAnswers(): SubjectCounterproof {
  return {
    id: 'nobody-answers',
    breaks: 'the question goes to a listener that hangs up',
    expects: 'COMMAND_FAILED',
    subject: async (context, scope) => {
      const beacon = scope.use(await context.tools.interposer.beacon())
      const source = { ...context.values.get(live), baseUrl: `http://${beacon.host}:${beacon.port}` }
      return changed(context, { values: context.values.with(live, source) })
    },
  }
}
