import {
  type AnyCheck,
  defineCheck,
  type NonEmpty,
  type ObservationCounterproof,
  type SubjectCounterproof,
} from '../../model/check.ts'
import type { Params } from '../../model/runbook.ts'
import type { StatusSignals } from '../../model/signals.ts'
import type { Sample } from '../../slo/sample.ts'
import { SIGNALS } from '../../slo/signals.ts'
import { type Edits, withEditedStatus } from '../daemon/edited-status.ts'
import { judgeObserved, type Observed, observe } from './slo-sampling.ts'

type Change = (observed: Observed) => Observed

/** One signal of the table as a check of its name: green below the level that fails, with the level in `actual`. */
export function signalCheck(
  id: string,
  covers: readonly string[],
  counterproofs: NonEmpty<ObservationCounterproof<Observed> | SubjectCounterproof>,
): AnyCheck {
  const signal = SIGNALS.find(one => one.id === id)!
  return defineCheck<Observed>({
    id,
    title: `${signal.title} is below the level that fails`,
    covers,
    ...(signal.source === 'audit' || signal.source === 'disk' ? { needs: ['host-files'] as const } : {}),
    probe: context => observe(context, signal),
    judge: observed => judgeObserved(signal, observed),
    counterproofs,
  })
}

export const onStatus =
  (change: (status: StatusSignals) => Partial<StatusSignals>) =>
  (sample: Sample): Sample =>
    'facts' in sample.status
      ? { ...sample, status: { facts: { ...sample.status.facts, ...change(sample.status.facts) } } }
      : sample

/** The first sample, changed, so many times in a row. */
export function inARow(times: number, apartMs: number, change: (sample: Sample) => Sample): Change {
  return observed => {
    const first = change(observed.samples[0])
    const beganMs = Date.parse(first.at)
    const later = Array.from({ length: times - 1 }, (_, index) => ({
      ...first,
      at: new Date(beganMs + (index + 1) * apartMs).toISOString(),
    }))
    return { ...observed, samples: [first, ...later] }
  }
}

export const once = (change: (sample: Sample) => Sample): Change => inARow(1, 0, change)

export const pages = (breaks: string, change: Change): ObservationCounterproof<Observed> => ({
  id: 'page',
  breaks,
  because: /^page: /,
  observation: change,
})

/** The samples are bad enough for a warning, and a warning is what fails. */
export const warns = (breaks: string, change: Change): ObservationCounterproof<Observed> => ({
  id: 'warn',
  breaks: `${breaks}, and a warning fails`,
  because: /^warn: /,
  observation: observed => ({ ...change(observed), failOn: 'warn' }),
})

/** The daemon itself says it. */
export const told = (breaks: string, edits: Edits, params: Params = {}): SubjectCounterproof => ({
  id: 'told',
  breaks: `the status says that ${breaks}${params['fail-on'] === 'warn' ? ', and a warning fails' : ''}`,
  because: params['fail-on'] === 'warn' ? /^warn: / : /^page: /,
  subject: (context, scope) => withEditedStatus(context, scope, edits, params),
})

export const WARNING_FAILS: Params = { 'fail-on': 'warn' }

/** A status that does not fit together is no verdict, neither good nor bad. */
export const contradicts = (breaks: string, edits: Edits): SubjectCounterproof => ({
  id: 'contradiction',
  breaks,
  expects: 'ANSWER_MALFORMED',
  subject: (context, scope) => withEditedStatus(context, scope, edits),
})
