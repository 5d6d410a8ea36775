import { defineCheck, failed, passed } from '../../model/check.ts'
import { bufferingOn } from '../../nginx/breaks.ts'
import { edgeConfiguration } from '../../suite/edge-configuration.ts'
import { edgeLab } from '../../suite/edge-lab.ts'
import { passStreams, type StreamPassages } from '../../suite/edge-streams.ts'
import { otherwise } from './edge-agreement.ts'

/** A stream that is held back answers 200 and stays open, as a healthy one does: only the time its events take tells. */
export const edgeBuffering = defineCheck<StreamPassages>({
  id: 'edge-buffering',
  needs: ['local-nginx'],
  title: 'Events come through the proxy when they are sent, as they do without it, by every version of HTTP',

  probe: context => passStreams(context, context.values.get(edgeConfiguration), context.values.get(edgeLab)),

  judge({ direct, through }) {
    const streams = through.filter(({ isStream }) => isStream)
    const told = through.map(({ path, http, claimed, seen: { status, buffering, firstEventMs } }) => {
      const { verdict, maxLagMs, spreadRatio } = buffering
      return { path, http, status, claimed, verdict, maxLagMs, spreadRatio, firstEventMs }
    })
    const { verdict, maxLagMs } = direct.buffering
    const actual = { direct: { verdict, maxLagMs, firstEventMs: direct.firstEventMs }, through: told }
    if (streams.length === 0) return failed('not one stream was opened', { actual })
    if (verdict !== 'passes')
      return failed(`without a proxy, too, events do not come as they are sent: ${direct.buffering.why}`, { actual })
    for (const { path, http, isStream, claimed, seen } of through) {
      const { status, buffering } = seen
      const what = `${path} by ${http}`
      if (isStream && status !== 200) return failed(`the proxy answers ${status} to ${what}`, { actual })
      // What is no stream of the daemon's may be refused.
      if (status !== 200) continue
      if (isStream && buffering.verdict !== 'passes')
        return failed(`the proxy holds events of ${what} back, and they come at once without it: ${buffering.why}`, {
          actual,
        })
      if (claimed !== 'unknown' && buffering.verdict !== claimed)
        return failed(`by the configuration ${what} ${SAID[claimed]}, and in truth it is not: ${buffering.why}`, {
          actual,
        })
    }
    return passed({ actual })
  },

  counterproofs: [
    {
      id: 'buffering-unopened',
      breaks: 'no stream was opened',
      because: /not one stream/,
      observation: observed => ({ ...observed, through: [] }),
    },
    {
      id: 'buffering-held',
      breaks: 'the events of one stream came together at the end',
      because: /holds events of .* back/,
      observation: observed => ({
        ...observed,
        through: observed.through.map((one, index) =>
          index === 0
            ? { ...one, seen: { ...one.seen, buffering: { verdict: 'buffered', confidence: 'sure', why: 'together' } } }
            : one,
        ),
      }),
    },
    {
      id: 'buffering-refused',
      breaks: 'one stream is refused',
      because: /the proxy answers 403 to/,
      observation: observed => ({
        ...observed,
        through: observed.through.map((one, index) =>
          index === 0 ? { ...one, seen: { ...one.seen, status: 403 } } : one,
        ),
      }),
    },
    {
      id: 'buffering-slow-upstream',
      breaks: 'events are late without a proxy, so that nothing is known of it',
      because: /without a proxy, too/,
      observation: observed => ({
        ...observed,
        direct: { status: 200, buffering: { verdict: 'buffered', confidence: 'sure', why: 'together' } },
      }),
    },
    {
      id: 'buffering-unlike',
      breaks: 'streams pass that were said to be held back, or the other way round',
      because: /by the configuration .* and in truth it is not/,
      observation: observed => ({
        ...observed,
        through: observed.through.map(one => ({ ...one, claimed: one.claimed === 'passes' ? 'buffered' : 'passes' })),
      }),
    },
    otherwise('buffering-on', bufferingOn, /holds events of .* back/),
  ],
})

const SAID = { passes: 'is passed on at once', buffered: 'is held back' }
