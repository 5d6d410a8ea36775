import { defineCheck, failed, type Json, passed } from '../../model/check.ts'
import { probeRun } from '../../suite/probe-run.ts'
import { providerRequests, withoutProvider } from '../../suite/provider.ts'
import { altered, readRecords, withoutRun } from './read-records.ts'

interface Digests {
  readonly recorded: { readonly requests: readonly string[]; readonly responses: readonly string[] }
  readonly seen: { readonly requests: readonly string[]; readonly responses: readonly string[] }
}

/** The digests on record are those of what the provider received and answered, made by another program. */
export const actionDigests = defineCheck<Digests>({
  id: 'action-digests',
  title: 'The recorded digests are those of what the provider received and answered',

  untested: context => withoutRun(context) ?? withoutProvider(context),

  async probe(context) {
    const { runId, providerRequestsBefore } = context.values.get(probeRun)
    const records = await readRecords(context, runId)
    // What it was asked before, for somebody else, is no request of this run.
    const requests = (await providerRequests(context)).slice(providerRequestsBefore)
    const texts = (values: readonly (Json | undefined)[]) => values.filter(value => typeof value === 'string')
    return {
      recorded: {
        requests: texts(records.filter(({ phase }) => phase === 'request').map(record => record['request_digest'])),
        responses: texts(records.filter(({ phase }) => phase === 'response').map(record => record['response_digest'])),
      },
      seen: {
        requests: texts(requests.map(one => one.requestSha256)),
        responses: texts(requests.map(one => one.responseSha256)),
      },
    }
  },

  judge({ recorded, seen }) {
    for (const side of ['requests', 'responses'] as const) {
      if (recorded[side].length === 0) return failed(`no digest of ${side} is on record`)
      const unknown = recorded[side].find(digest => !seen[side].includes(digest))
      if (unknown !== undefined)
        return failed(`the provider saw no ${side} with a digest on record`, {
          expected: [...seen[side]],
          actual: unknown,
        })
    }
    return passed({ actual: { requests: recorded.requests.length, responses: recorded.responses.length } })
  },

  counterproofs: [
    {
      id: 'nothing-digested',
      breaks: 'no digest is on record',
      because: /no digest of requests/,
      observation: observed => ({ ...observed, recorded: { requests: [], responses: [] } }),
    },
    altered('digest-altered', 'a digest on record is another one', /saw no requests/, records =>
      records.map(record =>
        record['request_digest'] === undefined ? record : { ...record, request_digest: '0'.repeat(64) },
      ),
    ),
  ],
})
