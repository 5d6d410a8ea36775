import { isolated } from '../../daemon/subjects.ts'
import type { LedgerRecord } from '../../ledger/record.ts'
import { recordFaults } from '../../ledger/verify.ts'
import { type CheckContext, defineCheck, failed, passed } from '../../model/check.ts'
import { askFor } from '../../suite/ask.ts'
import { PROVIDER } from '../../suite/own-recipe.ts'
import { activeRoute, subjectRun } from '../../suite/probe-run.ts'
import { withoutProvider } from '../../suite/provider.ts'
import { altered, readRecords, withoutRun } from './read-records.ts'

const KIND = 'model_provider'

interface Records {
  readonly runId: string
  readonly records: readonly LedgerRecord[]
  /** Where its calls may have gone, as records name it: the one origin, or a beginning for each provider there is a route to. */
  readonly targets: readonly string[]
}

/** What a run did outside is on record, request and answer, in a chain whose hashes and signatures hold by our own reading. */
export const actionsSigned = defineCheck<Records>({
  id: 'actions-signed',
  title: 'The run’s external actions are signed: hashes, chain and Ed25519 signatures hold by our own reading',
  covers: ['7.3/22', '7.3/23', '7.3/24', '9.A/15'],

  untested: withoutRun,

  async probe(context) {
    const { runId } = context.values.get(subjectRun)!
    return { runId, records: await readRecords(context, runId), targets: await modelTargets(context) }
  },

  judge({ runId, records, targets }) {
    const [first] = records
    if (first === undefined) return failed('there is not one record')
    const faults = recordFaults(runId, records, first.key_id)
    if (faults.length > 0) return failed(faults.slice(0, 3).join('; '), { actual: { faults: faults.length } })
    const stray = records.find(record => record['run_id'] !== runId)
    if (stray !== undefined)
      return failed('a record belongs to another run', { expected: runId, actual: stray['run_id'] })
    const calls = records.filter(record => record['kind'] === KIND)
    for (const phase of ['request', 'response']) {
      if (!calls.some(record => record.phase === phase)) return failed(`no ${phase} to the model is on record`)
    }
    const elsewhere = calls.find(({ target }) => !targets.some(one => matches(String(target), one)))
    if (elsewhere !== undefined)
      return failed('a call went somewhere else', { expected: [...targets], actual: elsewhere['target'] })
    return passed({ actual: { records: records.length, key: first.key_id } })
  },

  counterproofs: [
    {
      id: 'no-record',
      breaks: 'there is no record',
      because: /not one record/,
      observation: observed => ({ ...observed, records: [] }),
    },
    {
      id: 'other-target',
      breaks: 'the provider was expected elsewhere',
      because: /somewhere else/,
      observation: observed => ({ ...observed, targets: ['other:https://elsewhere.invalid'] }),
    },
    altered('record-altered', 'a record says another time', /does not match its hash/, records =>
      records.map((record, index) => (index === 0 ? { ...record, timestamp_ms: record.timestamp_ms + 1 } : record)),
    ),
    altered('record-left-out', 'the first record is left out', /does not follow/, records => records.slice(1)),
    altered('records-swapped', 'two records change places', /does not follow/, ([one, two, ...rest]) => [
      two!,
      one!,
      ...rest,
    ]),
    altered(
      'signature-altered',
      'one digit of a signature is another one',
      /signature does not hold/,
      ([one, ...rest]) => [
        { ...one!, signature: `${one!.signature.startsWith('0') ? '1' : '0'}${one!.signature.slice(1)}` },
        ...rest,
      ],
    ),
    altered('no-response', 'only what went out is given', /no response/, records =>
      records.filter(({ phase }) => phase === 'request'),
    ),
  ],
})

async function modelTargets(context: CheckContext): Promise<readonly string[]> {
  const { actionTarget, paths, read } = context.target.runs
  if (withoutProvider(context) === undefined) {
    const port = context.values.get(isolated).instance.place.tunnels[PROVIDER]
    return [actionTarget((await activeRoute(context)).provider, `http://127.0.0.1:${port}`)]
  }
  const url = context.params['provider-url']
  if (url !== undefined) return [actionTarget((await activeRoute(context)).provider, new URL(url).origin)]
  const { routes } = await askFor(context, paths.runtime, read.runtime)
  return routes.map(({ provider }) => actionTarget(provider, ''))
}

/** One that ends in nothing but its separator is a beginning. */
function matches(target: string, expected: string): boolean {
  return expected.endsWith(':') ? target.startsWith(expected) : target === expected
}
