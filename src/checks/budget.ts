import { parseDuration } from '../drill/duration.ts'
import { defineCheck, failed, passed } from '../model/check.ts'

interface Observed {
  readonly actualMs: number
  readonly budgetMs: number
}

/** The recovery took no longer than it may. Counterproofs are not counted. */
export const rtoWithinBudget = defineCheck<Observed>({
  id: 'rto-budget',
  title: 'The recovery took no longer than its budget',
  probe: async ({ timeline, params }) => ({ actualMs: timeline.totalMs, budgetMs: parseDuration(params['rto']!) }),
  judge: within('recovering took'),
  counterproofs: [
    {
      id: 'overrun',
      breaks: 'it took a second longer than the budget',
      observation: ({ budgetMs }) => ({ budgetMs, actualMs: budgetMs + 1_000 }),
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
      : failed(`${what} ${Math.round(actualMs)} ms, ${budgetMs} ms are allowed`, details)
  }
}
