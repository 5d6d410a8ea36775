import { sinceMs } from '../../incident/params.ts'
import { containment } from '../../incident/scenarios/leaked-token.ts'
import { countRefusals, type RefusalsByAddress } from '../../incident/scenarios/refusals.ts'
import { type CheckContext, defineCheck, failed, passed } from '../../model/check.ts'
import { withChangedFiles } from '../../suite/host-file.ts'

interface Counted {
  readonly counted: RefusalsByAddress
  /** Refusals that the containment itself caused: at least so many have to be there. */
  readonly ours: number
}

/** The audit log counts refusals, and our own are among them: a log of another daemon would not have them. */
export const refusalsCounted = defineCheck<Counted>({
  id: 'refusals-counted',
  title: 'Refused requests are counted by the address they came from, and those of the containment are among them',
  needs: ['host-files'],

  async probe(context) {
    return {
      counted: await countRefusals(context, sinceMs(context)),
      ours: context.values.get(containment).refusals,
    }
  },

  judge({ counted, ours }) {
    const actual = { ...counted.byAddress }
    if (counted.rows < ours)
      return failed(`the audit log has ${counted.rows} refusals, and the containment alone caused ${ours}`, { actual })
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
      id: 'log-of-another',
      breaks: 'the log is empty, as that of another daemon would be',
      because: /the containment alone caused/,
      subject: (context: CheckContext) => {
        const { auditLog } = context.target.signals
        return withChangedFiles(context, [auditLog], `: > ${auditLog}`)
      },
    },
  ],
})
