import { sinceMs } from '../../incident/params.ts'
import { containment } from '../../incident/scenarios/leaked-token.ts'
import { countRefusals, type RefusalsByAddress, refusalsSince } from '../../incident/scenarios/refusals.ts'
import { type CheckContext, defineCheck, failed, passed } from '../../model/check.ts'
import { withChangedFiles } from '../../suite/host-file.ts'

interface Counted {
  readonly counted: RefusalsByAddress
  /** Since the first request of the containment. */
  readonly fresh: number
  /** Refusals that the containment itself caused: at least so many have to be among those. */
  readonly ours: number
}

/** The audit log counts refusals, and our own are among them: a log of another daemon would not have them. */
export const refusalsCounted = defineCheck<Counted>({
  id: 'refusals-counted',
  title: 'Refused requests are counted by the address they came from, and those of the containment are among them',
  needs: ['host-files'],

  // After a break nothing may have been left to refuse.
  untested: ({ values }) =>
    values.get(containment).refusals === 0
      ? 'the containment was refused nothing since the break, and nothing else tells the log of this daemon from another one'
      : undefined,

  async probe(context) {
    return {
      counted: await countRefusals(context, sinceMs(context)),
      fresh: await refusalsSince(context, context.values.get(containment).fromMs),
      ours: context.values.get(containment).refusals,
    }
  },

  judge({ counted, fresh, ours }) {
    const actual = { ...counted.byAddress }
    if (fresh < ours)
      return failed(`the audit log has ${fresh} refusals since the containment began, which alone caused ${ours}`, {
        actual,
      })
    const sum = Object.values(counted.byAddress).reduce((all, one) => all + one, 0)
    if (sum !== counted.rows) return failed(`${counted.rows} refusals, ${sum} of them with an address`, { actual })
    return passed({ actual })
  },

  counterproofs: [
    {
      id: 'some-lost',
      breaks: 'an address is left out',
      because: /of them with an address/,
      observation: seen => ({ ...seen, counted: { ...seen.counted, byAddress: {} } }),
    },
    {
      id: 'only-older-ones',
      breaks: 'all refusals are older than the containment',
      because: /alone caused/,
      observation: seen => ({ ...seen, fresh: 0 }),
    },
    {
      id: 'log-of-another',
      breaks: 'the log is empty, as that of another daemon would be',
      because: /has 0 refusals since .* alone caused/,
      subject: (context: CheckContext) => {
        const { auditLog } = context.target.signals
        return withChangedFiles(context, [auditLog], `: > ${auditLog}`)
      },
    },
  ],
})
