import { recoveryPoint } from '../../drill/subjects.ts'
import { defineCheck, failed, passed } from '../../model/check.ts'
import { parseDuration } from '../../model/duration.ts'
import { durationText } from '../../model/duration-text.ts'

interface Observed {
  readonly actualMs: number
  readonly budgetMs: number
}

/** The recovery took no longer than it may. Counterproofs are not counted. */
export const rtoWithinBudget = defineCheck<Observed>({
  id: 'rto-budget',
  title: 'The recovery took no longer than its budget',
  probe: async ({ timeline, params }) => ({ actualMs: timeline.totalMs, budgetMs: parseDuration(params.rto!) }),
  judge: within('recovering took'),
  counterproofs: [
    {
      id: 'overrun',
      breaks: 'it took a minute longer than the budget',
      because: /are allowed/,
      observation: ({ budgetMs }) => ({ budgetMs, actualMs: budgetMs + 60_000 }),
    },
    {
      id: 'nothing-measured',
      breaks: 'no phase was measured',
      because: /nothing was measured/,
      observation: observed => ({ ...observed, actualMs: 0 }),
    },
  ],
})

function within(what: string) {
  return ({ actualMs, budgetMs }: Observed) => {
    const details = { expected: { atMostMs: budgetMs }, actual: { ms: Math.round(actualMs) } }
    if (!(actualMs > 0)) return failed('nothing was measured', details)
    return actualMs <= budgetMs
      ? passed(details)
      : failed(`${what} ${durationText(actualMs)}, ${durationText(budgetMs)} are allowed`, details)
  }
}

/** The newest surviving record is no older than it may be. */
export const rpoWithinBudget = defineCheck<Observed>({
  id: 'rpo-budget',
  title: 'No more data is lost than the budget allows',
  probe: async ({ values, params }) => ({
    actualMs: values.get(recoveryPoint).rpoMs,
    budgetMs: parseDuration(params['rpo']!),
  }),
  judge: observed =>
    observed.actualMs < 0
      ? failed('the newest record is from the future: the clocks disagree, so its age says nothing', {
          actual: { ms: Math.round(observed.actualMs) },
        })
      : within('the newest surviving record is older by')(observed),
  counterproofs: [
    {
      id: 'too-old',
      breaks: 'the newest record is a minute older than the budget',
      because: /are allowed/,
      observation: ({ budgetMs }) => ({ budgetMs, actualMs: budgetMs + 60_000 }),
    },
    {
      id: 'from-the-future',
      breaks: 'the newest record is a second ahead of this clock',
      because: /from the future/,
      observation: observed => ({ ...observed, actualMs: -1_000 }),
    },
  ],
})
