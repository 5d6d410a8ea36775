import { changed, defineCheck, failed, passed, type SubjectCounterproof } from '../../model/check.ts'
import { disagreements, sayDisagreement } from '../../nginx/agreement.ts'
import {
  authorizationCleared,
  type ConfigBreak,
  notRedirected,
  oldHttp,
  originKept,
  otherPath,
  readableByAll,
} from '../../nginx/breaks.ts'
import { edgeConfiguration, runnable } from '../../suite/edge-configuration.ts'
import { edgeLab, startEdgeLab } from '../../suite/edge-lab.ts'
import { type Asked, askEdge } from '../../suite/edge-requests.ts'
import { breaks } from './nginx-rules.ts'

const MOST_TOLD = 20

/** What was said of a configuration is what a real nginx does with it: else the judgement of its rules is worth nothing. */
export const edgeAgreement = defineCheck<Asked>({
  id: 'edge-agreement',
  needs: ['local-nginx'],
  title: 'A real nginx does with each request what its configuration was read to say',

  probe: context => askEdge(context, context.values.get(edgeConfiguration), context.values.get(edgeLab)),

  judge({ told, uncertain }) {
    if (told.length === 0) return failed('not one request was asked', { actual: [...uncertain] })
    const found = disagreements(told)
    const actual = {
      requests: told.length,
      things: told.reduce((sum, { claimed }) => sum + Object.keys(claimed).length, 0),
      uncertain: [...uncertain],
      disagreements: found.slice(0, MOST_TOLD).map(sayDisagreement),
    }
    if (found[0] === undefined) return passed({ actual })
    const more = found.length === 1 ? '' : `, and ${found.length - 1} more`
    return failed(`${sayDisagreement(found[0])}${more}`, { actual })
  },

  counterproofs: [
    {
      id: 'agreement-unasked',
      breaks: 'no request was asked',
      because: /not one request/,
      observation: observed => ({ ...observed, told: [] }),
    },
    {
      id: 'agreement-header-lost',
      breaks: 'a header that was to arrive did not',
      because: /authorization at the daemon is Bearer of-the-client by the configuration, and absent in truth/,
      observation: observed => ({
        ...observed,
        told: observed.told.map(one => ({ ...one, seen: { ...one.seen, 'authorization at the daemon': 'absent' } })),
      }),
    },
    {
      id: 'agreement-unsaid',
      breaks: 'the configuration was read to say nothing of a header that comes',
      because: /x-of-the-daemon to the client is absent by the configuration, and yes in truth/,
      observation: observed => ({
        ...observed,
        told: observed.told.map(({ claimed: { 'x-of-the-daemon to the client': _, ...claimed }, ...one }) => ({
          ...one,
          claimed,
        })),
      }),
    },
    otherwise('agreement-authorization', authorizationCleared, /authorization at the daemon is .* absent in truth/),
    otherwise('agreement-old-http', oldHttp, /HTTP to the daemon is 1\.1 .* 1\.0 in truth/),
    otherwise('agreement-readable', readableByAll, /access-control-allow-origin to the client is .*\* in truth/),
    otherwise('agreement-origin', originKept, /origin at the daemon is absent .* https:/),
    otherwise('agreement-path', otherPath, /path is .* \/elsewhere/),
    otherwise('agreement-redirect', notRedirected, /status is 30\d .* 404 in truth/),
  ],
})

/** nginx runs another configuration than the one that is judged. */
export function otherwise(id: string, how: ConfigBreak, because: RegExp): SubjectCounterproof {
  return {
    id,
    breaks: `nginx runs another configuration than the one that was read: ${how.breaks}`,
    because,
    unavailable: context =>
      breaks(context, how) ? undefined : 'the configuration says nothing of the kind that could be changed',
    async subject(context, scope) {
      const scratch = context.values.get(edgeLab).scratch
      const { configuration } = context.values.get(edgeConfiguration)
      const lab = await startEdgeLab(context, scope, scratch, runnable(how.apply(configuration)))
      return changed(context, { values: context.values.with(edgeLab, lab) })
    },
  }
}
