import { withProxy } from '../../daemon/break.ts'
import { type Ran, refused } from '../../daemon/client.ts'
import { defineCheck, failed, passed } from '../../model/check.ts'
import type { RunDetail } from '../../model/runs-api.ts'
import type { SlotView } from '../../model/target.ts'
import { askFor } from '../../suite/ask.ts'
import { recovery } from '../../suite/recovery.ts'

interface Observed {
  readonly set: Ran<SlotView>
  readonly run: RunDetail
  readonly marker: string
}

/** Setting a slot again lifts the block that its revocation left; runs are done with the new value. */
export const slotRecovered = defineCheck<Observed>({
  id: 'slot-recovered',
  title: 'Once the revoked slot is set again, a run is answered, with the new credential',

  async probe(context) {
    const { set, run } = context.values.get(recovery)
    const { paths, read } = context.target.runs
    return { set, run: await askFor(context, paths.run(run.runId), read.run), marker: run.marker }
  },

  judge({ set, run, marker }) {
    if (set.exitCode !== 0 || set.view === undefined) return refused('secrets set', set)
    if (run.status !== 'completed')
      return failed(`the run ended ${run.status}`, { expected: 'completed', actual: run.error ?? run.status })
    return run.outputs.some(output => output.includes(marker))
      ? passed({ actual: { slot: set.view.id, status: run.status } })
      : failed('no output holds the marker of the prompt', { expected: marker, actual: [...run.outputs] })
  },

  counterproofs: [
    {
      id: 'still-blocked',
      breaks: 'the run fails, as it did before',
      because: /the run ended failed/,
      observation: observed => ({ ...observed, run: { ...observed.run, status: 'failed' } }),
    },
    {
      id: 'answered-otherwise',
      breaks: 'the output is another one',
      because: /no output holds/,
      subject: (context, scope) => {
        const { marker } = context.values.get(recovery).run
        return withProxy(context, scope, { rewriteBody: (_, text) => text.replaceAll(marker, 'something else') })
      },
    },
  ],
})
