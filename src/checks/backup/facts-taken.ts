import { baseline } from '../../drill/subjects.ts'
import { defineCheck, failed, passed } from '../../model/check.ts'

/** The facts say something about every part that a restore will be held against. */
export const factsTaken = defineCheck<Record<string, number>>({
  id: 'facts',
  title: 'The baseline knows secrets, sessions, finished runs and signed history',

  async probe({ values }) {
    const facts = values.get(baseline)
    return {
      secrets: facts.slots.length,
      sessions: facts.sessions.length,
      runs: facts.runs.length,
      chains: facts.ledgerHeads.length,
      auditKey: facts.auditKeyId === null ? 0 : 1,
    }
  },

  judge(counts) {
    const empty = Object.entries(counts)
      .filter(([, count]) => count === 0)
      .map(([name]) => name)
    return empty.length === 0
      ? passed({ actual: counts })
      : failed(`nothing known of: ${empty.join(', ')}`, { actual: counts })
  },

  counterproofs: [
    { id: 'no-runs', breaks: 'no run is known', because: /runs/, observation: counts => ({ ...counts, runs: 0 }) },
    {
      id: 'no-audit-key',
      breaks: 'the audit key is unknown',
      because: /auditKey/,
      observation: counts => ({ ...counts, auditKey: 0 }),
    },
  ],
})
