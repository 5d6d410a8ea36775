import { baseline } from '../../drill/subjects.ts'
import { defineCheck, failed, passed } from '../../model/check.ts'

interface Observed {
  readonly online: boolean
  readonly auditKey: boolean
  readonly counts: {
    readonly secrets: number
    readonly sessions: number
    readonly runs: number
    readonly chains: number
  }
}

/** What is known of a source of whom nobody knows how much it holds: its audit key, and where it ran its secrets. */
export const factsKnown = defineCheck<Observed>({
  id: 'facts',
  title: 'The baseline knows the audit key and the stored records, as far as they can be known',

  async probe({ values }) {
    const { online, auditKeyId, slots, sessions, runs, ledgerHeads } = values.get(baseline)
    return {
      online,
      auditKey: auditKeyId !== null,
      counts: { secrets: slots.length, sessions: sessions.length, runs: runs.length, chains: ledgerHeads.length },
    }
  },

  judge({ online, auditKey, counts }) {
    const actual = { online, auditKey, ...counts }
    if (!auditKey)
      return failed('there is no audit signing key: is this the state root of a daemon that has run?', { actual })
    return online && counts.secrets === 0
      ? failed('the running source says that it stores no secret, not even a route’s', { actual })
      : passed({ actual })
  },

  counterproofs: [
    {
      id: 'no-audit-key',
      breaks: 'the audit key is unknown',
      because: /audit signing key/,
      observation: observed => ({ ...observed, auditKey: false }),
    },
    {
      id: 'no-secrets',
      breaks: 'a running source lists no secret',
      because: /no secret/,
      observation: observed => ({ ...observed, online: true, counts: { ...observed.counts, secrets: 0 } }),
    },
  ],
})
