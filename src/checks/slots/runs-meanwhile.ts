import { withProxy } from '../../daemon/break.ts'
import { defineCheck, failed, passed } from '../../model/check.ts'
import type { RunSeen } from '../../rotation/slots/meanwhile.ts'
import { keySet } from '../../rotation/slots/route-key.ts'
import { askFor } from '../../suite/ask.ts'

/** A run beside the replacement, as the daemon tells it now. */
interface Beside extends RunSeen {
  readonly status: string | undefined
  readonly error: string | undefined
  readonly answered: boolean
}

interface Seen {
  readonly beganMs: number
  readonly endedMs: number
  readonly runs: readonly Beside[]
}

/** By contract a lease is looked at right before use: a run that had taken its own before may find it dead then. */
const LET_GO = /credential lease .* (is not active|was not found)/

/** Whoever submits runs while a key is replaced loses none but those that held a lease on the old key at that moment. */
export const runsWentOn = defineCheck<Seen>({
  id: 'runs-went-on',
  title: 'Runs submitted before and after the key was set are answered; one in between may only lose its lease',

  untested: ({ values }) =>
    values.get(keySet).meanwhile === undefined ? 'no runs were submitted while the key was set' : undefined,

  async probe(context) {
    const { beganMs, endedMs, runs } = context.values.get(keySet).meanwhile!
    const { paths, read } = context.target.runs
    const told = await Promise.all(
      runs.map(async one => {
        const run = one.id === undefined ? undefined : await askFor(context, paths.run(one.id), read.run)
        const answered = run?.outputs.some(output => output.includes(one.marker)) ?? false
        return { ...one, status: run?.status, error: run?.error, answered }
      }),
    )
    return { beganMs, endedMs, runs: told }
  },

  judge({ beganMs, endedMs, runs }) {
    const before = runs.filter(run => run.endedMs <= beganMs)
    const after = runs.filter(run => run.submittedMs >= endedMs)
    const between = runs.filter(run => !before.includes(run) && !after.includes(run))
    const letGo = between.filter(run => !isAnswered(run) && LET_GO.test(run.error ?? ''))
    const actual = { before: before.length, between: between.length, letGo: letGo.length, after: after.length }
    if (before.length === 0 || between.length === 0 || after.length === 0)
      return failed('no run was submitted before, or none in between, or none after', { actual })
    for (const [when, some] of [
      ['before the key was set', before],
      ['after the key was set', after],
      ['while the key was set', between.filter(run => !letGo.includes(run))],
    ] as const) {
      const lost = some.find(run => !isAnswered(run))
      if (lost !== undefined)
        return failed(`a run ${when} ended ${lost.status ?? 'refused'}: ${lost.error ?? lost.refused ?? 'no answer'}`, {
          actual,
        })
    }
    return passed({ actual })
  },

  counterproofs: [
    {
      id: 'nobody-submitted',
      breaks: 'no run was under way while the key was set',
      because: /no run was submitted/,
      observation: ({ beganMs, endedMs, runs }) => ({
        beganMs,
        endedMs,
        runs: runs.filter(run => run.endedMs <= beganMs || run.submittedMs >= endedMs),
      }),
    },
    {
      id: 'lost-in-between',
      breaks: 'a run in between failed for another reason than its lease',
      because: /while the key was set ended failed: the slot is empty/,
      observation: ({ beganMs, endedMs, runs }) => ({
        beganMs,
        endedMs,
        runs: runs.map(run =>
          run.endedMs <= beganMs || run.submittedMs >= endedMs
            ? run
            : { ...run, status: 'failed', answered: false, error: 'the slot is empty' },
        ),
      }),
    },
    {
      id: 'lease-lost-afterwards',
      breaks: 'a run that was submitted afterwards lost its lease',
      because: /after the key was set ended failed/,
      observation: ({ beganMs, endedMs, runs }) => ({
        beganMs,
        endedMs,
        runs: runs.map(run =>
          run.submittedMs < endedMs
            ? run
            : { ...run, status: 'failed', answered: false, error: 'credential lease `x` is not active' },
        ),
      }),
    },
    {
      id: 'told-as-failed',
      breaks: 'the daemon tells of each of these runs that it failed',
      because: /ended failed/,
      subject: (context, scope) =>
        withProxy(context, scope, {
          rewriteBody: (_, text) => text.replaceAll('"status":"completed"', '"status":"failed"'),
        }),
    },
  ],
})

const isAnswered = ({ status, answered }: Beside) => status === 'completed' && answered
