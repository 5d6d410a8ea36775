import { defineCheck, failed, passed } from '../../model/check.ts'
import { smallBodies } from '../../nginx/breaks.ts'
import { type BodyLimit, tryBodyLimits } from '../../suite/edge-bodies.ts'
import { edgeConfiguration } from '../../suite/edge-configuration.ts'
import { edgeLab } from '../../suite/edge-lab.ts'
import { otherwise } from './edge-agreement.ts'

/** Attachments arrive whole up to the limit, and nothing larger does. */
export const edgeBodies = defineCheck<readonly BodyLimit[]>({
  id: 'edge-bodies',
  needs: ['local-nginx'],
  title: 'A body as large as the configuration allows arrives whole, and one byte more is refused with 413',

  probe: context => tryBodyLimits(context, context.values.get(edgeConfiguration), context.values.get(edgeLab)),

  judge(limits) {
    const actual = limits.map(({ path, claimedBytes = null, tried }) => ({ path, claimedBytes, tried: tried ?? null }))
    if (!limits.some(({ tried }) => tried !== undefined)) return failed('there is no limit that was tried', { actual })
    for (const { path, claimedBytes, tried } of limits) {
      if (tried === undefined) continue
      const { at, aboveStatus } = tried
      if (at.status !== 200) return failed(`${path} with ${claimedBytes} bytes answered ${at.status}`, { actual })
      if (at.arrivedBytes !== claimedBytes)
        return failed(`${path}: of ${claimedBytes} bytes ${at.arrivedBytes} arrived`, { actual })
      if (aboveStatus !== 413)
        return failed(`${path} with more than ${claimedBytes} bytes answered ${aboveStatus}`, { actual })
    }
    return passed({ actual })
  },

  counterproofs: [
    {
      id: 'bodies-untried',
      breaks: 'no limit was tried',
      because: /no limit that was tried/,
      observation: () => [],
    },
    {
      id: 'bodies-short',
      breaks: 'a byte of the body was lost',
      because: /of \d+ bytes \d+ arrived/,
      observation: observed =>
        observed.map(one =>
          one.tried === undefined
            ? one
            : { ...one, tried: { ...one.tried, at: { ...one.tried.at, arrivedBytes: one.claimedBytes! - 1 } } },
        ),
    },
    {
      id: 'bodies-let-in',
      breaks: 'a larger body is let in',
      because: /with more than \d+ bytes answered 200/,
      observation: observed =>
        observed.map(one => (one.tried === undefined ? one : { ...one, tried: { ...one.tried, aboveStatus: 200 } })),
    },
    otherwise('bodies-small', smallBodies, /answered 413/),
  ],
})
